"""Records move from SQLite to PostgreSQL and back: whole, checked, and work goes on there; or nothing moves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, insert, inspect, select, text

from gateway.adapters.ledger import append, begin_ledger, lock_head
from gateway.adapters.ledger_copy import check_copy
from gateway.adapters.tables import LEDGER_ENTRIES, LEDGER_HEAD
from mesh.copies import Way, copy, kept_checkpoint, ways_of
from mesh.home import Home
from mesh.refusal import CommandRefused
from mesh.revisions import ROOMS
from mesh.roster import DEPLOYABLES, GATEWAY
from shared.ledger.checkpoint import Checkpoint
from shared.storage.book import Book
from shared.storage.driver import Driver
from shared.storage.engine import open_engine
from shared.storage.history import prepare
from tests.support.agency_services import World, consented, contents, referred, world
from tests.support.postgres import PostgresServer, numbered

MOVED = tuple(one for one in DEPLOYABLES if one.name in {"gateway", "health", "social"})


AT = "2026-11-21T08:15:30.123Z"


def grow(engine: Engine, size: int) -> None:
    """Append entries to the ledger of a gateway."""
    with engine.begin() as connection:
        book = Book(Driver(connection))
        lock_head(book)
        for _ in range(size):
            append(book, "directory", "operator", at=AT)
        book.flush()


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


async def note_of(mesh: World) -> str:
    transport = httpx.ASGITransport(app=mesh.gateway)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        return (await http.get("/ledger/checkpoint")).text


@pytest.fixture
def postgres_urls(postgres_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """An empty database on PostgreSQL for each name."""
    names = {one.name: numbered("moved") for one in MOVED}
    for name in names.values():
        postgres_server.create(name)
    yield lambda name: postgres_server.url(names[name])
    for name in names.values():
        postgres_server.drop(name)


async def test_a_gateway_and_its_agencies_go_on_where_their_records_were_copied_to(
    tmp_path: Path, postgres_urls: Callable[[str], str]
) -> None:
    async with world(tmp_path, "health", "social") as before:
        consent = await consented(before["health"])
        first = await referred(before["health"], consent)
        await before["social"].until(first, lambda seen: True)
        note = await note_of(before)
    ways = [Way(one, f"sqlite:///{tmp_path / one.name}.db", postgres_urls(one.name)) for one in MOVED]
    kept = Checkpoint.of_note(note)
    lines = list(copy(Home(tmp_path / "home"), ways, kept=kept))
    assert any(line.startswith("gateway: ledger of") and f"checkpoint of {kept.size}" in line for line in lines)

    async with world(tmp_path, "health", "social", database_url=postgres_urls) as after:
        for step in ("acknowledge", "accept"):
            await after["social"].done(f"/v1/referrals/{first}/{step}", {})
        assert contents(await after["social"].seen(first))["identity"]
        second = await referred(after["health"], consent)
        await after["social"].until(second, lambda seen: True)
    with opened(postgres_urls("gateway")) as engine, engine.connect() as connection:
        assert check_copy(connection, connection, kept=kept).size > kept.size

    back = Way(GATEWAY, postgres_urls("gateway"), f"sqlite:///{tmp_path / 'back.db'}")
    again = Way(GATEWAY, back.target, f"sqlite:///{tmp_path / 'again.db'}")
    there, elsewhere = (list(copy(Home(tmp_path / "home"), [way])) for way in (back, again))
    assert there == elsewhere, "digests do not depend on the database"


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A gateway's database with 300 entries, which nobody has open."""
    url = f"sqlite:///{tmp_path / 'source.db'}"
    with opened(url) as engine:
        prepare(engine, *ROOMS["gateway"])
        begin_ledger(engine)
        grow(engine, 300)
    return url


def refused(source: str, target: str, *, kept: Checkpoint | None = None) -> str:
    """Copy in vain; return why it was refused, with the target still empty."""
    with pytest.raises(CommandRefused) as refusal:
        list(
            copy(
                Home(Path(target.removeprefix("sqlite:///")).parent / "home"), [Way(GATEWAY, source, target)], kept=kept
            )
        )
    return str(refusal.value)


def is_empty(url: str) -> bool:
    with opened(url) as engine:
        return inspect(engine).get_table_names() == []


def alter(url: str, *statements: str) -> None:
    with opened(url) as engine, engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_database_that_a_service_has_open_is_not_copied(source: str, sqlite_url: str) -> None:
    with opened(source) as engine:
        with engine.connect() as connection:
            connection.execute(select(LEDGER_HEAD.c.size)).all()
        assert "still has this database open" in refused(source, sqlite_url)
    assert is_empty(sqlite_url)
    list(copy(Home(Path("no-home")), [Way(GATEWAY, source, sqlite_url)]))


