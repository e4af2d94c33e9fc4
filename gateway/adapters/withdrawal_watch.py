"""The watch over withdrawals: finds holders whose time to answer has passed, and has that escalated at the desk.

It remembers nothing, so any number of processes may run it, and one that was down catches up when it comes back.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Engine

from gateway.adapters.desk import SqlDesk
from gateway.adapters.holds import read_due_holds
from gateway.adapters.tables import HOLDS
from gateway.application.chase_hold import chase_hold
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.sop.model import Sop
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

#: The shortest limit is an hour.
LOOK_SECONDS = 5.0
PORTION = 100

_log = get_logger("withdrawals")


class WithdrawalWatch:
    """Looks every `LOOK_SECONDS`. `queued` is told when a look has put notices into the outbox."""

    def __init__(
        self,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        clock: Clock,
        sop: Sop,
        queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._sop = sop
        self._queued = queued

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except MeshError as fault:
                _log.warning("withdrawals.look-failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Escalate everything that is late now, in portions; return how many limits were spoken of.

        A hold that cannot be escalated is left for the next look, and holds up no other.
        """
        now = to_wire(self._clock.now())
        said, after = 0, ""
        while found := await asyncio.to_thread(self._due, now, after):
            said += sum(await asyncio.gather(*[self._chase(key) for key in found]))
            after = found[-1]
        if said:
            self._queued()
        return said

    def _due(self, now: str, after: str) -> Sequence[str]:
        with read(self._engine) as connection:
            return read_due_holds(connection, now=now, after=after, limit=PORTION)

    async def _chase(self, key: str) -> int:
        try:
            work = partial(chase_hold, key=key, sop=self._sop)
            return len(await self._writer.submit(work, prefetch=[(HOLDS, key)]))
        except MeshError as fault:
            _log.error("withdrawals.chasing-failed", code=fault.code)
            return 0
