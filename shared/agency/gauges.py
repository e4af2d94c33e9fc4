"""What an operator watches at an agency service: what waits to leave, how long, and what is late. Numbers only."""

from collections.abc import Mapping
from typing import Final

from shared.agency.ports import Reading, Store
from shared.kernel.clock import Clock, from_wire, to_wire

SAYS: Final[Mapping[str, str]] = {
    "mesh_letters_waiting": "Signed messages that the gateway has not answered.",
    "mesh_letter_oldest_waiting_seconds": "How long the oldest of them has waited.",
    "mesh_notifications_waiting": "Notifications that partner systems have not taken.",
    "mesh_reroutes_waiting": "Referrals that nobody took and that have yet to go on.",
}
#: More than this is not counted: it is an alarm long before.
_COUNTED_MOST: Final = 10_000


class Gauges:
    """Reads the present values."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def read(self) -> Mapping[str, float]:
        """Return each gauge by its name. Raises as `Store.read`."""
        return await self._store.read(self._read)

    def _read(self, reading: Reading) -> Mapping[str, float]:
        now, letters = self._clock.now(), reading.waiting_letters()
        since = [(now - from_wire(letter.created_at)).total_seconds() for letter in letters[:1]]
        due = to_wire(now)
        return {
            "mesh_letters_waiting": len(letters),
            "mesh_letter_oldest_waiting_seconds": max([0.0, *since]),
            "mesh_notifications_waiting": len(reading.waiting_notifications(due_before=due, limit=_COUNTED_MOST)),
            "mesh_reroutes_waiting": len(reading.waiting_reroutes(limit=_COUNTED_MOST)),
        }
