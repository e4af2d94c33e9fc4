"""The counts of each quarter: made once, when its time has come, kept, and never made again.

That a quarter is counted once is part of the method: between two counts of the same people the difference would be
one of them. Promises: counting goes on beside the event loop, in short transactions with long rests; of several
processes one counts; what events said is forgotten once all quarters before are counted. The quarter that still runs
is counted now and then for those who coordinate, once for all processes: they too are shown one count, not one by each.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select

from gateway.adapters.background import report_failure
from gateway.adapters.counted_tables import EVENT_MARKS, RELEASES
from gateway.adapters.courses import Courses
from gateway.adapters.desk import SqlDesk
from gateway.adapters.quarter_count import QuarterCount
from gateway.adapters.rows import fetch
from gateway.adapters.tables import AGENCIES, LEDGER_ENTRIES
from gateway.domain.period import Period, quarter_of
from gateway.domain.release import Release, as_document, release_of
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.errors import MeshError
from shared.sop.indicators import IndicatorRules
from shared.sop.model import Sop
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

LOOK_SECONDS: Final = 3600.0
#: The count of a quarter that still runs is as old as this at most; one with more entries waits for its release.
KEPT_FOR: Final = timedelta(minutes=30)
RUNNING_MOST: Final = 200_000
#: Counting rests so many times as long as it works: nobody who sends or fetches is to notice it.
REST: Final = 9.0
#: A process that counts says so this often; one that has not for `HELD_FOR` is not counting any more.
RENEW_SECONDS: Final = 20.0
HELD_FOR: Final = timedelta(minutes=2)
#: Who asks for a quarter that is still being counted waits this long before being told that there is nothing yet.
PATIENCE_SECONDS: Final = 5.0
_PORTION: Final = 200
_DONE: Final = object()

_log = get_logger("releases")


class Releases:
    """Counts quarters, keeps what it counted, and gives it out."""

    def __init__(
        self, engine: Engine, *, writer: GroupWriter[SqlDesk], sop: Sop, rules: IndicatorRules, clock: Clock
    ) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock
        self._sop, self._rules = sop, rules
        self._one_at_a_time, self._one_running = asyncio.Lock(), asyncio.Lock()
        self._asked: asyncio.Task[bool] | None = None
        self._kept: dict[str, Release] = {}

    async def run(self) -> None:
        """Count what is due, until cancelled."""
        while True:
            done = False
            try:
                done = await self.bring_up_to_date()
            except MeshError as fault:
                _log.warning("releases.failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS if done else HELD_FOR.total_seconds())

    async def released(self) -> Sequence[Period]:
        """Return the quarters whose counts are fixed by now, the last one first."""
        first = await asyncio.to_thread(self._first_moment)
        found, now = [], self._clock.now()
        quarter = quarter_of(now)
        while first is not None and quarter.end > first:
            if quarter.released_at(self._rules.release) <= now:
                found.append(quarter)
            quarter = quarter.before
        return found

    async def of(self, quarter: Period) -> Release | None:
        """Return what was counted of a quarter; None before its release, until it is counted, or where nothing is."""
        if quarter.key not in self._kept:
            if quarter not in await self.released():
                return None
            found = await asyncio.to_thread(self._stored, quarter)
            if found is None:
                await self._count_soon()
                found = await asyncio.to_thread(self._stored, quarter)
            if found is None:
                return None
            self._kept[quarter.key] = found
        return self._kept[quarter.key]

    async def running(self) -> Release | None:
        """Return the quarter that still runs, as it stood not long ago; None where there is too much of it."""
        now = self._clock.now()
        quarter = quarter_of(now)
        async with self._one_running:
            kept = await asyncio.to_thread(self._stored, quarter, _running_key(quarter))
            if kept is not None and _is_recent(kept.counted_at, now):
                return kept
            counted = await asyncio.to_thread(self._count_running, quarter, now)
            if counted is None:
                return None
            return await self._writer.submit(partial(_keep_running, quarter=quarter, counted=counted, now=now))

    async def bring_up_to_date(self) -> bool:
        """Count every quarter that is due and was not counted, the oldest first; then forget what events said.

        Say whether all is counted: another process may be counting, and is not waited for.
        """
        async with self._one_at_a_time:
            due = list(reversed(await self.released()))
            for quarter in due:
                if not await self._count_due(quarter):
                    return False
            if due:
                await self._forget(due[-1].end)
        return True

    async def _count_soon(self) -> None:
        """Have what is due counted for somebody who waits `PATIENCE_SECONDS` at most; the count goes on behind them."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self.bring_up_to_date(), name="count")
            self._asked.add_done_callback(report_failure)
        done, _ = await asyncio.wait({self._asked}, timeout=PATIENCE_SECONDS)
        for task in done:
            task.result()

    def count(self, quarter: Period, at: datetime) -> Release:
        """Count a quarter as things stand, at one go."""
        return self._begin(quarter, at).whole()

    def _begin(self, quarter: Period, at: datetime) -> QuarterCount:
        return QuarterCount(self._engine, quarter, at, sop=self._sop, rules=self._rules)

    async def _count_due(self, quarter: Period) -> bool:
        """Count a quarter and keep the count, unless another process is at it; say whether it is kept."""
        if await asyncio.to_thread(self._stored, quarter) is not None:
            return True
        if not await self._writer.submit(partial(_claim, quarter=quarter)):
            return False
        counted = await self._count_gently(quarter)
        await self._writer.submit(partial(_keep, release=counted, quarter=quarter))
        return True

    async def _count_gently(self, quarter: Period) -> Release:
        """Count a quarter, and rest `REST` times as long as a portion took before the next one."""
        count = self._begin(quarter, self._clock.now())
        steps, renewed = count.steps(), time.monotonic()
        while True:
            begun = time.monotonic()
            if await asyncio.to_thread(next, steps, _DONE) is _DONE:
                return count.release
            if begun - renewed >= RENEW_SECONDS:
                await self._writer.submit(partial(_renew, quarter=quarter))
                renewed = begun
            await asyncio.sleep((time.monotonic() - begun) * REST)

    async def agencies(self) -> Sequence[str]:
        """Return every agency of the directory."""
        return await asyncio.to_thread(self._agencies)

    def _agencies(self) -> Sequence[str]:
        with read(self._engine) as connection:
            return list(connection.execute(select(AGENCIES.c.id).order_by(AGENCIES.c.id)).scalars())

    def _count_running(self, quarter: Period, at: datetime) -> Release | None:
        stretch = Courses(self._engine, sop=self._sop, provinces={}).stretch(quarter)
        return None if stretch.after - stretch.first > RUNNING_MOST else self.count(quarter, at)

    def _stored(self, quarter: Period, key: str | None = None) -> Release | None:
        with read(self._engine) as connection:
            found = fetch(connection, select(RELEASES).where(RELEASES.c.period == (key or quarter.key)))
        return release_of(quarter.key, found[0]["counted_at"], found[0]["counts"]) if found else None

    def _first_moment(self) -> datetime | None:
        with read(self._engine) as connection:
            first = select(LEDGER_ENTRIES.c.at).where(LEDGER_ENTRIES.c.idx == 0)
            at = connection.execute(first).scalar_one_or_none()
        return None if at is None else from_wire(at)

    async def _forget(self, before: datetime) -> None:
        while keys := await asyncio.to_thread(self._old_marks, to_wire(before)):
            await self._writer.submit(partial(_drop, keys=keys))

    def _old_marks(self, before: str) -> list[str]:
        with read(self._engine) as connection:
            old = select(EVENT_MARKS.c.message_id).where(EVENT_MARKS.c.at < before).limit(_PORTION)
            return list(connection.execute(old).scalars())


