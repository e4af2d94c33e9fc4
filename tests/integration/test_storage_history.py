"""Tables have a history, and it leads to what the code says."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from gateway.adapters.number_tables import REFERRAL_NUMBERS, number_row
from gateway.adapters.tables import LEDGER_ENTRIES
from mesh.home import Home
from mesh.revisions import ROOMS, TABLES, bring_forward
from shared.agency.tables import UNSENT
from shared.kernel.errors import InternalFault, MeshError
from shared.referral.number import number_of
from shared.storage import engine as storage_engine
from shared.storage.append_only import append_only
from shared.storage.engine import open_engine
from shared.storage.history import configuration, history_of, migrate, new_tables, prepare
from tests.support.postgres import PostgresServer, numbered

FIRST = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0001", None, None, None
def upgrade(): op.create_table("shelf", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
"""
SECOND = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade(): op.add_column("shelf", sa.Column("label", sa.String(), nullable=True))
"""
NOT_YOURS = (
    "UPDATE ledger_entries SET leaf = 'x'",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_groups SET hash = 'x'",
    "DROP TABLE ledger_entries",
    "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
    "UPDATE schema_of_gateway SET version_num = '0'",
)
NODES = ("ledger_tiles", "ledger_groups")
BROKEN = SECOND.replace('op.add_column("shelf"', 'op.add_column("nowhere"')


def a_room(folder: Path, *revisions: str) -> MetaData:
    """A room with one table, whose last revision gives it a label."""
    migrations = folder / "migrations"
    migrations.mkdir(exist_ok=True)
    for number, revision in enumerate(revisions, start=1):
        (migrations / f"{number:04}_step.py").write_text(revision)
    metadata = new_tables("library", str(folder / "tables.py"))
    later = [Column("label", String)] if len(revisions) > 1 else []
    Table("shelf", metadata, Column("id", Integer, primary_key=True), *later)
    return metadata


def columns(engine: Engine) -> set[str]:
    return {column["name"] for column in inspect(engine).get_columns("shelf")}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("room", sorted(TABLES))
def test_the_revisions_of_a_room_lead_to_its_tables(room: str, engine: Engine) -> None:
    history = history_of(TABLES[room])
    with engine.begin() as connection:
        command.upgrade(configuration(connection, history), "head")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        mine = [one for one in compare_metadata(context, history.metadata) if history.version_table not in str(one)]
    engine.dispose()
    assert mine == [], "write a revision: python -m mesh revise ROOM 'what changes'"


@pytest.mark.parametrize("deployable", sorted(ROOMS))
def test_a_fresh_database_is_at_the_newest_version_and_needs_no_revision(deployable: str, engine: Engine) -> None:
    prepare(engine, *ROOMS[deployable])
    after = migrate(engine, *ROOMS[deployable])
    engine.dispose()
    assert all(before == now == "0001" or before == now for _, before, now in after)


def test_the_ledger_can_only_be_added_to(engine: Engine) -> None:
    prepare(engine, *ROOMS["gateway"])
    entry = {"idx": 0, "leaf": "{}", "leaf_hash": "00", "kind": "referral", "at": "t", "actor": "a"}
    with engine.begin() as connection:
        connection.execute(insert(LEDGER_ENTRIES).values(**entry))
    attacks = [
        "UPDATE ledger_entries SET leaf = '{1}'",
        "DELETE FROM ledger_entries",
        *(f"DELETE FROM {table}" for table in NODES),
    ]
    for attack in [*attacks, *(["TRUNCATE ledger_entries"] if engine.dialect.name == "postgresql" else [])]:
        if attack.endswith(NODES) and engine.dialect.name == "sqlite":
            continue  # a trigger of SQLite fires for rows, and there is none
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(attack))
    with engine.connect() as connection:
        assert connection.execute(select(LEDGER_ENTRIES.c.leaf)).scalars().all() == ["{}"]
    engine.dispose()


def test_a_service_that_owns_nothing_can_work_and_cannot_touch_the_ledger(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    owner = open_engine(postgres_url)
    role = numbered("runtime")
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
    runtime = open_engine(str(make_url(postgres_url).set(username=role)))
    with pytest.raises(InternalFault) as too_early:
        prepare(runtime, *ROOMS["gateway"])
    assert too_early.value.code == "storage.schema-behind"
    migrate(owner, *ROOMS["gateway"], runtime_role=role)
    prepare(runtime, *ROOMS["gateway"])
    with runtime.begin() as connection:
        connection.execute(text("INSERT INTO ledger_head (id, size, frontier) VALUES (1, 0, '[]')"))
        connection.execute(text("UPDATE ledger_head SET size = 1"))
    for attack in NOT_YOURS:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), runtime.begin() as connection:
            connection.execute(text(attack))
    runtime.dispose()
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    owner.dispose()


def test_housekeeping_looks_for_no_room_among_rows_that_are_only_added(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    prepare(engine, *ROOMS["gateway"])
    left_alone = text("SELECT relname FROM pg_class WHERE 'autovacuum_vacuum_insert_threshold=-1' = ANY (reloptions)")
    with engine.connect() as connection:
        found = set(connection.execute(left_alone).scalars())
    engine.dispose()
    assert found == append_only(TABLES["gateway"])


def test_two_replicas_that_start_at_once_make_the_tables_once(database_url: str, tmp_path: Path) -> None:
    room, engines = a_room(tmp_path, FIRST), [open_engine(database_url) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda engine: prepare(engine, room), engines))
    assert columns(engines[0]) == {"id"}
    for engine in engines:
        engine.dispose()


def test_an_embedded_database_is_brought_forward_and_a_shared_one_waits_for_its_operator(
    database_url: str, engine: Engine, tmp_path: Path
) -> None:
    prepare(engine, a_room(tmp_path, FIRST))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO shelf (id) VALUES (7)"))
    newer = a_room(tmp_path, FIRST, SECOND)
    if database_url.startswith("postgresql"):
        with pytest.raises(InternalFault) as refused:
            prepare(engine, newer)
        assert refused.value.code == "storage.schema-behind"
        assert migrate(engine, newer) == [("library", "0001", "0002")]
    prepare(engine, newer)
    assert columns(engine) == {"id", "label"}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM shelf")).scalars().all() == [7]
    engine.dispose()


def test_a_revision_may_take_longer_than_any_call(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_engine, "_STATEMENT_MILLIS", 1_000)
    engine = open_engine(postgres_url)
    prepare(engine, a_room(tmp_path, FIRST))
    slow = SECOND.replace("def upgrade(): ", "def upgrade(): op.execute('SELECT pg_sleep(1.2)'); ")
    assert migrate(engine, a_room(tmp_path, FIRST, slow)) == [("library", "0001", "0002")]
    with engine.connect() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "1s"
    engine.dispose()


def test_a_revision_that_fails_leaves_the_database_as_it_was(engine: Engine, tmp_path: Path) -> None:
    prepare(engine, a_room(tmp_path, FIRST))
    with pytest.raises(MeshError):
        migrate(engine, a_room(tmp_path, FIRST, BROKEN))
    assert columns(engine) == {"id"}
    assert migrate(engine, a_room(tmp_path, FIRST, SECOND)) == [("library", "0001", "0002")]
    engine.dispose()


def test_code_of_before_works_on_a_database_that_is_newer(engine: Engine, tmp_path: Path) -> None:
    prepare(engine, a_room(tmp_path, FIRST, SECOND))
    (tmp_path / "before").mkdir()
    prepare(engine, a_room(tmp_path / "before", FIRST))
    assert columns(engine) == {"id", "label"}
    engine.dispose()


@pytest.mark.parametrize("room", [name for name in sorted(TABLES) if history_of(TABLES[name]).newest > "0001"])
def test_every_revision_leaves_room_for_the_release_before_it(room: str, sqlite_url: str) -> None:
    """Replicas of two releases run side by side: nothing that the older one reads or writes is taken away or asked."""
    history, engine = history_of(TABLES[room]), open_engine(sqlite_url)
    for number in range(1, int(history.newest) + 1):
        with engine.begin() as connection:
            before = shape_of(connection)
            command.upgrade(configuration(connection, history), f"{number:04}")
            after = shape_of(connection)
        assert before.keys() <= after.keys(), "a revision that takes away comes a release later"
        asked_for = {
            column for column in after.keys() - before.keys() if column[0] in tables_of(before) and after[column]
        }
        assert asked_for == set(), "an older release does not know these: let them be empty, or give them a default"
    engine.dispose()


def tables_of(shape: dict[tuple[str, str], bool]) -> set[str]:
    return {table for table, _ in shape}


def shape_of(connection: Connection) -> dict[tuple[str, str], bool]:
    """Every column there is, and whether whoever adds a row has to know it."""
    found = inspect(connection)
    return {
        (table, column["name"]): not column["nullable"] and column["default"] is None
        for table in found.get_table_names()
        for column in found.get_columns(table)
    }


def test_tables_that_no_history_tells_of_are_not_touched(engine: Engine, tmp_path: Path) -> None:
    room = a_room(tmp_path, FIRST)
    room.create_all(engine)
    with pytest.raises(InternalFault) as refused:
        prepare(engine, room)
    engine.dispose()
    assert refused.value.code == "storage.schema-unknown"


def test_the_command_brings_every_database_of_a_home_forward(tmp_path: Path) -> None:
    lines = list(bring_forward(Home(tmp_path), urls={}))
    assert len(lines) == sum(len(rooms) for rooms in ROOMS.values())
    assert all("empty -> " in line for line in lines)
    assert not any("->" in line for line in bring_forward(Home(tmp_path), urls={}))


def test_referrals_that_a_gateway_of_before_admitted_keep_their_numbers(engine: Engine) -> None:
    history, id_ = history_of(ROOMS["gateway"][0]), "01938e5c-8a00-7000-8000-000000000001"
    known = {"referral_id": id_, "received_at": "2026-11-21T08:15:30.123Z"}
    with engine.begin() as connection:
        command.upgrade(configuration(connection, history), "0009")
        before = Table("referrals", MetaData(), autoload_with=connection)
        given = {column.name: False if isinstance(column.type, Boolean) else "{}" for column in before.columns}
        connection.execute(insert(before).values(given | known | {"number": number_of(id_)}))
        command.upgrade(configuration(connection, history), "head")
        found = connection.execute(select(REFERRAL_NUMBERS)).mappings().all()
        kept_in_order = {tuple(index["column_names"]) for index in inspect(connection).get_indexes("referrals")}
    engine.dispose()
    assert found == [number_row(known)] == [{"day": "2026-11-21", "number": number_of(id_), "referral_id": id_}]
    assert ("number",) not in kept_in_order, "PostgreSQL would write one of its pages at every change"


def test_referrals_of_before_are_found_under_their_numbers(engine: Engine) -> None:
    history = history_of(TABLES["agency"])
    id_ = "01938e5c-8a00-7000-8000-000000000001"
    texts = ["box", "chain_id", "sender", "recipient", "subject", "service_type", "urgency", "area", "age_band"]
    given = dict.fromkeys([*texts, "state", "sent_at"], "x")
    given |= dict.fromkeys(["preferences", "facts", "basis", "due"], "{}")
    given |= {"referral_id": id_, "blocked": "[]"}
    names = ", ".join([*given, "phoned_first", "statements"])
    values = ", ".join([*(f":{name}" for name in given), "false", "0"])
    with engine.begin() as connection:
        command.upgrade(configuration(connection, history), "0001")
        connection.execute(text(f"INSERT INTO referrals ({names}) VALUES ({values})"), given)
        command.upgrade(configuration(connection, history), "head")
        found = connection.execute(text("SELECT number FROM referrals")).scalars().all()
    engine.dispose()
    assert found == [number_of(id_)]


def test_unfinished_referrals_that_may_hold_what_nobody_can_tell_are_not_kept(engine: Engine) -> None:
    history = history_of(TABLES["agency"])
    given = dict.fromkeys(["account_id", "begun_at", "kept_at", "expires_at"], "x")
    with engine.begin() as connection:
        command.upgrade(configuration(connection, history), "0005")
        before = Table("unsent", MetaData(), autoload_with=connection)
        written = {"draft_id": "d/written", "referral_id": None, "wrapped_key": b"k", "content": b"c"}
        sent = {"draft_id": "d/sent", "referral_id": "r", "wrapped_key": None, "content": None}
        connection.execute(insert(before), [given | written, given | sent])
        command.upgrade(configuration(connection, history), "head")
        found = connection.execute(select(UNSENT.c.draft_id, UNSENT.c.before_id)).all()
    engine.dispose()
    assert found == [("d/sent", None)]
