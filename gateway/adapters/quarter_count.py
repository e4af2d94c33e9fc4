"""The count of one quarter, portion by portion of the ledger, so that whoever counts can rest in between.

What a quarter holds grows with the mesh; what a portion holds does not. Promises: a portion is a few short transactions
that keep nobody from writing; nothing is kept in memory but the tallies.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Engine, select

from gateway.adapters.courses import Courses, Stretch
from gateway.adapters.other_counts import counted_beside, fresh_services
from gateway.adapters.tables import AGENCIES, AREAS
from gateway.domain.course import ELSEWHERE
from gateway.domain.measures import of_chain, of_course
from gateway.domain.period import Period, month_of
from gateway.domain.release import Release, Tally
from gateway.domain.suppression import WHOLE
from shared.kernel.clock import to_wire
from shared.sop.indicators import Dimension, IndicatorRules
from shared.sop.model import Sop
from shared.storage.engine import read

_PROVINCE_DIGITS: Final = 2
_FRESHNESS: Final = "I40"


class QuarterCount:
    """Counts a quarter as things stand at a moment. `release` is whole once `steps` has come to its end."""

    def __init__(self, engine: Engine, quarter: Period, at: datetime, *, sop: Sop, rules: IndicatorRules) -> None:
        self.release = Release(quarter.key, to_wire(at))
        self._engine, self._sop, self._rules = engine, sop, rules
        self._quarter, self._at = quarter, at

    def steps(self) -> Iterator[None]:
        """Count, and yield between two portions."""
        courses = Courses(self._engine, sop=self._sop, provinces=_provinces(self._engine))
        for number, part in enumerate(courses.stretch(self._quarter).portions()):
            if number:
                yield
            self._add_courses(courses, part)
            self._add_beside(part)
        every, fresh = fresh_services(self._engine, self._at, rules=self._rules)
        self.release.tallies[_FRESHNESS, WHOLE, WHOLE] = Tally(every, fresh)

    def whole(self) -> Release:
        """Count without a rest."""
        for _ in self.steps():
            pass
        return self.release

    def _add_courses(self, courses: Courses, part: Stretch) -> None:
        for chain, sent in courses.chains(part):
            for course in sent:
                places = {**course.places, Dimension.MONTH: self._month(course.sent_at)}
                for finding in of_course(course, chain, rules=self._rules, at=self._at):
                    self.release.add(finding, places, [course.agency], rules=self._rules)
                for finding in of_chain(chain) if course is chain.opening else ():
                    self.release.add(finding, places, [course.agency], rules=self._rules)

    def _add_beside(self, part: Stretch) -> None:
        for one in counted_beside(self._engine, part, rules=self._rules):
            places = {Dimension.MONTH: self._month(one.at)}
            self.release.add(one.finding, places, one.agencies, rules=self._rules)

    def _month(self, at: datetime) -> str:
        return _within(month_of(at), self._quarter.months)


def _within(month: str, months: Sequence[str]) -> str:
    """Return a month of the quarter: what came in at midnight may have been recorded after it."""
    return min(max(month, months[0]), months[-1])


def _provinces(engine: Engine) -> Mapping[str, str]:
    """Return the province of each agency that works in one alone."""
    with read(engine) as connection:
        communes = {row.code: row.province for row in connection.execute(select(AREAS.c.code, AREAS.c.province))}
        agencies = connection.execute(select(AGENCIES.c.id, AGENCIES.c.areas)).all()
    found = {}
    for agency, areas in agencies:
        places = {area if len(area) == _PROVINCE_DIGITS else communes.get(area, ELSEWHERE) for area in areas}
        found[agency] = places.pop() if len(places) == 1 else ELSEWHERE
    return found
