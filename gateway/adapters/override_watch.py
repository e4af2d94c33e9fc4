"""The watch over break-glass: finds what nobody confirmed in time, and has its access ended at the writer's desk.

It remembers nothing, so any number of processes may run it. Nothing depends on it being punctual: what has not
been opened is refused from the very moment on, by the release itself.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine

from gateway.adapters.desk import SqlDesk
from gateway.adapters.overrides import read_ending
from gateway.adapters.tables import OVERRIDES, REFERRALS
from gateway.application.end_override import end_unconfirmed
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

LOOK_SECONDS = 5.0
PORTION = 100

_log = get_logger("overrides")


class OverrideWatch:
    """Looks every `LOOK_SECONDS`. `queued` is told when a look has put notices into the outbox."""

    def __init__(
        self,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        clock: Clock,
        queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._queued = queued

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except MeshError as fault:
                _log.warning("overrides.look-failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """End the access of what is due now, a portion at a time; return how many were ended.

        One that cannot be ended is left for the next look, and holds up no other.
        """
        ended = await self._end(await asyncio.to_thread(self._due))
        if ended:
            self._queued()
        return ended

    def _due(self) -> Sequence[str]:
        with read(self._engine) as connection:
            return read_ending(connection, now=to_wire(self._clock.now()), limit=PORTION)

    async def _end(self, referral_ids: Sequence[str]) -> int:
        return sum(await asyncio.gather(*[self._end_one(referral_id) for referral_id in referral_ids]))

    async def _end_one(self, referral_id: str) -> int:
        work = partial(end_unconfirmed, referral_id=referral_id)
        try:
            return await self._writer.submit(work, prefetch=[(OVERRIDES, referral_id), (REFERRALS, referral_id)])
        except MeshError as fault:
            _log.error("overrides.ending-failed", referral_id=referral_id, code=fault.code)
            return 0
