"""The roots of sixteen leaves that are kept beside a ledger: of one from before, and where some are not there."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, insert, select, text

from gateway.adapters.ledger import StoredNodes, append, begin_ledger, lock_head
from gateway.adapters.tables import LEDGER_ENTRIES
from gateway.adapters.tree_tables import LEDGER_GROUPS
from mesh.revisions import ROOMS
from shared.ledger.tree import leaf_hash
from shared.storage.book import Book
from shared.storage.driver import Driver
from shared.storage.engine import open_engine, read
from shared.storage.history import configuration, history_of, prepare
from tests.support.ledger import naive_root

AT = "2026-11-21T08:15:30.123Z"
LEAVES = [leaf_hash(str(place).encode()) for place in range(50)]
GROUPS = [naive_root(LEAVES[start : start + 16]) for start in (0, 16, 32)]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def groups_after(engine: Engine, hashes: list[str]) -> list[tuple[int, str]]:
    """Bring a ledger of before forward; return the groups that are kept then."""
    gateway = history_of(ROOMS["gateway"][0])
    facts = {"leaf": "{}", "kind": "referral", "at": AT, "actor": "a"}
    with engine.begin() as connection:
        command.upgrade(configuration(connection, gateway), "0007")
        entries = [{"idx": place, "leaf_hash": hashed, **facts} for place, hashed in enumerate(hashes)]
        connection.execute(insert(LEDGER_ENTRIES), entries)
        command.upgrade(configuration(connection, gateway), "head")
        found = select(LEDGER_GROUPS.c.number, LEDGER_GROUPS.c.hash).order_by(LEDGER_GROUPS.c.number)
        return [(row.number, row.hash) for row in connection.execute(found)]


def test_a_ledger_of_before_gets_its_groups(engine: Engine) -> None:
    kept = groups_after(engine, [leaf.hex() for leaf in LEAVES])
    assert kept == [(number, root.hex()) for number, root in enumerate(GROUPS)]


def test_a_ledger_with_a_damaged_hash_is_brought_forward_all_the_same(engine: Engine) -> None:
    assert groups_after(engine, ["zz", *(leaf.hex() for leaf in LEAVES[1:])]) == []


def test_groups_that_a_gateway_of_before_left_out_are_computed(engine: Engine) -> None:
    prepare(engine, *ROOMS["gateway"])
    begin_ledger(engine)
    with engine.begin() as connection:
        book = Book(Driver(connection))
        lock_head(book)
        for _ in range(50):
            append(book, "directory", "operator", at=AT)
        book.flush()
    with read(engine) as connection:
        kept = StoredNodes(connection).groups(0, 3)
        leaves = StoredNodes(connection).leaves(0, 50)
    with engine.begin() as connection:
        connection.execute(
            text(
                "DROP TRIGGER IF EXISTS only_appends_delete_ledger_groups"
                if _is_sqlite(engine)
                else "DROP TRIGGER only_appends_ledger_groups ON ledger_groups"
            )
        )
        connection.execute(text("DELETE FROM ledger_groups WHERE number = 1"))
    with read(engine) as connection:
        assert StoredNodes(connection).groups(0, 3) == kept == [naive_root(leaves[at : at + 16]) for at in (0, 16, 32)]
        assert StoredNodes(connection).groups(1, 2) == kept[1:2]


def _is_sqlite(engine: Engine) -> bool:
    return engine.dialect.name == "sqlite"