def test_a_shared_database_that_somebody_is_connected_to_is_not_copied_into(source: str, postgres_url: str) -> None:
    with opened(postgres_url) as engine, engine.connect():
        assert "still has this database open" in refused(source, postgres_url)


def test_nothing_is_copied_over_rows_that_are_there(source: str, sqlite_url: str) -> None:
    with opened(sqlite_url) as engine:
        prepare(engine, *ROOMS["gateway"])
        begin_ledger(engine)
    assert "The target is not empty" in refused(source, sqlite_url)


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_database_of_another_version_is_not_copied(source: str, sqlite_url: str, which: str) -> None:
    with opened(sqlite_url) as engine:
        prepare(engine, *ROOMS["gateway"])
    alter(source if which == "source" else sqlite_url, "UPDATE schema_of_gateway SET version_num = '0001'")
    assert "python -m mesh migrate" in refused(source, sqlite_url)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        ("UPDATE ledger_entries SET leaf = '{}' WHERE idx = 7", "Entry 7 is missing or altered"),
        ("DELETE FROM ledger_entries WHERE idx = 299", "tells of 300 entries"),
        ("UPDATE ledger_tiles SET hash = leaf_hash FROM ledger_entries WHERE idx = 3", "hashes of tiles"),
        ("UPDATE ledger_groups SET hash = leaf_hash FROM ledger_entries WHERE idx = 3", "hashes of groups"),
    ],
)
def test_a_ledger_that_is_not_what_its_head_says_is_not_copied(
    source: str, sqlite_url: str, harm: str, told: str
) -> None:
    tables = ("ledger_entries", "ledger_tiles", "ledger_groups")
    alter(source, *(f"DROP TRIGGER only_appends_{act}_{one}" for act in ("update", "delete") for one in tables), harm)
    assert told in refused(source, sqlite_url)
    assert is_empty(sqlite_url)


def test_a_ledger_that_does_not_continue_the_kept_checkpoint_is_not_copied(source: str, sqlite_url: str) -> None:
    assert "does not continue" in refused(source, sqlite_url, kept=Checkpoint("o", 200, bytes(32)))
    assert "does not continue" in refused(source, sqlite_url, kept=Checkpoint("o", 301, bytes(32)))
    assert is_empty(sqlite_url)


def test_a_fault_in_the_last_database_leaves_the_first_target_empty_too(source: str, tmp_path: Path) -> None:
    other, first, last = (f"sqlite:///{tmp_path / name}.db" for name in ("other", "first", "last"))
    with opened(other) as engine:
        prepare(engine, *ROOMS["health"])
    alter(source, "DROP TRIGGER only_appends_update_ledger_entries", "UPDATE ledger_entries SET leaf = '{}'")
    health = next(one for one in DEPLOYABLES if one.name == "health")
    with pytest.raises(CommandRefused):
        list(copy(Home(tmp_path / "home"), [Way(health, other, first), Way(GATEWAY, source, last)]))
    assert is_empty(first)
    assert is_empty(last)


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    assert "no database to copy from" in refused(f"sqlite:///{missing}", f"sqlite:///{tmp_path / 'target.db'}")
    assert not missing.exists()


def test_numbers_that_a_database_draws_go_on_after_those_copied(source: str, postgres_url: str, tmp_path: Path) -> None:
    list(copy(Home(tmp_path), [Way(GATEWAY, source, postgres_url)]))
    with opened(postgres_url) as engine, engine.begin() as connection:
        connection.execute(insert(LEDGER_HEAD).values(size=0, frontier=[]))
        assert connection.execute(select(LEDGER_HEAD.c.id)).scalars().all() == [1, 2]
        assert len(connection.execute(select(LEDGER_ENTRIES.c.idx)).all()) == 300


def test_each_service_of_a_home_has_an_address_of_its_own(tmp_path: Path) -> None:
    ways = ways_of(Home(tmp_path), None, source=None, target="sqlite:////x/{name}")
    assert [way.target for way in ways] == [f"sqlite:////x/{one.name}" for one in DEPLOYABLES]
    with pytest.raises(CommandRefused, match="Name a service"):
        ways_of(Home(tmp_path), None, source=None, target="sqlite:////x")
    assert kept_checkpoint(Home(tmp_path), None, vkey=None) is None
