"""A database that has grown is like one that was used: rows as real messages leave them, and a ledger that is whole."""

import pytest
from sqlalchemy import Table, select, update

from bench.cache import grow
from bench.grow import some_chains, stored
from bench.rest import bring_to_rest
from gateway.adapters.counted_tables import RELEASES
from gateway.adapters.ledger import kept_node, read_head
from gateway.adapters.tables import CONSENTS, LEDGER_ENTRIES, MESSAGES, REFERRALS
from gateway.adapters.tree_tables import LEDGER_GROUPS, LEDGER_TILES
from gateway.domain.period import quarter_of
from shared.kernel.clock import SystemClock, to_wire
from shared.ledger.tree import Frontier, leaf_hash
from shared.storage.engine import open_engine, read

COUNT = 301  # more than a tile of entries, and a last case with fewer referrals


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('grown') / 'gateway.db'}"
    grow(url, COUNT, said=lambda _text: None)
    return url


def rows(url: str, table: Table) -> list[dict[str, object]]:
    engine = open_engine(url)
    try:
        with read(engine) as connection:
            return [dict(row) for row in connection.execute(select(table)).mappings()]
    finally:
        engine.dispose()


def test_every_referral_leaves_what_a_delivered_and_acknowledged_one_leaves(grown: str) -> None:
    cases = -(-COUNT // 4)
    counted = {table.name: len(rows(grown, table)) for table in (CONSENTS, REFERRALS, MESSAGES, LEDGER_ENTRIES)}
    assert counted == {
        "consents": cases,
        "referrals": COUNT,
        "messages": 2 * COUNT + cases,
        "ledger_entries": 4 * COUNT + cases,
    }
    assert stored(grown) == COUNT
    assert all(row["settled_at"] and row["body"] is None for row in rows(grown, MESSAGES))


def test_the_ledger_of_a_grown_database_is_whole(grown: str) -> None:
    frontier, kept = Frontier(), []
    for row in sorted(rows(grown, LEDGER_ENTRIES), key=lambda row: int(str(row["idx"]))):
        hashed = leaf_hash(str(row["leaf"]).encode())
        assert row["leaf_hash"] == hashed.hex()
        kept += [kept_node(node) for node in frontier.append(hashed)]
    engine = open_engine(grown)
    try:
        with read(engine) as connection:
            head = read_head(connection)
    finally:
        engine.dispose()
    assert (head.size, head.root()) == (frontier.size, frontier.root())
    for table in (LEDGER_TILES, LEDGER_GROUPS):
        assert rows(grown, table) == [row for where, row in kept if where is table] != []


def test_chains_are_taken_from_all_over_the_database(grown: str) -> None:
    chains = some_chains(grown, 10)
    everything = sorted(str(row["chain_id"]) for row in rows(grown, REFERRALS))
    assert len(chains) == 10
    assert everything.index(chains[-1]) > COUNT * 0.8


def test_a_kept_database_is_brought_to_rest(grown: str) -> None:
    engine = open_engine(grown)
    try:
        with engine.begin() as connection:
            connection.execute(update(MESSAGES).where(MESSAGES.c.seq < 9).values(settled_at=None, body="x"))
            connection.execute(update(REFERRALS).values(next_clock_at="2026-01-01", lapses_at="2026-01-01"))
    finally:
        engine.dispose()
    bring_to_rest(grown)
    bring_to_rest(grown)
    assert all(row["settled_at"] and row["body"] is None for row in rows(grown, MESSAGES))
    assert min(str(row[name]) for row in rows(grown, REFERRALS) for name in ("next_clock_at", "lapses_at")) > to_wire(
        SystemClock().now()
    )
    now = SystemClock().now()
    assert quarter_of(now).before.before.key in {row["period"] for row in rows(grown, RELEASES)}
