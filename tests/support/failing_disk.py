"""Databases that take nothing more, each by what the real engine does: no room, no right, a file that cannot grow."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.support.postgres import PostgresServer

_PLENTY = 1 << 30
_JOURNAL_HEAD, _FRAME_HEAD = 32, 24  # bytes (SQLite file format, section 4.1)


class Files:
    """Every connection to SQLite that is opened while the block lasts; they can be told to take nothing more."""

    def __init__(self) -> None:
        self._opened: list[sqlite3.Connection] = []
        self._now: tuple[str, ...] = ()

    @contextmanager
    def watched(self) -> Iterator["Files"]:
        """Know of every connection from here on."""
        event.listen(Engine, "connect", self._met)
        try:
            yield self
        finally:
            event.remove(Engine, "connect", self._met)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let no file have another page (SQLITE_FULL)."""
        with self._told("PRAGMA max_page_count=1", then=f"PRAGMA max_page_count={_PLENTY}"):
            yield

    @contextmanager
    def _told(self, order: str, *, then: str) -> Iterator[None]:
        self._now = (order,)
        self._tell(order)
        try:
            yield
        finally:
            self._now = ()
            self._tell(then)

    def _met(self, connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            self._opened.append(connection)
            for order in self._now:
                connection.execute(order)

    def _tell(self, order: str) -> None:
        for connection in self._opened:
            with suppress(sqlite3.ProgrammingError):  # closed by now
                connection.execute(order)


@contextmanager
def no_file_grows(*databases: Path) -> Iterator[None]:
    """Let this process write no byte behind the end of these databases' journals (EFBIG, like a quota)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ExitStack() as readers:
        ends = [_held_end(path, readers) for path in databases]
        resource.setrlimit(resource.RLIMIT_FSIZE, (min(ends), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _held_end(database: Path, readers: ExitStack) -> int:
    """Return where a journal ends, in bytes, and see to it that nobody begins it anew: there would be room in it again.

    A reader who finds the whole journal in the file does not hold it. So one holds the file as it is, a commit follows,
    and who reads then reads it in the journal. The file of a journal may be longer than the journal in it.
    """
    _reading(database, readers)
    with closing(sqlite3.connect(database, isolation_level=None)) as own:
        ((counted,),) = own.execute("PRAGMA user_version").fetchall()
        own.execute(f"PRAGMA user_version={counted + 1}")
        _reading(database, readers)
        ((page,),) = own.execute("PRAGMA page_size").fetchall()
        ((_busy, frames, _written),) = own.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return _JOURNAL_HEAD + int(frames) * (_FRAME_HEAD + int(page))


def _reading(database: Path, readers: ExitStack) -> None:
    reader = readers.enter_context(closing(sqlite3.connect(database, isolation_level=None)))
    reader.execute("BEGIN")
    reader.execute("SELECT name FROM sqlite_schema").fetchall()


@contextmanager
def read_only(server: PostgresServer, *databases: str) -> Iterator[None]:
    """Let every session that begins from now on only read, and end those that are there."""
    for name in databases:
        server.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        for name in databases:
            server.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
