"""Push delivery: identical bytes to each agency, in order, at least once, until a signed receipt settles them.

One task per agency, so that a slow or dead one delays nobody else. Any number of processes may run this: the
route row says who pushes, and who does not have it does not ask. What this process queues is pushed at once
(`Bell`); what another commits is that one's to push, and is found within `LOOK_SECONDS` where it does not. A process
that ends waits a moment for answers that are on their way, then gives its routes back.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Engine, or_, select

from gateway.adapters.background import report_failure
from gateway.adapters.bell import Bell, heard_within
from gateway.adapters.claims import Claims
from gateway.adapters.desk import SqlDesk
from gateway.adapters.outbox import Claim, give_up
from gateway.adapters.receipts import ReceiptDesk
from gateway.adapters.routes import (
    HELD_FOR,
    begin_route,
    claim_route,
    free_route,
    hold_route,
    release_routes,
    rest_route,
)
from gateway.adapters.rows import fetch
from gateway.adapters.tables import AGENCIES, DELIVERY_ROUTES, MESSAGES
from gateway.domain.agency import AgencyStatus
from shared.kernel.backoff import backoff
from shared.kernel.clock import Clock, to_wire
from shared.kernel.encoding import sha256_b64url
from shared.kernel.errors import MeshError, PeerUnavailable
from shared.kernel.identifiers import IdFactory
from shared.sop.model import Sop
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger
from shared.telemetry.tracing import Telemetry
from shared.transport.peer import Peer
from shared.transport.webhooks import Webhooks, deliver
from shared.wire.delivery import ReceiptsV1

LOOK_SECONDS = 0.5
#: Whoever is woken waits this long for company: one look serves all that is queued in between.
GATHER_SECONDS = 0.02
FIRST_WAIT = 1.0
LONGEST_WAIT = 600.0
#: How long a process that ends waits for agencies that are about to answer.
LAST_ANSWERS = 1.0
PATH = "/mesh/deliveries"

_log = get_logger("delivery")


class Dispatcher:
    """Looks for waiting messages and pushes them, one task per agency that has any."""

    def __init__(
        self,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        claims: Claims,
        receipts: ReceiptDesk,
        clock: Clock,
        ids: IdFactory,
        sop: Sop,
        telemetry: Telemetry,
        bell: Bell,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._claims = claims
        self._receipts = receipts
        self._clock = clock
        self._holder = ids.new()
        self._sop = sop
        self._pushing: dict[str, asyncio.Task[None]] = {}
        self._ending = False
        self._peers: dict[str, Peer] = {}
        self._telemetry = telemetry
        self._bell = bell

    async def run(self) -> None:
        """Push until cancelled."""
        try:
            with self._bell.listening() as heard:
                while True:
                    heard.clear()
                    await self._look()
                    await asyncio.sleep(GATHER_SECONDS)
                    await heard_within(heard, LOOK_SECONDS)
        finally:
            await self.close()

    async def _look(self) -> None:
        try:
            found = await asyncio.to_thread(self._with_waiting)
        except MeshError as fault:
            with self._telemetry.span("delivery.look"):
                _log.warning("delivery.look-failed", code=fault.code)
            return
        for row in found:
            self.begin(row, self.push_all)

    def begin(self, route: dict[str, Any], work: Callable[[dict[str, Any]], Coroutine[Any, Any, None]]) -> None:
        """Have a task of its own serve an agency, unless one does already."""
        agency_id = route["id"]
        task = self._pushing.get(agency_id)
        if task is None or task.done():
            task = asyncio.create_task(work(route), name=f"push-{agency_id}")
            task.add_done_callback(report_failure)
            self._pushing[agency_id] = task

    @property
    def ending(self) -> bool:
        """Say whether nothing more is to be begun."""
        return self._ending

    def _with_waiting(self) -> list[dict[str, Any]]:
        """Return the agencies to which something may leave now, as far as one look can tell."""
        now = to_wire(self._clock.now())
        routes = DELIVERY_ROUTES.c
        waits = select(MESSAGES.c.message_id).where(
            MESSAGES.c.recipient == AGENCIES.c.id,
            MESSAGES.c.settled_at.is_(None),
            or_(MESSAGES.c.due_at.is_(None), MESSAGES.c.due_at <= now),
        )
        statement = (
            select(AGENCIES.c.id, AGENCIES.c.base_url, AGENCIES.c.webhook_secret)
            .select_from(AGENCIES.outerjoin(DELIVERY_ROUTES, routes.agency_id == AGENCIES.c.id))
            .where(
                AGENCIES.c.base_url.is_not(None),
                AGENCIES.c.status == AgencyStatus.ACTIVE.value,
                or_(routes.retry_at.is_(None), routes.retry_at <= now),
                or_(routes.holder.is_(None), routes.holder == self._holder, routes.held_until <= now),
                waits.exists(),
            )
        )
        with read(self._engine) as connection:
            return fetch(connection, statement)

    async def push_all(self, route: dict[str, Any]) -> None:
        """Push to one agency until nothing may leave now, or the route rests."""
        agency_id = route["id"]
        with self._telemetry.span("delivery.agency", {"mesh.agency": agency_id}):
            try:
                while not self._ending and (claimed := await self._claim(agency_id)).items:
                    if not await self._push(route, claimed):
                        return
            except MeshError as fault:
                _log.warning("delivery.failed", agency=agency_id, code=fault.code)

    async def _claim(self, agency_id: str) -> Claim:
        take = partial(claim_route, agency_id=agency_id, holder=self._holder)
        claimed = await self._claims.submit(take, prefetch=[(AGENCIES, agency_id)])
        if claimed is None:
            await self._writer.submit(partial(begin_route, agency_id=agency_id))
            claimed = await self._claims.submit(take) or Claim(())
        if claimed.spent:
            await self._writer.submit(partial(give_up, message_ids=claimed.spent, sop=self._sop))
        return claimed

    async def _push(self, route: dict[str, Any], claimed: Claim) -> bool:
        facts = {"mesh.agency": route["id"], "messaging.batch.message_count": len(claimed.items)}
        with self._telemetry.span("delivery.push", facts, traceparent=claimed.traceparent):
            return await self._deliver(route, claimed)

    async def _deliver(self, route: dict[str, Any], claimed: Claim) -> bool:
        agency_id = route["id"]
        try:
            async with self._holding(agency_id):
                tokens = await self._post(route, claimed)
        except MeshError as fault:
            wait = partial(backoff, first=FIRST_WAIT, longest=LONGEST_WAIT)
            await self._claims.submit(partial(rest_route, agency_id=agency_id, holder=self._holder, wait=wait))
            _log.info("delivery.unanswered", agency=agency_id, code=fault.code, count=len(claimed.items))
            return False
        about = {item["message_id"]: item["referral_id"] for item in claimed.items if item["referral_id"]}
        settled = set(await self._receipts.settle_valid(agency_id, tokens, about=about))
        unsettled = [item for item in claimed.items if item["message_id"] not in settled]
        waits = {
            item["message_id"]: backoff(item["attempt"], first=FIRST_WAIT, longest=LONGEST_WAIT) for item in unsettled
        }
        await self._claims.submit(partial(free_route, agency_id=agency_id, holder=self._holder, waits=waits))
        return True

    @asynccontextmanager
    async def _holding(self, agency_id: str) -> AsyncIterator[None]:
        """Keep the route for however long the agency takes."""
        keeping = asyncio.create_task(self._keep(agency_id), name=f"hold-{agency_id}")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep(self, agency_id: str) -> None:
        while True:
            await asyncio.sleep(HELD_FOR.total_seconds() / 3)
            await self._claims.submit(partial(hold_route, agency_id=agency_id, holder=self._holder))

    async def _post(self, route: dict[str, Any], claimed: Claim) -> Sequence[str]:
        body = json.dumps({"items": claimed.items}, ensure_ascii=False, separators=(",", ":")).encode()
        reply = await deliver(
            self._peer(route["base_url"]),
            PATH,
            body,
            webhooks=Webhooks((route["webhook_secret"],)),
            webhook_id=_webhook_id(claimed),
            at=self._clock.now(),
        )
        try:
            return ReceiptsV1.model_validate(reply.document()).receipts
        except ValidationError as fault:
            raise PeerUnavailable("peer.answer", "The agency did not answer with receipts.") from fault

    def _peer(self, base_url: str) -> Peer:
        peer = self._peers.get(base_url)
        if peer is None:
            peer = self._peers[base_url] = Peer(base_url)
        return peer

    async def close(self) -> None:
        """Let go of every agency: what was posted may still be answered, and nothing more is begun."""
        self._ending = True
        if self._pushing:
            await asyncio.wait(self._pushing.values(), timeout=LAST_ANSWERS)
        for task in self._pushing.values():
            task.cancel()
        await asyncio.gather(*self._pushing.values(), return_exceptions=True)
        for peer in self._peers.values():
            await peer.close()
        await self._claims.submit(partial(release_routes, holder=self._holder))
        self._bell.ring()  # whoever else pushes may have them at once


def _webhook_id(claimed: Claim) -> str:
    """Return the id of a delivery: the same for as long as the same messages are tried again because nobody answered.

    Messages that were answered without a receipt come under another: who has seen an id may pass it over.
    """
    tried = [f"{item['message_id']}/{item['attempt'] - claimed.failures}" for item in claimed.items]
    return sha256_b64url("|".join(tried).encode())
