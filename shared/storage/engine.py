"""Database engines: SQLite for one machine, PostgreSQL for many, with the same promises on both.

Promises: a transaction that may write is serialised against lost updates (SQLite: `BEGIN IMMEDIATE`;
PostgreSQL: the row that `Book.lock` holds); a committed transaction survives a power cut (SQLite:
WAL with `synchronous=FULL`); foreign keys are enforced; nothing waits for ever (lock, statement,
connect and pool timeouts; a peer that fell silent on the network is given up by both sides). A writer that froze in a
transaction loses it before those who wait for what it holds have to give up (`settle_writer`).
Refuses: other databases, and SQLite in memory, which each connection would see differently.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from shared.kernel.errors import InputRejected
from shared.kernel.json_text import read_json, write_json
from shared.storage.driver import BEGIN_WRITING, translated
from shared.storage.faults import to_mesh_error

_SQLITE = "sqlite"
_POSTGRES = "postgresql"
_BUSY_MILLIS = 5_000
_SWITCH_MILLIS = 20
_STATEMENT_MILLIS = 15_000
_IDLE_MILLIS = 30_000
_CONNECT_SECONDS = 5
#: When a connection counts as lost because nothing comes from the other machine, in seconds and times.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
#: How long what was sent may go without a sign that it arrived; keepalives do not ask while something is on its way.
_UNHEARD_MILLIS = 25_000
#: How long a writer may say nothing within a transaction: less than others wait for what it holds.
_SILENT_MILLIS = 4_000
#: The server compiles what it takes for dear, as a table without an index then seems to be.
_OF_A_WRITER = {"idle_in_transaction_session_timeout": _SILENT_MILLIS, "enable_seqscan": "off", "jit": "off"}
#: What a database or an account may have been given another default for. Behind a lock, what is true by then has to be
#: seen: a transaction with a snapshot of its beginning would see what was true before it waited.
_FIXED = " -c timezone=UTC -c default_transaction_isolation=read\\ committed"
_LOOK_AGAIN_SECONDS = 0.01
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 8, "pool_timeout": 5}
_SQLITE_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",  # not everybody's build has it on: what is destroyed is overwritten with zeros
    f"busy_timeout={_BUSY_MILLIS}",
)
#: Pages that the one connection that writes keeps, in KiB; those that read have SQLite's usual 2 MB, each its own.
_WRITER_PAGES = "PRAGMA cache_size=-8192"
_READ_ONLY = {"read_only_work": True}


def open_engine(url: str) -> Engine:
    """Open the database at `sqlite:///<path>` or `postgresql+psycopg://...`.

    No connection is made yet; a SQLite file is created, readable by its owner alone. Raises
    `InputRejected` (`storage.url`).
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as fault:
        raise _wrong_url() from fault
    if parsed.drivername == _SQLITE:
        return _open_sqlite(parsed)
    if parsed.drivername == f"{_POSTGRES}+psycopg":
        return _open_postgres(parsed)
    raise _wrong_url()


_JSON: dict[str, Any] = {"json_serializer": write_json, "json_deserializer": read_json}


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Open a connection for one read-only transaction that sees one snapshot throughout.

    Writing through it fails. Raises `PeerUnavailable` (`storage.unavailable`) when the database does
    not answer, `InternalFault` (`storage.fault`) when it refuses the statement.
    """
    try:
        with engine.connect() as connection:
            yield connection.execution_options(**_read_options(engine))
    except SQLAlchemyError as fault:
        raise to_mesh_error(fault) from fault


def close_engine(engine: Engine, *, patience: float = 5.0) -> None:
    """Give every connection back; one that is lent out is waited for, `patience` seconds at most.

    A thread that was reading when its caller was stopped still holds its connection, and a pool that is disposed of
    forgets what comes back later without closing it.
    """
    deadline = time.monotonic() + patience
    pool = engine.pool
    while isinstance(pool, QueuePool) and pool.checkedout() and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_SECONDS)
    engine.dispose()


def settle_writer(connection: Connection) -> None:
    """Tell the server how to treat the connection of a writer, which others wait for (PostgreSQL).

    It ends a transaction in which nothing is said for a while: one that froze must not stop everybody. It does not
    begin to count behind a message that asks for no answer: the last one of a round trip has to be `Sync`.
    Rows are looked up by an index wherever there is one: a statement is prepared once, and a plan made while its table
    was empty would read the whole of it, more of it with each commit, until somebody takes statistics.
    """
    if connection.dialect.name == _POSTGRES:
        for name, value in _OF_A_WRITER.items():
            connection.exec_driver_sql(f"SET {name} = {value}")


def writes_side_by_side(engine: Engine) -> bool:
    """Say whether several transactions may write at once, each to rows of its own (PostgreSQL)."""
    return engine.dialect.name == _POSTGRES


def ping(engine: Engine) -> None:
    """Ask the database for a sign of life. Raises `PeerUnavailable` (`storage.unavailable`)."""
    with read(engine) as connection:
        connection.execute(text("SELECT 1"))


def _wrong_url() -> InputRejected:
    return InputRejected(
        "storage.url", "Give a database as sqlite:///<path of a file in an existing folder> or postgresql+psycopg://..."
    )


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise _wrong_url()
    _create_private(Path(url.database))
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_MILLIS / 1000, "check_same_thread": False}, **_POOL, **_JSON
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _create_private(path: Path) -> None:
    """Create the file with mode 0600; SQLite gives its journal files the same mode.

    An existing file is not touched: to open and close it would drop the locks of this process on it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as fault:
        raise _wrong_url() from fault


