"""Pull delivery for agencies behind a firewall: the same items as in a push, receipts posted back."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.adapters.bell import Bell, heard_within
from gateway.adapters.claims import ClaimDesk, Claims
from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import ITEMS_MOST, Claim, claim, give_up, settled_of
from gateway.adapters.receipts import ReceiptDesk
from gateway.web.guards import require
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.web.body import json_body
from shared.web.listing import Page, read_cursor, write_cursor
from shared.web.security import Principal
from shared.wire.delivery import ClaimedV1, ClaimsV1, InboxV1, ReceiptsV1, SettledV1

Handler = Annotated[Principal, require("referrals.handle")]
LONGEST_WAIT = 30
#: What another process queues is found within this time.
LOOK_SECONDS = 1.0


class Inbox:
    """What waits for an agency that polls."""

    def __init__(self, *, writer: GroupWriter[SqlDesk], claims: Claims, bell: Bell, sop: Sop) -> None:
        self._writer = writer
        self._claims = claims
        self._sop = sop
        self._bell = bell

    async def read(self, agency_id: str, *, after: int | None, limit: int, wait_seconds: int) -> Claim:
        """Return what may leave now; wait up to `wait_seconds` for it, and no longer once the process is to end."""
        take = partial(claim, agency_id=agency_id, after=after, limit=limit, gapless=True)
        until = time.monotonic() + wait_seconds
        with self._bell.listening(agency_id) as heard:
            while True:
                heard.clear()
                claimed = await self._claims.submit(take)
                ended = await self._give_up(claimed.spent)
                left = until - time.monotonic()
                if claimed.items or self._bell.is_still or (left <= 0 and not ended):
                    return claimed
                if not ended:
                    await heard_within(heard, min(left, LOOK_SECONDS))

    async def claim(self, agency_id: str, message_ids: Sequence[str]) -> tuple[Claim, list[str]]:
        """Return what may leave now of messages that an agency took from the broker, and which are settled."""

        def work(desk: ClaimDesk) -> tuple[Claim, list[str]]:
            settled = settled_of(desk, agency_id, message_ids)
            return claim(desk, agency_id, only=frozenset(message_ids)), settled

        claimed, settled = await self._claims.submit(work)
        await self._give_up(claimed.spent)
        return claimed, [*settled, *claimed.spent]

    async def _give_up(self, message_ids: Sequence[str]) -> bool:
        """End what may not leave any more; say whether there was anything."""
        if not message_ids:
            return False
        return await self._writer.submit(partial(give_up, message_ids=message_ids, sop=self._sop))


class InboxRoutes:
    """Pull delivery over HTTP."""

    def __init__(self, inbox: Inbox, receipts: ReceiptDesk) -> None:
        self._inbox = inbox
        self._receipts = receipts

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["delivery"])
        router.get("/v1/inbox", summary="Fetch what waits for your agency")(self.read_inbox)
        router.post("/v1/inbox/claims", summary="Fetch the halves for what was taken from the broker")(self.post_claims)
        router.post("/v1/inbox/receipts", summary="Settle what was fetched")(self.post_receipts)
        return router

    async def read_inbox(
        self,
        caller: Handler,
        after: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,512}$")] = None,
        limit: Annotated[int, Query(ge=1, le=ITEMS_MOST)] = ITEMS_MOST,
        wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the first item.")] = 0,
    ) -> InboxV1:
        """Return what may leave now, oldest first."""
        position = _position(after)
        claimed = await self._inbox.read(caller.subject, after=position, limit=limit, wait_seconds=wait)
        last = claimed.items[-1]["seq"] if claimed.items else None
        return InboxV1.model_validate({"items": claimed.items, "next": after if last is None else write_cursor(last)})

    async def post_claims(self, caller: Handler, given: Annotated[ClaimsV1, json_body(ClaimsV1)]) -> ClaimedV1:
        """Decide about each message as it is about to be opened; its halves are in no other place."""
        claimed, settled = await self._inbox.claim(caller.subject, given.message_ids)
        return ClaimedV1.model_validate({"released": claimed.items, "settled": settled})

    async def post_receipts(self, caller: Handler, given: Annotated[ReceiptsV1, json_body(ReceiptsV1)]) -> SettledV1:
        """Settle each message whose receipt holds."""
        return SettledV1(settled=tuple(await self._receipts.settle_all(caller.subject, given.receipts)))


def _position(after: str | None) -> int | None:
    return None if after is None else Page(ITEMS_MOST, read_cursor(after)).after_int()
