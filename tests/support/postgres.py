"""A throw-away PostgreSQL for the tests, with a fresh database for each test.

It gives up durability for speed: never measure on it. It is stopped at the end of the session, whatever happened.
Where the programs are missing the tests on PostgreSQL are skipped aloud; where CI is set that is an error.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.postgres import HASTY, MISSING, PostgresServer, find_programs, serve
from tests.support.no_skips import is_ci

__all__ = ["PostgresServer", "database_url", "numbered", "postgres_server", "postgres_url", "sqlite_url"]

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3
_numbers = itertools.count(1)


def numbered(word: str) -> str:
    """A name that no other database of this run has."""
    return f"{word}{next(_numbers)}"


def memory() -> Path | None:
    """A folder in memory with room for the run's databases, if this machine has one."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        return _MEMORY
    return None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session."""
    programs = find_programs()
    if programs is None:
        (pytest.fail if is_ci(os.environ) else pytest.skip)(MISSING)
    with serve(programs, settings=HASTY, within=memory()) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = numbered("empty")
    postgres_server.create(name)
    yield postgres_server.url(name)
    postgres_server.drop(name)


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
