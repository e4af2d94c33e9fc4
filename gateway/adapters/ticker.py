"""The ticker: finds referrals whose clocks have something to say, and has it said at the writer's desk.

It remembers nothing: what is due is in the row, and what was said too. So any number of processes may run it, and
one that was down catches up when it comes back. It reads by an index on `next_clock_at` alone, in portions.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Engine, Select, select
from sqlalchemy import tuple_ as sql_tuple

from gateway.adapters.desk import SqlDesk
from gateway.adapters.tables import REFERRALS
from gateway.application.fire_clocks import fire_clocks
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.sop.model import Sop
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

#: The shortest clock is five minutes: a second late is in time.
LOOK_SECONDS = 1.0
PORTION = 100

_log = get_logger("clocks")


class Ticker:
    """Looks once a second. `queued` is told when a look has put notices into the outbox."""

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
                _log.warning("clocks.look-failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> int:
        """Fire everything that is due now; return how many things were said.

        A referral whose clocks cannot be fired is left for the next look, and holds up no other.
        """
        now = to_wire(self._clock.now())
        said, after = 0, ("", "")
        while found := await asyncio.to_thread(self._due, now, after):
            said += await self._fire([referral_id for _, referral_id in found])
            after = found[-1]
        if said:
            self._queued()
        return said

    def _due(self, now: str, after: tuple[str, str]) -> Sequence[tuple[str, str]]:
        with read(self._engine) as connection:
            return [(row[0], row[1]) for row in connection.execute(due_statement(now, after))]

    async def _fire(self, referral_ids: Sequence[str]) -> int:
        results = await asyncio.gather(*[self._fire_one(referral_id) for referral_id in referral_ids])
        return sum(results)

    async def _fire_one(self, referral_id: str) -> int:
        work = partial(fire_clocks, referral_id=referral_id, sop=self._sop)
        try:
            return len(await self._writer.submit(work, prefetch=[(REFERRALS, referral_id)]))
        except MeshError as fault:
            _log.error("clocks.firing-failed", referral_id=referral_id, code=fault.code)
            return 0


def due_statement(now: str, after: tuple[str, str]) -> Select[Any]:
    """Return the query for the next portion of referrals that are due by `now`, behind the place `after`."""
    moment, referral_id = REFERRALS.c.next_clock_at, REFERRALS.c.referral_id
    return (
        select(moment, referral_id)
        .where(moment.is_not(None), moment <= now, sql_tuple(moment, referral_id) > after)
        .order_by(moment, referral_id)
        .limit(PORTION)
    )
