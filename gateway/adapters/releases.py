"""The counts of each quarter: made once, when its time has come, kept, and never made again.

That a quarter is counted once is part of the method: between two counts of the same people the difference would be
one of them. Promises: counting goes on beside the event loop, in short transactions; of several processes one count
is kept; what events said is forgotten once all quarters before are counted. The quarter that still runs is counted
now and then for those who coordinate, once for all processes: they too are shown one count, not one by each.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Engine, select

from gateway.adapters.counted_tables import EVENT_MARKS, RELEASES
from gateway.adapters.courses import Courses
from gateway.adapters.desk import SqlDesk
from gateway.adapters.other_counts import counted_beside, fresh_services
from gateway.adapters.rows import fetch
from gateway.adapters.tables import AGENCIES, AREAS, LEDGER_ENTRIES
from gateway.domain.course import ELSEWHERE
from gateway.domain.measures import of_chain, of_course
from gateway.domain.period import Period, month_of, quarter_of
from gateway.domain.release import Release, Tally, as_document, release_of
from gateway.domain.suppression import WHOLE
from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.errors import MeshError
from shared.sop.indicators import Dimension, IndicatorRules
from shared.sop.model import Sop
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter
from shared.telemetry.logs import get_logger

LOOK_SECONDS: Final = 3600.0
#: The count of a quarter that still runs is as old as this at most; one with more entries waits for its release.
KEPT_FOR: Final = timedelta(minutes=30)
RUNNING_MOST: Final = 200_000
_PROVINCE_DIGITS: Final = 2
_PORTION: Final = 200
_FRESHNESS: Final = "I40"

_log = get_logger("releases")


class Releases:
    """Counts quarters, keeps what it counted, and gives it out."""

    def __init__(
        self, engine: Engine, *, writer: GroupWriter[SqlDesk], sop: Sop, rules: IndicatorRules, clock: Clock
    ) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock
        self._sop, self._rules = sop, rules
        self._one_at_a_time = asyncio.Lock()
        self._kept: dict[str, Release] = {}

    async def run(self) -> None:
        """Count what is due, until cancelled."""
        while True:
            try:
                await self.bring_up_to_date()
            except MeshError as fault:
                _log.warning("releases.failed", code=fault.code)
            await asyncio.sleep(LOOK_SECONDS)

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
        """Return what was counted of a quarter; None before its release, and where there is nothing."""
        if quarter.key not in self._kept:
            if quarter not in await self.released():
                return None
            found = await asyncio.to_thread(self._stored, quarter)
            if found is None:
                await self.bring_up_to_date()
                found = await asyncio.to_thread(self._stored, quarter)
            if found is None:
                return None
            self._kept[quarter.key] = found
        return self._kept[quarter.key]

    async def running(self) -> Release | None:
        """Return the quarter that still runs, as it stood not long ago; None where there is too much of it."""
        now = self._clock.now()
        quarter = quarter_of(now)
        async with self._one_at_a_time:
            kept = await asyncio.to_thread(self._stored, quarter, _running_key(quarter))
            if kept is not None and _is_recent(kept.counted_at, now):
                return kept
            counted = await asyncio.to_thread(self._count_running, quarter, now)
            if counted is None:
                return None
            return await self._writer.submit(partial(_keep_running, quarter=quarter, counted=counted, now=now))

    async def bring_up_to_date(self) -> None:
        """Count every quarter that is due and was not counted, the oldest first; then forget what events said."""
        async with self._one_at_a_time:
            due = list(reversed(await self.released()))
            for quarter in due:
                if await asyncio.to_thread(self._stored, quarter) is None:
                    counted = await asyncio.to_thread(self.count, quarter, self._clock.now())
                    await self._writer.submit(partial(_keep, release=counted, quarter=quarter))
            if due:
                await self._forget(due[-1].end)

    def count(self, quarter: Period, at: datetime) -> Release:
        """Count a quarter as things stand."""
        courses = Courses(self._engine, sop=self._sop, provinces=self._provinces())
        release = Release(quarter.key, to_wire(at))
        months = quarter.months
        for chain, sent in courses.chains(quarter):
            for course in sent:
                places = {**course.places, Dimension.MONTH: _within(month_of(course.sent_at), months)}
                for finding in of_course(course, chain, rules=self._rules, at=at):
                    release.add(finding, places, [course.agency], rules=self._rules)
                for finding in of_chain(chain) if course is chain.opening else ():
                    release.add(finding, places, [course.agency], rules=self._rules)
        for one in counted_beside(self._engine, courses.stretch(quarter), rules=self._rules):
            places = {Dimension.MONTH: _within(month_of(one.at), months)}
            release.add(one.finding, places, one.agencies, rules=self._rules)
        every, fresh = fresh_services(self._engine, at, rules=self._rules)
        release.tallies[_FRESHNESS, WHOLE, WHOLE] = Tally(every, fresh)
        return release

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

    def _provinces(self) -> Mapping[str, str]:
        """Return the province of each agency that works in one alone."""
        with read(self._engine) as connection:
            communes = {row.code: row.province for row in connection.execute(select(AREAS.c.code, AREAS.c.province))}
            agencies = connection.execute(select(AGENCIES.c.id, AGENCIES.c.areas)).all()
        found = {}
        for agency, areas in agencies:
            places = {area if len(area) == _PROVINCE_DIGITS else communes.get(area, ELSEWHERE) for area in areas}
            found[agency] = places.pop() if len(places) == 1 else ELSEWHERE
        return found

    async def _forget(self, before: datetime) -> None:
        while keys := await asyncio.to_thread(self._old_marks, to_wire(before)):
            await self._writer.submit(partial(_drop, keys=keys))

    def _old_marks(self, before: str) -> list[str]:
        with read(self._engine) as connection:
            old = select(EVENT_MARKS.c.message_id).where(EVENT_MARKS.c.at < before).limit(_PORTION)
            return list(connection.execute(old).scalars())


def _within(month: str, months: Sequence[str]) -> str:
    """Return a month of the quarter: what came in at midnight may have been recorded after it."""
    return min(max(month, months[0]), months[-1])


def _keep(desk: SqlDesk, *, release: Release, quarter: Period) -> None:
    if desk.book.get(RELEASES, release.period) is None:
        row = {"period": release.period, "counted_at": release.counted_at, "counts": as_document(release)}
        desk.book.insert(RELEASES, row)
    if desk.book.get(RELEASES, _running_key(quarter)) is not None:
        desk.book.delete(RELEASES, _running_key(quarter))


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


def _is_recent(counted_at: str, now: datetime) -> bool:
    return timedelta(0) <= now - from_wire(counted_at) <= KEPT_FOR


def _drop(desk: SqlDesk, *, keys: list[str]) -> None:
    desk.book.prefetch(EVENT_MARKS, keys)
    for key in keys:
        if desk.book.get(EVENT_MARKS, key) is not None:
            desk.book.delete(EVENT_MARKS, key)
