"""Engines: what is promised on both databases, and what is refused."""

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import JSON, Engine, literal, select, text
from sqlalchemy.exc import DBAPIError

from shared.kernel.errors import InputRejected, InternalFault, PeerUnavailable
from shared.storage.driver import Driver, Template
from shared.storage.engine import close_engine, open_engine, ping, read
from tests.support.postgres import PostgresServer
from tests.support.small_bank import ACCOUNT, amounts, open_bank


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_bank(database_url, "a")
    yield engine
    engine.dispose()


def test_eight_threads_lose_no_update(engine: Engine) -> None:
    def deposit(_thread: int) -> None:
        for _ in range(60):
            with engine.begin() as connection:
                account = select(ACCOUNT.c.amount).where(ACCOUNT.c.id == "a").with_for_update()
                amount = connection.execute(account).scalar_one()
                connection.execute(ACCOUNT.update().values(amount=amount + 1))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(deposit, range(8)))
    assert amounts(engine) == {"a": 480}


def test_reader_sees_one_snapshot_while_others_write(engine: Engine) -> None:
    with read(engine) as connection:
        before = connection.execute(select(ACCOUNT.c.amount)).scalar_one()
        with engine.begin() as other:
            other.execute(ACCOUNT.update().values(amount=7))
        assert connection.execute(select(ACCOUNT.c.amount)).scalar_one() == before == 0
    assert amounts(engine) == {"a": 7}


def test_reader_below_the_toolkit_sees_one_snapshot_too(engine: Engine) -> None:
    template = Template(select(ACCOUNT.c.amount), engine.dialect)
    with read(engine) as connection:
        driver = Driver(connection)
        (before,) = driver.ask([(template, ())])
        with engine.begin() as other:
            other.execute(ACCOUNT.update().values(amount=7))
        (after,) = driver.ask([(template, ())])
    assert list(map(tuple, after)) == list(map(tuple, before))
    assert amounts(engine) == {"a": 7}


def test_reader_below_the_toolkit_cannot_write_and_spoils_the_connection_for_nobody(engine: Engine) -> None:
    change = Template(text("UPDATE account SET amount = 1"), engine.dialect)
    with pytest.raises((PeerUnavailable, InternalFault)), read(engine) as connection:
        Driver(connection).ask([(change, ())])
    assert amounts(engine) == {"a": 0}
    with engine.begin() as connection:
        connection.execute(ACCOUNT.update().values(amount=2))
    assert amounts(engine) == {"a": 2}


def test_reader_cannot_write_and_spoils_the_connection_for_nobody(engine: Engine) -> None:
    with pytest.raises((PeerUnavailable, InternalFault)), read(engine) as connection:
        connection.execute(ACCOUNT.update().values(amount=1))
    assert amounts(engine) == {"a": 0}
    with engine.begin() as connection:
        connection.execute(ACCOUNT.update().values(amount=2))
    assert amounts(engine) == {"a": 2}


def test_reader_that_repeated_itself_can_still_use_what_the_driver_below_has_prepared(engine: Engine) -> None:
    amount = select(ACCOUNT.c.amount)
    template = Template(amount, engine.dialect)
    for _ in range(2):
        with read(engine) as connection:
            assert [list(map(tuple, rows)) for rows in Driver(connection).ask([(template, ())])]
            for _ in range(6):
                connection.execute(amount).all()


def test_questions_that_are_new_to_a_connection_are_each_answered_by_their_own_rows(engine: Engine) -> None:
    mine, count = select(ACCOUNT.c.id), select(ACCOUNT.c.amount, ACCOUNT.c.id)
    questions = [(Template(one, engine.dialect), ()) for one in (mine, count, mine.where(ACCOUNT.c.id.is_(None)))]
    with read(engine) as connection:
        driver = Driver(connection)
        for _ in range(2):
            assert [[len(row) for row in rows] for rows in driver.ask(questions)] == [[1], [2], []]


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("INSERT INTO entry (account_id, line, amount) VALUES ('nobody', 1, 1)"))


@pytest.mark.parametrize("value", [{"a": ["Hà Nội", 1.5, None, True]}, [], {"a": "\ud800"}, "\udfff"])
def test_json_columns_bring_back_what_was_written(engine: Engine, value: object) -> None:
    with read(engine) as connection:
        assert connection.execute(select(literal(value, JSON))).scalar_one() == value


def test_database_that_answers_is_pinged(engine: Engine) -> None:
    ping(engine)


def test_database_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+psycopg://postgres@/none?host={tmp_path}")
    with pytest.raises(PeerUnavailable) as refusal:
        ping(engine)
    assert refusal.value.code == "storage.unavailable"
    assert refusal.value.retry_after == 1


def test_error_text_names_neither_table_nor_library(engine: Engine) -> None:
    with pytest.raises((PeerUnavailable, InternalFault)) as refusal, read(engine) as connection:
        connection.execute(text("SELECT secret FROM account"))
    for word in ("account", "secret", "sql", "psycopg"):
        assert word not in refusal.value.message.lower()


def test_sqlite_file_is_private(sqlite_url: str, tmp_path: Path) -> None:
    engine = open_bank(sqlite_url)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    engine.dispose()
    assert set(modes.values()) == {0o600}


def test_sqlite_commits_survive_a_power_cut(sqlite_url: str) -> None:
    engine = open_bank(sqlite_url)
    with read(engine) as connection:
        settings = [
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    engine.dispose()
    assert settings == ["wal", 2, 1]


@pytest.mark.parametrize(
    "url",
    ["", "no url", "sqlite://", "sqlite:///:memory:", "mysql://a/b", "postgresql://a/b", "sqlite:////no/such/dir/x"],
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        open_engine(url)
    assert refusal.value.code == "storage.url"
    assert "no" not in refusal.value.message.split()


def test_no_session_on_a_server_works_waits_or_keeps_silent_without_end(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    try:
        with engine.connect() as connection:
            limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            given = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in limits}
    finally:
        close_engine(engine)
    assert [name for name, limit in given.items() if limit == "0"] == []


def test_closing_waits_for_what_is_being_read(database_url: str) -> None:
    engine = open_engine(database_url)
    reading, closed = threading.Event(), threading.Event()
    order: list[str] = []

    def look() -> None:
        with read(engine) as connection:
            reading.set()
            assert not closed.wait(0.1)
            connection.execute(text("SELECT 1"))
            order.append("read")

    reader = threading.Thread(target=look)
    reader.start()
    assert reading.wait(5)
    close_engine(engine)
    order.append("closed")
    closed.set()
    reader.join(5)
    assert order == ["read", "closed"]


def test_a_writer_sees_what_is_true_behind_a_lock_whatever_the_database_was_set_to(
    postgres_server: PostgresServer, postgres_url: str
) -> None:
    database = postgres_url.partition("@/")[2].partition("?")[0]
    postgres_server.execute(f"ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'")
    engine = open_engine(postgres_url)
    with engine.begin() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
    engine.dispose()
