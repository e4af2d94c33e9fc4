"""The watch over moments that come by themselves: finds what is due, and has it done at the writer's desk.

It remembers nothing: what is due is in the row, and what was done too. So any number of processes may keep the same
watch, and one that was down catches up when it comes back. It reads by the index on the moment alone, in portions.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Column, Engine, Select, Table, select
from sqlalchemy import tuple_ as sql_tuple

from gateway.adapters.desk import SqlDesk
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import MeshError
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

PORTION = 100
#: Where a look begins: before every moment and every key.
START = ("", "")

_log = get_logger("watch")

#: The moment of a row and its key.
Place = tuple[str, str]


@dataclass(frozen=True)
class Duty:
    """What a watch is kept for: rows whose `moment` has come are fulfilled one by one, by `key`.

    `fulfil` says how many things it did; it finds for itself that there is nothing left to do. `touches` are the
    tables that it reads by the same key. `every` is in seconds.
    """

    name: str
    every: float
    moment: Column[Any]
    key: Column[Any]
    fulfil: Callable[[SqlDesk, str], int]
    touches: Sequence[Table]


class Watch:
    """Looks as often as its duty asks. `queued` is told when a look has put notices into the outbox."""

    def __init__(
        self,
        duty: Duty,
        engine: Engine,
        *,
        writer: GroupWriter[SqlDesk],
        clock: Clock,
        queued: Callable[[], None] = lambda: None,
    ) -> None:
        self._duty = duty
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
                _log.warning("watch.look-failed", kind=self._duty.name, code=fault.code)
            await asyncio.sleep(self._duty.every)

    async def look(self) -> int:
        """Do everything that is due now; return how many things were done.

        What cannot be done is left for the next look, and holds up nothing else.
        """
        now = to_wire(self._clock.now())
        done, after = 0, START
        while found := await asyncio.to_thread(self._due, now, after):
            done += sum(await asyncio.gather(*[self._fulfil(key) for _, key in found]))
            after = found[-1]
        if done:
            self._queued()
        return done

    def _due(self, now: str, after: Place) -> Sequence[Place]:
        with read(self._engine) as connection:
            return [(row[0], row[1]) for row in connection.execute(due_statement(self._duty, now, after))]

    async def _fulfil(self, key: str) -> int:
        work = partial(_at_desk, duty=self._duty, key=key)
        try:
            return await self._writer.submit(work, prefetch=[(table, key) for table in self._duty.touches])
        except MeshError as fault:
            _log.error("watch.duty-failed", kind=self._duty.name, code=fault.code)
            return 0


def due_statement(duty: Duty, now: str, after: Place) -> Select[Any]:
    """Return the query for the next portion of what is due by `now`, behind the place `after`."""
    moment, key = duty.moment, duty.key
    return (
        select(moment, key)
        .where(moment.is_not(None), moment <= now, sql_tuple(moment, key) > after)
        .order_by(moment, key)
        .limit(PORTION)
    )


def _at_desk(desk: SqlDesk, *, duty: Duty, key: str) -> int:
    return duty.fulfil(desk, key)
