"""A throw-away PostgreSQL from the packages of the system, for measuring and for tests.

The server listens on a Unix socket in a folder of its own, so it meets no other server and no port. It is stopped
when its context ends, whatever happened. How durable it is, the caller says: `DURABLE` is what PostgreSQL does by
itself, `HASTY` gives durability up and is never measured.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.processes import cpu_seconds

MISSING = "PostgreSQL is not installed here (Debian: apt-get install postgresql)"
_HAS_STRATEGY = 150_000  # as the server counts its versions
_QUIET = ("shared_buffers=128MB", "listen_addresses=", "max_connections=200")  # the floor alone opens a hundred
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on", *_QUIET)
_NO_CHORES = ("autovacuum=off", "wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=1h")
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", *_NO_CHORES, *_QUIET)


@dataclass(frozen=True)
class PostgresServer:
    """A running server, known by the folder of its socket; `desk` is a connection from outside the code under test."""

    sockets: Path
    desk: psycopg.Connection

    def url(self, database: str) -> str:
        """Return the address of one of its databases, as `open_engine` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def create(self, database: str, *, template: str = "template0") -> None:
        """Make a database as a copy of another one that nobody is connected to.

        Copying files is quicker than logging every page; before version 15 there was no other way, and no word for it.
        """
        strategy = " STRATEGY file_copy" if self.desk.info.server_version >= _HAS_STRATEGY else ""
        self.execute(f"CREATE DATABASE {database} TEMPLATE {template}{strategy}")

    def drop(self, database: str) -> None:
        """Take a database away, whoever is connected to it."""
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")

    def cpu_seconds(self) -> float:
        """Return the processor time of the server: of its first process, those that ended, and those that run."""
        while True:
            with suppress(FileNotFoundError, ProcessLookupError):  # one ended just now: then it is among those that did
                return self._cpu_seconds()

    def _cpu_seconds(self) -> float:
        first = int((self.sockets / "data" / "postmaster.pid").read_text().splitlines()[0])
        running = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return cpu_seconds(first, with_children=True) + sum(cpu_seconds(int(pid)) for pid in running)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement at the desk, and return its rows."""
        cursor = self.desk.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def find_programs() -> Path | None:
    """Return the folder of initdb and pg_ctl: Debian's newest, or the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def serve(
    programs: Path, *, settings: Sequence[str], within: Path | None = None, keep: Path | None = None
) -> Iterator[PostgresServer]:
    """Run a server with an empty cluster until the context ends; then nothing is left of it.

    The cluster lies in a folder of its own `within` another one, or where temporary files do. One that is to be kept
    for another time lies in the folder `keep`, and is gone on with where it is there already.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield from _serve(programs, keep, settings, stopping="fast")
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=within))
    try:
        yield from _serve(programs, folder, settings, stopping="immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(programs: Path, folder: Path, settings: Sequence[str], *, stopping: str) -> Iterator[PostgresServer]:
    account = _unprivileged()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", data, *arguments]
        identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60, **identity)  # type: ignore[call-overload]  # the keywords depend on who runs it

    if not (folder / "data" / "PG_VERSION").exists():
        run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = " ".join(["-k", str(folder), *(f"-c {setting}" for setting in settings)])
    try:
        run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "--options", options)
        with psycopg.connect(host=str(folder), user="postgres", dbname="postgres", autocommit=True) as desk:
            yield PostgresServer(folder, desk)
    finally:
        run("pg_ctl", "stop", f"--mode={stopping}")


def _unprivileged() -> pwd.struct_passwd | None:
    """Return whom the server runs as when we are root, which it refuses; otherwise nobody in particular."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
