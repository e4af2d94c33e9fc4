"""Deliveries: at least once on the wire, exactly once in effect.

Owns the receipts. Promises that a receipt is given only for what is durably kept (or durably rejected), that the
same message delivered again gets the same receipt and does nothing, and that a message which cannot be judged or kept
now (the sender's keys or the consent cannot be had) gets no receipt, so that it comes again, and with it whatever
follows it of the same referral. Follows wire section 6.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.agency.directory import Directory
from shared.agency.inbound.receiving import Prepared, Receiving, Taken
from shared.agency.outbound.outbox import Outbox
from shared.agency.ports import Desk, Store
from shared.agency.records import Arrival
from shared.agency.scribe import Scribe
from shared.kernel.clock import to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InternalFault, MeshError, PeerUnavailable, TooManyRequests
from shared.kernel.identifiers import GATEWAY
from shared.telemetry.context import continue_trace, enter
from shared.telemetry.logs import get_logger
from shared.wire.delivery import DeliveryItemV1
from shared.wire.messages import parse

_LATER: Final = (PeerUnavailable, TooManyRequests, InternalFault)

_log = get_logger("inbound")


@dataclass(frozen=True, slots=True)
class _Judged:
    """A message that was judged: what it does, or the code it is rejected with."""

    item: DeliveryItemV1
    prepared: Prepared | None
    code: str | None = None


class Deliveries:
    """Takes deliveries and answers with receipts."""

    def __init__(
        self,
        *,
        store: Store,
        scribe: Scribe,
        directory: Directory,
        receiving: Receiving,
        outbox: Outbox,
        goes_on: Callable[[], None],
    ) -> None:
        """Take what it works with; `goes_on` is told when a referral waits to be sent to the next agency."""
        self._store = store
        self._scribe = scribe
        self._directory = directory
        self._receiving = receiving
        self._outbox = outbox
        self._goes_on = goes_on

    async def take(self, items: Sequence[DeliveryItemV1]) -> list[str]:
        """Return a receipt for each message that is settled, in the order of delivery."""
        known = await self._known(items)
        judged = await asyncio.gather(*(self._judge(item) for item in items if item.message_id not in known))
        fresh = {one.item.message_id: one for one in judged if one is not None}
        lanes: dict[str, list[int]] = {}
        for place, item in enumerate(items):
            lanes.setdefault(item.referral_id or item.message_id, []).append(place)
        receipts: list[str | None] = [None] * len(items)
        await asyncio.gather(*(self._settle_lane(items, lane, fresh, receipts) for lane in lanes.values()))
        return [receipt for receipt in receipts if receipt is not None]

    async def _settle_lane(
        self,
        items: Sequence[DeliveryItemV1],
        lane: Sequence[int],
        fresh: Mapping[str, _Judged],
        receipts: list[str | None],
    ) -> None:
        """Settle the messages of one referral in their order, up to the first that has to come again.

        What follows that one comes again with it: taken now, it would be about a referral that is not here yet.
        """
        for place in lane:
            receipts[place] = await self._settle(items[place], fresh.get(items[place].message_id))
            if receipts[place] is None:
                return

    async def _known(self, items: Sequence[DeliveryItemV1]) -> set[str]:
        ids = [item.message_id for item in items]
        return {arrival.message_id for arrival in await self._store.read(lambda r: r.many(Arrival, ids))}

    async def _judge(self, item: DeliveryItemV1) -> _Judged | None:
        """Check one message, in its sender's trace; None when it cannot be judged now."""
        enter(continue_trace(item.traceparent))
        try:
            body = item.body.encode()
            message = parse(item.kind, body)
            await self._directory.check_signature(message.sender, body, item.signature)
            if (message.sender == GATEWAY) is not (item.kind == "notice"):
                return _Judged(item, None, "message.sender")
            return _Judged(item, await self._receiving.prepare(item, message))
        except _LATER as error:
            _log.warning("delivery.later", message_id=item.message_id, kind=item.kind, code=error.code)
            return None
        except MeshError as error:
            _log.warning("delivery.rejected", message_id=item.message_id, kind=item.kind, code=error.code)
            return _Judged(item, None, error.code)

    async def _settle(self, item: DeliveryItemV1, judged: _Judged | None) -> str | None:
        """Keep a message with its receipt, in one unit of work; a message known already only gets its receipt."""
        sha256 = sha256_hex(item.body.encode())

        def work(desk: Desk) -> tuple[str | None, Taken]:
            known = desk.get(Arrival, item.message_id)
            if known is not None:
                return known.receipt if known.sha256 == sha256 else self._reused(item, sha256), Taken()
            if judged is None:
                return None, Taken()
            taken = judged.prepared.apply(desk) if judged.prepared else Taken(judged.code)
            arrival = self._arrival(item, sha256, taken.code)
            desk.add(arrival)
            return arrival.receipt, taken

        expects = [(Arrival, item.message_id), *(judged.prepared.expects if judged and judged.prepared else ())]
        try:
            receipt, taken = await self._store.write(work, expects=expects)
        except MeshError as error:
            _log.warning("delivery.not-kept", message_id=item.message_id, kind=item.kind, code=error.code)
            return None
        self._outbox.announce(taken.letters)
        if taken.goes_on:
            self._goes_on()
        return receipt

    def _arrival(self, item: DeliveryItemV1, sha256: str, code: str | None) -> Arrival:
        at = self._scribe.now()
        return Arrival(
            message_id=item.message_id,
            sha256=sha256,
            result="stored" if code is None else "rejected",
            code=code,
            receipt=self._scribe.receipt(message_id=item.message_id, sha256=sha256, received_at=at, code=code),
            received_at=to_wire(at),
        )

    def _reused(self, item: DeliveryItemV1, sha256: str) -> str:
        """Sign that other bytes came under an id that is known."""
        at = self._scribe.now()
        return self._scribe.receipt(message_id=item.message_id, sha256=sha256, received_at=at, code="message.id-reused")
