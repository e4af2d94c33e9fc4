"""Searching follows an index: it takes as long with a million referrals as with a hundred."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Column, Engine, Select, select, text

from gateway.adapters.chain_search import ChainFilter, newest_of
from gateway.adapters.readings import ReferralFilter, oldest_of
from gateway.adapters.schema import METADATA
from gateway.adapters.tables import REFERRALS
from shared.storage.engine import open_engine, read
from shared.storage.history import prepare

FROM, TO = "2026-11-01T17:00:00.000Z", "2026-11-02T17:00:00.000Z"
#: The same in the words of later versions of SQLite.
LAST_TERM: Final = "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"
AFTER = (TO, "01a20000-0000-7000-8000-000000000000")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'gateway.db'}")
    prepare(engine, METADATA)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (ChainFilter(), "ix_referrals_received"),
        (ChainFilter(after=AFTER), "ix_referrals_received"),
        (ChainFilter(since=FROM, until=TO), "ix_referrals_received"),
        (ChainFilter(state="failed"), "ix_referrals_state"),
        (ChainFilter(state="failed", since=FROM, after=AFTER), "ix_referrals_state"),
        (ChainFilter(agency="health-th"), "ix_referrals_agency_"),
        (ChainFilter(agency="health-th", since=FROM, until=TO), "ix_referrals_agency_"),
    ],
)
def test_a_search_reads_an_index_in_its_order(engine: Engine, wanted: ChainFilter, index: str) -> None:
    for statement in newest_of(wanted):
        reading = reading_of(engine, statement)
        assert index in reading
        assert reading.startswith("SEARCH") or wanted == ChainFilter()


@pytest.mark.parametrize(
    ("agency", "wanted", "indexes"),
    [
        (None, ReferralFilter(), ["ix_referrals_received"]),
        (None, ReferralFilter(after=AFTER), ["ix_referrals_received"]),
        ("health-th", ReferralFilter(box="sent"), ["ix_referrals_agency_sent"]),
        ("health-th", ReferralFilter(box="received", after=AFTER), ["ix_referrals_agency_got"]),
        ("health-th", ReferralFilter(since=FROM), ["ix_referrals_agency_sent", "ix_referrals_agency_got"]),
    ],
)
def test_a_list_reads_an_index_in_its_order(
    engine: Engine, agency: str | None, wanted: ReferralFilter, indexes: list[str]
) -> None:
    readings = [reading_of(engine, statement) for statement in oldest_of(agency, wanted, late_at=TO)]
    for reading, index in zip(readings, indexes, strict=True):
        assert index in reading


@pytest.mark.parametrize(
    ("moment", "index"),
    [
        (REFERRALS.c.next_due_at, "ix_referrals_next_due_at"),
        (REFERRALS.c.lapses_at, "ix_referrals_lapses_at"),
        (REFERRALS.c.next_clock_at, "ix_referrals_next_clock"),
    ],
)
def test_what_comes_by_itself_is_found_by_its_moment(engine: Engine, moment: Column[str], index: str) -> None:
    statement = select(REFERRALS).where(moment < TO).order_by(moment).limit(10)
    assert index in reading_of(engine, statement)


def reading_of(engine: Engine, statement: Select[Any]) -> str:
    """How a table is read: in the order of an index, but for what came in one moment."""
    compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
    with read(engine) as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    assert plan[1:] in ([], ["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"], [LAST_TERM]), plan
    return str(plan[0])