def _claim(desk: SqlDesk, *, quarter: Period) -> bool:
    """Begin to count a quarter; say whether nobody else is at it."""
    at = desk.book.get(RELEASES, _counting_key(quarter))
    if at is not None and desk.at - from_wire(at["counted_at"]) < HELD_FOR:
        return False
    _renew(desk, quarter=quarter)
    return True


def _renew(desk: SqlDesk, *, quarter: Period) -> None:
    """Say that somebody is counting a quarter now."""
    key, at = _counting_key(quarter), to_wire(desk.at)
    if desk.book.get(RELEASES, key) is None:
        desk.book.insert(RELEASES, {"period": key, "counted_at": at, "counts": {}})
    else:
        desk.book.update(RELEASES, key, counted_at=at)


def _keep(desk: SqlDesk, *, release: Release, quarter: Period) -> None:
    if desk.book.get(RELEASES, release.period) is None:
        row = {"period": release.period, "counted_at": release.counted_at, "counts": as_document(release)}
        desk.book.insert(RELEASES, row)
    for key in (_running_key(quarter), _counting_key(quarter)):
        if desk.book.get(RELEASES, key) is not None:
            desk.book.delete(RELEASES, key)


def _keep_running(desk: SqlDesk, *, quarter: Period, counted: Release, now: datetime) -> Release:
    """Keep a count of the quarter that runs, and return the one that holds: another process may have been first."""
    key, facts = _running_key(quarter), {"counted_at": counted.counted_at, "counts": as_document(counted)}
    kept = desk.book.get(RELEASES, key)
    if kept is None:
        desk.book.insert(RELEASES, {"period": key, **facts})
    elif _is_recent(kept["counted_at"], now):
        return release_of(quarter.key, kept["counted_at"], kept["counts"])
    else:
        desk.book.update(RELEASES, key, **facts)
    return counted


def _running_key(quarter: Period) -> str:
    return f"{quarter.key}/running"


def _counting_key(quarter: Period) -> str:
    return f"{quarter.key}/counting"


def _is_recent(counted_at: str, now: datetime) -> bool:
    return timedelta(0) <= now - from_wire(counted_at) <= KEPT_FOR


def _drop(desk: SqlDesk, *, keys: list[str]) -> None:
    desk.book.prefetch(EVENT_MARKS, keys)
    for key in keys:
        if desk.book.get(EVENT_MARKS, key) is not None:
            desk.book.delete(EVENT_MARKS, key)
