"""Deliveries taken from the message broker, for an agency whose line to the gateway is bad.

Sealed messages wait for this agency in the broker, without the gateway's halves. What was taken is claimed at the
gateway, which decides about it then and there, goes the way of every delivery, and is signed for at the gateway.
Promises that the broker may forget a message only when the gateway has committed its receipt, or says that it is not
to be delivered any more; everything else is handed out again later.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final

from shared.agency.inbound.deliveries import Deliveries
from shared.agency.inbound.fetching import fetch_on
from shared.agency.ports import Hub
from shared.kernel.backoff import backoff
from shared.seal.strict_json import read_object
from shared.telemetry.logs import get_logger
from shared.transport.jetstream import Broker, Parcel
from shared.wire.delivery import DeliveryItemV1, ReleasedV1

MOST: Final = 50
WAIT_SECONDS: Final = 2.0
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0

_log = get_logger("inbound")


class Consuming:
    """Takes what waits for this agency in the broker, for as long as it runs."""

    def __init__(self, agency_id: str, *, broker: Broker, hub: Hub, deliveries: Deliveries) -> None:
        self._agency_id = agency_id
        self._broker = broker
        self._hub = hub
        self._deliveries = deliveries
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to take."""
        self._broker.start()
        self._task = asyncio.create_task(fetch_on(self.once, unavailable="broker.unavailable"), name="consuming")

    async def stop(self) -> None:
        """Stop taking. What was taken and not signed for comes again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._broker.close()

    async def once(self) -> None:
        """Take what is there, deliver it, and let the broker forget what is settled. Raises `MeshError`."""
        parcels = await self._broker.fetch(self._agency_id, most=MOST, wait=WAIT_SECONDS)
        settled: Collection[str] = ()
        try:
            settled = await self._settle(parcels) if parcels else ()
        finally:
            await asyncio.gather(*(_answer(parcel, settled) for parcel in parcels))

    async def _settle(self, parcels: Sequence[Parcel]) -> set[str]:
        """Deliver what may be opened now; return what the broker may forget."""
        claimed = await self._hub.claim([parcel.message_id for parcel in parcels])
        released = {one.message_id: one for one in claimed.released}
        given = [_item(parcel, released) for parcel in parcels]
        items = sorted((item for item in given if item is not None), key=lambda item: item.seq)
        receipts = await self._deliveries.take(items)
        committed = await self._hub.post_receipts(receipts) if receipts else []
        return {*claimed.settled, *committed}


async def _answer(parcel: Parcel, settled: Collection[str]) -> None:
    if parcel.message_id in settled:
        await parcel.done()
    else:
        await parcel.again(after=backoff(parcel.tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT))


def _item(parcel: Parcel, released: Mapping[str, ReleasedV1]) -> DeliveryItemV1 | None:
    """Put text and halves together; None for what may not be opened, or cannot be read."""
    halves = released.get(parcel.message_id)
    if halves is None:
        return None
    try:
        facts = read_object(parcel.facts.get("Mesh-Item", "").encode())
        given = {"message_id": parcel.message_id, "body": parcel.body.decode()}
        added = {"attempt": halves.attempt, "hub_shares": halves.hub_shares}
        return DeliveryItemV1.model_validate({**facts, **given, **added})
    except ValueError:
        _log.warning("broker.unreadable", message_id=parcel.message_id)
        return None
