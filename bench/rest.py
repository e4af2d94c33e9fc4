"""A grown database brought to rest: nothing in it is under way, as in one whose gateway has run all the time.

A kept database holds what earlier runs left in the middle: messages that nobody fetched, clocks that would ring during
the next measurement. And a gateway that has run for two hundred days counted each quarter when its time came; one that
begins would count them while it is measured.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from gateway.adapters.counted_tables import RELEASES
from gateway.adapters.schema import METADATA
from gateway.adapters.tables import HOLDS, MESSAGES, REFERRALS
from gateway.domain.period import quarter_of
from shared.kernel.clock import SystemClock, to_wire
from shared.sop.indicators import load_indicators
from shared.storage.engine import open_engine
from shared.storage.history import migrate

_FAR = timedelta(days=365)
#: What is due sooner than this would become due while a kept database is used.
_SOON = timedelta(days=180)
#: As many as the written history can touch, the one that runs included.
_QUARTERS = 4


def bring_to_rest(database_url: str) -> None:
    """Bring its tables forward, settle what waits, put off what is due, and release the quarters that are over."""
    engine, now = open_engine(database_url), SystemClock().now()
    try:
        migrate(engine, METADATA)
        with engine.begin() as connection:
            _settle(connection, to_wire(now))
            _put_off(connection, before=to_wire(now + _SOON), until=to_wire(now + _FAR))
            _release(connection, now)
    finally:
        engine.dispose()


def _settle(connection: Connection, now: str) -> None:
    """Take out of delivery what nobody fetched."""
    forgotten = {"body": None, "signature": None, "hub_shares": None}
    waits = MESSAGES.c.settled_at.is_(None)
    connection.execute(update(MESSAGES).where(waits).values(settled_at=now, settled_code="stored", **forgotten))


def _put_off(connection: Connection, *, before: str, until: str) -> None:
    """Let no clock ring and no consent end for a while."""
    row = REFERRALS.c
    rings = row.next_clock_at.is_not(None) & (row.next_clock_at < before)
    connection.execute(update(REFERRALS).where(rings).values(next_clock_at=until, next_due_at=until))
    connection.execute(update(REFERRALS).where(row.lapses_at < before).values(lapses_at=until))
    connection.execute(update(HOLDS).where(HOLDS.c.next_limit_at.is_not(None)).values(next_limit_at=None))


def _release(connection: Connection, now: datetime) -> None:
    """Keep an empty count for each quarter that is over: none of what was written may be counted for statistics."""
    known = set(connection.execute(select(RELEASES.c.period)).scalars())
    rows = [{"period": key, "counted_at": to_wire(now), "counts": {"tallies": []}} for key in _over(now) - known]
    if rows:
        connection.execute(insert(RELEASES), rows)


def _over(now: datetime) -> set[str]:
    """Return the quarters of the written history that are released by now."""
    quarters = [quarter_of(now)]
    while len(quarters) < _QUARTERS:
        quarters.append(quarters[-1].before)
    return {one.key for one in quarters if one.released_at(load_indicators().release) <= now}
