"""Searching follows an index: it takes as long with a million referrals as with a hundred."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from gateway.adapters.chain_search import ChainFilter, newest_of
from gateway.adapters.schema import METADATA
from shared.storage.engine import open_engine, read
from shared.storage.history import prepare

FROM, TO = "2026-11-01T17:00:00.000Z", "2026-11-02T17:00:00.000Z"
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
        compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
        with read(engine) as connection:
            plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
        assert len(plan) == 1, plan
        assert index in plan[0]
        assert plan[0].startswith("SEARCH") or wanted == ChainFilter()
