"""Delivery through NATS JetStream: the outbox is published, couriers take from the broker and push, decisions take out.

The broker decides nothing. What an agency is served by a courier, the courier takes out of the outbox, in its order
and after its checks, when the broker hands out a number; the text lies in the broker only for agencies that take from
it themselves, without the gateway's halves. A number is acknowledged once the signed receipt is committed.

Promises: while the broker is away messages are admitted and wait; when it comes back, also with nothing in it, all
that waits is published again. What is revoked, ended or for an agency that was disabled is taken out within a tick.
"""

import asyncio
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from gateway.adapters.bell import Bell, heard_within
from gateway.adapters.broker_copies import BrokerCopies, Copy, Look, drop_copies, drop_copies_of, keep_copies
from gateway.adapters.desk import SqlDesk
from gateway.adapters.dispatcher import GATHER_SECONDS, LOOK_SECONDS, Dispatcher
from gateway.adapters.outbox import ITEMS_MOST, end_spent
from shared.kernel.errors import MeshError
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger
from shared.transport.jetstream import Broker, Parcel

#: How long a courier waits at the broker before it looks whether its agency still has anything there.
FETCH_SECONDS = 0.8

_log = get_logger("delivery")


class JetStreamDelivery:
    """Publishes the outbox, and runs a courier for each agency that has messages in the broker."""

    def __init__(
        self,
        broker: Broker,
        copies: BrokerCopies,
        *,
        direct: frozenset[str],
        writer: GroupWriter[SqlDesk],
        dispatcher: Dispatcher,
        sop: Sop,
        bell: Bell,
    ) -> None:
        """Take what it works with; `direct` names the agencies that take from the broker themselves."""
        self._broker = broker
        self._copies = copies
        self._direct = direct
        self._writer = writer
        self._dispatcher = dispatcher
        self._sop = sop
        self._bell = bell
        self._is_away = False

    async def run(self) -> None:
        """Deliver until cancelled."""
        self._broker.start()
        try:
            with self._bell.listening() as heard:
                while True:
                    heard.clear()
                    await self._tick()
                    await asyncio.sleep(GATHER_SECONDS)
                    await heard_within(heard, LOOK_SECONDS)
        finally:
            await self._close()

    async def _tick(self) -> None:
        try:
            stream = await self._broker.stream()
            found = await asyncio.to_thread(self._copies.look, stream)
            await self._take_out(found, stream)
            await self._publish(found.publish, stream)
        except MeshError as fault:
            self._note_away(fault.code)
            return
        self._is_away = False
        for route in found.serve:
            self._dispatcher.begin(route, self._courier)

    def _note_away(self, code: str) -> None:
        """Say once that delivery waits, not at every tick."""
        if not self._is_away:
            _log.warning("delivery.waits-for-broker", code=code)
        self._is_away = True

    async def _take_out(self, found: Look, stream: str) -> None:
        """Take out of the broker what was decided meanwhile."""
        for agency_id in found.shut_off:
            await self._broker.empty(agency_id)
            await self._writer.submit(partial(drop_copies_of, agency_id=agency_id))
        if found.take_out:
            await _all(self._broker.take_out(copy.place) for copy in found.take_out if copy.stream == stream)
            await self._forget([copy.message_id for copy in found.take_out])

    async def _publish(self, rows: Sequence[dict[str, Any]], stream: str) -> None:
        """Publish, and write down what the replicas have; a process that dies in between publishes again."""
        agencies = {row["recipient"] for row in rows}
        stale = {agency_id for agency_id in agencies & self._direct if await self._end_spent(agency_id)}
        rows = [row for row in rows if row["recipient"] not in stale]
        if not rows:
            return
        for agency_id in agencies - stale:
            await self._broker.queue(agency_id)
        places = await _all(self._put(row) for row in rows)
        copies = [
            Copy(row["message_id"], row["recipient"], stream, place) for row, place in zip(rows, places, strict=True)
        ]
        await self._writer.submit(partial(keep_copies, copies=copies))

    async def _end_spent(self, agency_id: str) -> bool:
        """Give up for an agency that takes for itself what a courier would have given up."""
        return await self._writer.submit(partial(end_spent, agency_id=agency_id, sop=self._sop))

    async def _put(self, row: dict[str, Any]) -> int:
        agency_id, message_id = row["recipient"], row["message_id"]
        if agency_id not in self._direct:
            return await self._broker.put(agency_id, message_id, {"Mesh-Message": message_id}, b"")
        facts = {"Mesh-Message": message_id, "Mesh-Item": _item(row)}
        return await self._broker.put(agency_id, message_id, facts, row["body"].encode())

    async def _courier(self, route: dict[str, Any]) -> None:
        """Serve one agency until the broker has nothing for it."""
        agency_id = route["id"]
        try:
            await self._broker.queue(agency_id)
            while not self._dispatcher.ending:
                parcels = await self._broker.fetch(agency_id, most=ITEMS_MOST, wait=FETCH_SECONDS)
                if not parcels:
                    return
                await self._dispatcher.push_all(route)
                await self._settle(agency_id, parcels)
        except MeshError as fault:
            self._note_away(fault.code)

    async def _settle(self, agency_id: str, parcels: Sequence[Parcel]) -> None:
        """Let the broker forget what is settled, and have the rest handed out again when it may leave."""
        ids = [parcel.message_id for parcel in parcels]
        standing = await asyncio.to_thread(self._copies.standing, agency_id, ids)
        done = [parcel for parcel in parcels if parcel.message_id not in standing]
        await _all(parcel.done() for parcel in done)
        await _all(
            parcel.again(after=standing[parcel.message_id]) for parcel in parcels if parcel.message_id in standing
        )
        await self._forget([parcel.message_id for parcel in done])

    async def _forget(self, message_ids: Sequence[str]) -> None:
        if message_ids:
            await self._writer.submit(partial(drop_copies, message_ids=message_ids))

    async def _close(self) -> None:
        await self._dispatcher.close()
        await self._broker.close()


async def _all(work: Any) -> list[Any]:
    return await asyncio.gather(*work)


def _item(row: dict[str, Any]) -> str:
    """Return what stands beside the text of a message; never the gateway's halves."""
    facts = {name: row[name] for name in ("seq", "kind", "signature", "referral_id")}
    return json.dumps({**facts, "traceparent": row["traceparent"] or None})
