"""A throw-away PostgreSQL for the tests, from the packages of the system, with a fresh database for each test.

The server listens on a Unix socket in a folder of its own, so it meets no other server and no port. It gives up
durability for speed: never measure on it. It is stopped at the end of the session, whatever happened. Where the
programs are missing the tests on PostgreSQL are skipped aloud; where CI is set that is an error.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.no_skips import is_ci

MISSING = "PostgreSQL is not installed here (Debian: apt-get install postgresql)"
_numbers = itertools.count(1)
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "listen_addresses=")


@dataclass(frozen=True)
class PostgresServer:
    """A running server, known by the folder of its socket."""

    sockets: Path

    def url(self, database: str) -> str:
        """The address of one of its databases, as `open_engine` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement from outside the code under test, and return its rows."""
        with psycopg.connect(host=str(self.sockets), user="postgres", dbname=database, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl: Debian's newest, or the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as when the tests run as root, which it refuses; otherwise nobody in particular."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session."""
    programs = find_programs()
    if programs is None:
        (pytest.fail if is_ci(os.environ) else pytest.skip)(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        yield from _serve(programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(programs: Path, folder: Path) -> Iterator[PostgresServer]:
    account = unprivileged()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = str(folder / "data")

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", data, *arguments]
        identity = {} if account is None else {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60, **identity)  # type: ignore[call-overload]

    run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
    options = " ".join(["-k", str(folder), *(f"-c {setting}" for setting in _FAST)])
    try:
        run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "--options", options)
        yield PostgresServer(folder)
    finally:
        run("pg_ctl", "stop", "--mode=immediate")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = f"t{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a database in a file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, empty database: the test runs once on SQLite and once on PostgreSQL."""
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    assert isinstance(url, str)
    return url
