"""The databases of a stage, and what can be done to them while somebody works on them."""

import asyncio
import os
import pwd
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, Protocol

import psycopg

from bench.postgres import DURABLE, MISSING, PostgresServer, find_programs, serve

SQLITE, POSTGRES = "sqlite", "postgresql"
_LOCKED_SECONDS: Final = 0.7
#: Longer than a process waits for a lock: its callers are told to come again.
_PATIENCE_OVER: Final = 5.6


class Engine(Protocol):
    """One kind of database."""

    name: str
    #: What can be done to a database of it, by name.
    faults: tuple[str, ...]

    def url(self, owner: str) -> str:
        """Return the address of a fresh database for one process."""
        ...

    def settings(self, owner: str) -> Mapping[str, str]:
        """Return the settings beside the database that a process needs for this engine."""
        ...

    async def hurt(self, fault: str, owner: str) -> None:
        """Do one of `faults` to the database of a process, and undo what has to be undone."""
        ...


class Sqlite:
    """One file for each process; somebody else may hold its lock for longer than the process likes to wait."""

    name: str = SQLITE
    faults: tuple[str, ...] = ("database-locked",)

    def __init__(self, folder: Path) -> None:
        self._folder, self._turn = folder, 0

    def url(self, owner: str) -> str:
        """Return the address of the file."""
        return f"sqlite:///{self._folder / owner}.sqlite"

    def settings(self, owner: str) -> Mapping[str, str]:
        """Return nothing: a file is all there is."""
        return {}

    async def hurt(self, fault: str, owner: str) -> None:
        """Hold the write lock for a while."""
        await asyncio.to_thread(self._hold, owner, _PATIENCE_OVER if self._turn % 3 == 2 else _LOCKED_SECONDS)
        self._turn += 1

    def _hold(self, owner: str, seconds: float) -> None:
        with closing(sqlite3.connect(self._folder / f"{owner}.sqlite", isolation_level=None, timeout=20)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            other.execute("ROLLBACK")


class Postgres:
    """One server; its connections are cut, or the server itself crashes and recovers."""

    name: str = POSTGRES
    faults: tuple[str, ...] = ("connections-terminated", "connections-terminated", "database-crashed")

    def __init__(self, programs: Path, server: PostgresServer) -> None:
        self._programs, self._server = programs, server
        self._names: set[str] = set()

    def url(self, owner: str) -> str:
        """Make a database and return its address."""
        if owner not in self._names:
            self._names.add(owner)
            self._server.create(owner)
        return self._server.url(owner)

    def settings(self, owner: str) -> Mapping[str, str]:
        """Return nothing: the address of the database says it all."""
        return {}

    async def hurt(self, fault: str, owner: str) -> None:
        """Cut the connections of one process, or crash the server under all of them."""
        await asyncio.to_thread(self._crash if fault == "database-crashed" else self._cut, owner)

    def _cut(self, owner: str) -> None:
        with psycopg.connect(host=str(self._server.sockets), user="postgres", dbname="postgres", autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (owner,))

    def _crash(self, _owner: str) -> None:
        """Stop the server without a checkpoint and without a word to its clients; it recovers from its log."""
        self._control("stop", "--mode=immediate")
        options = " ".join(["-k", str(self._server.sockets), *(f"-c {setting}" for setting in DURABLE)])
        self._control("start", "--wait", "--log", str(self._server.sockets / "log"), "--options", options)

    def _control(self, *arguments: str) -> None:
        command = [str(self._programs / "pg_ctl"), "-D", str(self._server.sockets / "data"), *arguments]
        account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(  # type: ignore[call-overload]  # the keywords depend on who runs it
            command, cwd=self._server.sockets, check=True, stdout=subprocess.DEVNULL, timeout=60, **identity
        )


@contextmanager
def engine(name: str, folder: Path) -> Iterator[Engine]:
    """Give out databases of one kind; they are gone when the context ends."""
    with ExitStack() as stack:
        if name == SQLITE:
            yield Sqlite(folder)
            return
        programs = find_programs()
        if programs is None:
            raise SystemExit(MISSING)
        yield Postgres(programs, stack.enter_context(serve(programs, settings=DURABLE)))
