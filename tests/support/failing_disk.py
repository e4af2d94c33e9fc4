"""Databases that take nothing more, each by what the real engine does: no room, no right, a file that cannot grow."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.support.postgres import PostgresServer

_PLENTY = 1 << 30


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
    journals = [path.with_name(f"{path.name}-wal") for path in databases]
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(path.stat().st_size for path in journals), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
