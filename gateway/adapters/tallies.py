"""What is read to count a month: conflicts of interest, and statements by how many came before them."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, func, literal, select

from gateway.adapters.tables import CONFLICTS, STATEMENTS
from shared.kernel.clock import to_wire
from shared.storage.engine import read

#: A count and how many agencies stand behind it, by what is counted and the sector of the service.
Counts = dict[tuple[str, str], tuple[int, int]]

FIRST, SECOND, LATER = "first", "second", "later"
_SECOND = 2


class Tallies:
    """Read models of monthly counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def conflicts(self, begin: datetime, end: datetime) -> Counts:
        """Count declarations and referrals given back, from `begin` until before `end`."""
        at = CONFLICTS.c.at
        with read(self._engine) as connection:
            return _counted(
                connection,
                _grouped(CONFLICTS.c.kind, CONFLICTS.c.sector, CONFLICTS.c.agency).where(*_within(at, begin, end)),
            )

    def statements(self, begin: datetime, end: datetime) -> Counts:
        """Count statements that were the first, the second or a later one of their person in a chain."""
        ordinal = STATEMENTS.c.ordinal
        which = case((ordinal < _SECOND, literal(FIRST)), (ordinal == _SECOND, literal(SECOND)), else_=literal(LATER))
        within = _within(STATEMENTS.c.taken_at, begin, end)
        with read(self._engine) as connection:
            return _counted(connection, _grouped(which, STATEMENTS.c.sector, STATEMENTS.c.agency).where(*within))


def _grouped(
    what: ColumnElement[str], sector: ColumnElement[str], agency: ColumnElement[str]
) -> Select[str, str, int, int]:
    return select(what.label("what"), sector, func.count(), func.count(agency.distinct())).group_by("what", sector)


def _within(at: ColumnElement[str], begin: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return at >= to_wire(begin), at < to_wire(end)


def _counted(connection: Connection, statement: Select[str, str, int, int]) -> Counts:
    found = connection.execute(statement)
    return {(what, sector): (int(count), int(agencies)) for what, sector, count, agencies in found}
