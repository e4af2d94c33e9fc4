"""A database copied into an empty one, of the same kind or another: whole, or not at all.

Promises: nothing is copied while a service has either database open, and nobody writes to the source meanwhile; all of
it arrives in one transaction, which is committed only when every table has the same number of rows with the same
contents; numbers that a database draws by itself go on after those that were copied.
Refuses: a source that is not at the version of this release, a target that is not empty.
The digest of a table is the sum of the SHA-256 digests of its rows: two databases need not agree on an order of texts.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, func, insert, select, text

from shared.kernel.errors import InternalFault
from shared.storage.engine import open_engine
from shared.storage.history import History, Tables, begin, held, history_of, version_of

_POSTGRES: Final = "postgresql"
_PORTION: Final = 1_000
_MODULUS: Final = 1 << 256
_PATIENCE: Final = ("statement_timeout", "idle_in_transaction_session_timeout")
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_GO_ON: Final = text(
    "SELECT setval(pg_get_serial_sequence(:owner, :name), :last)"
    " WHERE pg_get_serial_sequence(:owner, :name) IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table holds: how many rows, and a digest that does not depend on their order."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Pair:
    """The two databases, held: one that nobody writes to, and one that is filled when the block ends well."""

    source: Connection
    target: Connection


@contextmanager
def pair_held(source: str, target: str, rooms: Sequence[Tables]) -> Iterator[Pair]:
    """Hold the databases at two addresses for as long as the block lasts; what is written is kept when it ends well.

    Raises `InternalFault` (`storage.copy`) where one of them is open elsewhere, the source is not at this release's
    version, or the target holds rows or is at another version.
    """
    with (
        _engine(source) as origin,
        _engine(target) as place,
        _source(origin, rooms) as held_source,
        _target(place, rooms) as held_target,
    ):
        yield Pair(held_source, held_target)


def copy_rows(pair: Pair, rooms: Sequence[Tables]) -> Sequence[Contents]:
    """Copy every table, and return what each holds now. Raises `InternalFault` (`storage.copy`) where one differs."""
    copied = []
    for table in _tables(rooms):
        sent = _Summing(table.name)
        for portion in _portions(pair.source, table):
            pair.target.execute(insert(table), [dict(row._mapping) for row in portion])
            sent.add(portion)
        arrived = _contents_of(pair.target, table)
        if arrived != sent.contents():
            raise _refused(f"What arrived in {table.name} is not what was sent: {arrived.rows} of {sent.rows} rows.")
        _go_on_counting(pair.target, table)
        copied.append(arrived)
    return copied


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _source(engine: Engine, rooms: Sequence[Tables]) -> Iterator[Connection]:
    _check_alone(engine)
    with held(engine) as connection:
        for history in map(history_of, rooms):
            if version_of(connection, history) != history.newest:
                raise _refused("The source is not at the version of this release: python -m mesh migrate.")
        _take_time(connection)
        if engine.dialect.name == _POSTGRES:
            names = ", ".join(table.name for table in _tables(rooms))
            connection.execute(text(f"LOCK TABLE {names} IN SHARE MODE"))
        yield connection


@contextmanager
def _target(engine: Engine, rooms: Sequence[Tables]) -> Iterator[Connection]:
    _check_alone(engine)
    with held(engine) as connection:
        _take_time(connection)
        for history in map(history_of, rooms):
            _begin_or_check(connection, history)
        for table in _tables(rooms):
            if connection.execute(select(text("1")).select_from(table).limit(1)).first() is not None:
                raise _refused(
                    "The target is not empty. Copy into a fresh database, and start no service on it before."
                )
        yield connection


def _contents_of(connection: Connection, table: Table) -> Contents:
    summing = _Summing(table.name)
    for portion in _portions(connection, table):
        summing.add(portion)
    return summing.contents()


def _check_alone(engine: Engine) -> None:
    if engine.dialect.name == _POSTGRES:
        with held(engine) as connection:
            is_alone = connection.execute(_OTHERS).scalar_one() == 0
    else:
        is_alone = _can_be_had_alone(str(engine.url.database))
    if not is_alone:
        raise _refused("A service still has this database open. Stop every service that uses it.")


def _can_be_had_alone(path: str) -> bool:
    """Try for the lock that SQLite gives to nobody while another connection, even an idle one, is open."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return False
    return True


class _Summing:
    """Adds rows up."""

    def __init__(self, name: str) -> None:
        self._name, self._sum, self.rows = name, 0, 0

    def add(self, portion: Iterable[Any]) -> None:
        for row in portion:
            told = json.dumps(list(row), default=bytes.hex, sort_keys=True, separators=(",", ":"))
            self._sum = (self._sum + int.from_bytes(hashlib.sha256(told.encode()).digest())) % _MODULUS
            self.rows += 1

    def contents(self) -> Contents:
        return Contents(self._name, self.rows, self._sum.to_bytes(32).hex())


def _tables(rooms: Sequence[Tables]) -> Sequence[Table]:
    return [table for metadata in rooms for table in metadata.sorted_tables]


def _portions(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    statement = select(table).execution_options(yield_per=_PORTION)
    return iter(connection.execute(statement).partitions())


def _begin_or_check(connection: Connection, history: History) -> None:
    version = version_of(connection, history)
    if version is None:
        begin(connection, history)
    elif version != history.newest:
        raise _refused("The target is at another version than this release: python -m mesh migrate.")


def _take_time(connection: Connection) -> None:
    """Let this one transaction take as long as it takes."""
    if connection.dialect.name == _POSTGRES:
        for name in _PATIENCE:
            connection.execute(text(f"SET LOCAL {name} = 0"))


def _go_on_counting(connection: Connection, table: Table) -> None:
    """Let a number that PostgreSQL draws for new rows go on after the last that was copied; SQLite does by itself."""
    counted = table.autoincrement_column
    if counted is None or connection.dialect.name != _POSTGRES:
        return
    last = connection.execute(select(func.max(counted))).scalar()
    if last is not None:
        connection.execute(_GO_ON, {"owner": table.name, "name": counted.name, "last": last})


def _refused(message: str) -> InternalFault:
    return InternalFault("storage.copy", message)
