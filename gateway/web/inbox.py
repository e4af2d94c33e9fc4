"""Pull delivery for agencies behind a firewall: the same items as in a push, receipts posted back."""

import asyncio
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import Claim, claim
from gateway.adapters.receipts import ReceiptDesk
from shared.storage.group_commit import GroupWriter
from shared.web.body import json_body
from shared.web.listing import read_cursor, write_cursor
from shared.web.security import Principal, require
from shared.wire.delivery import InboxV1, ReceiptsV1, SettledV1

Handler = Annotated[Principal, require("referrals.handle")]
LONGEST_WAIT = 30
_LOOK_SECONDS = 0.25


class Inbox:
    """What waits for an agency that polls."""

    def __init__(self, *, writer: GroupWriter[SqlDesk]) -> None:
        self._writer = writer

    async def read(self, agency_id: str, *, after: int | None, limit: int, wait_seconds: int) -> Claim:
        """Return what may leave now; wait for it up to `wait_seconds` when there is nothing."""
        until = time.monotonic() + wait_seconds
        while True:
            claimed = await self._writer.submit(partial(claim, agency_id=agency_id, after=after, limit=limit))
            if claimed.items or time.monotonic() + _LOOK_SECONDS > until:
                return claimed
            await asyncio.sleep(_LOOK_SECONDS)


def inbox_router(inbox: Inbox, receipts: ReceiptDesk) -> APIRouter:
    """Make the routes of pull delivery."""
    router = APIRouter(tags=["delivery"])

    @router.get("/v1/inbox", summary="Fetch what waits for your agency")
    async def read_inbox(
        caller: Handler,
        after: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,512}$")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 100,
        wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the first item.")] = 0,
    ) -> InboxV1:
        claimed = await inbox.read(caller.subject, after=_position(after), limit=limit, wait_seconds=wait)
        last = claimed.items[-1]["seq"] if claimed.items else None
        return InboxV1.model_validate({"items": claimed.items, "next": after if last is None else write_cursor(last)})

    @router.post("/v1/inbox/receipts", summary="Settle what was fetched")
    async def post_receipts(caller: Handler, given: Annotated[ReceiptsV1, json_body(ReceiptsV1)]) -> SettledV1:
        return SettledV1(settled=tuple(await receipts.settle_all(caller.subject, given.receipts)))

    return router


def _position(after: str | None) -> int | None:
    if after is None:
        return None
    (position,) = read_cursor(after)
    return int(position)