def _prepare_sqlite(driver_connection: Any, _record: Any) -> None:
    driver_connection.isolation_level = None  # or the driver begins by itself, deferred, and updates get lost
    for pragma in _SQLITE_PRAGMAS:
        driver_connection.execute(f"PRAGMA {pragma}")
    _write_ahead(driver_connection)


def _write_ahead(driver_connection: Any) -> None:
    """Switch the journal mode, which does not heed `busy_timeout` while another process switches it too."""
    for _ in range(_BUSY_MILLIS // _SWITCH_MILLIS):
        with suppress(sqlite3.OperationalError):
            driver_connection.execute("PRAGMA journal_mode=WAL")
            return
        time.sleep(_SWITCH_MILLIS / 1000)
    driver_connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock before the first read, unless the driver below the toolkit has begun already."""
    driver_connection: Any = connection.connection.driver_connection
    if driver_connection.in_transaction:
        return
    read_only = bool(connection.get_execution_options().get("read_only_work"))
    if connection.info.get("read_only", False) is not read_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(read_only)}")
        connection.info["read_only"] = read_only
    if not read_only and not connection.info.get("writes", False):
        connection.exec_driver_sql(_WRITER_PAGES)
        connection.info["writes"] = True
    with translated(connection.dialect, driver_connection) as driver:  # the toolkit takes longer
        driver.execute("BEGIN" if read_only else BEGIN_WRITING)


def _open_postgres(url: URL) -> Engine:
    limits = {
        "statement_timeout": _STATEMENT_MILLIS,
        "lock_timeout": _BUSY_MILLIS,
        "idle_in_transaction_session_timeout": _IDLE_MILLIS,
    }
    limits |= {f"tcp_{name}": value for name, value in _KEEPALIVES.items()} | {"tcp_user_timeout": _UNHEARD_MILLIS}
    options = " ".join(f"-c {name}={value}" for name, value in limits.items()) + _FIXED
    arguments = {
        "connect_timeout": _CONNECT_SECONDS,
        "options": options,
        "tcp_user_timeout": _UNHEARD_MILLIS,
        "prepare_threshold": None,  # or the driver forgets, at each rollback, also what the pipeline has prepared
        **_KEEPALIVES,
    }
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True, **_POOL, **_JSON)
    event.listen(engine, "checkin", _keep_no_reader)
    return engine


def began_read_only(driver_connection: Any) -> bool:
    """Say whether a session began while its database took no writes: it will take none for as long as it lives.

    The server of PostgreSQL 14 and later tells these two settings by itself (protocol message ParameterStatus).
    """
    if isinstance(driver_connection, sqlite3.Connection) or driver_connection.closed:
        return False
    told = driver_connection.pgconn.parameter_status
    return b"on" in (told(b"default_transaction_read_only"), told(b"in_hot_standby"))


def _keep_no_reader(driver_connection: Any, record: ConnectionPoolEntry) -> None:
    if driver_connection is not None and began_read_only(driver_connection):
        record.invalidate(soft=True)


def _read_options(engine: Engine) -> dict[str, Any]:
    if engine.dialect.name == _POSTGRES:
        return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return _READ_ONLY
