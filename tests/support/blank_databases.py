"""Databases with all their tables and nothing in them, copied: to make a deployable's tables anew takes far longer.

That a deployable makes them by itself in an empty database is held where processes start (tests/e2e) and by the tests
of histories; a copy is what its first start would have left.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.adapters.core import open_records
from shared.agency.adapters.store import SqlStore
from shared.kernel.clock import SystemClock
from shared.people.store import PeopleStore
from shared.seal.keys import AgencyKeys
from tests.support.postgres import PostgresServer

__all__ = ["add_people", "copied_file", "template_on"]

_KINDS = ("police", "health", "legal_aid", "social")
_GATEWAY = "gateway"


def copied_file(folder: Path, name: str) -> str:
    """The address of a SQLite file that a deployable of this name finds as its first start would have left it."""
    path = folder / f"{name}.db"
    if name in _MAKERS and not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_image(name))
    return f"sqlite:///{path}"


def template_on(server: PostgresServer, name: str) -> str:
    """The database of a server from which one is copied for a deployable of this name."""
    if name not in _MAKERS:
        return "template0"
    template = f"blank_{name}"
    if not server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{template}'"):
        server.create(template)
        _MAKERS[name](server.url(template))
    return template


def add_people(url: str) -> None:
    """Add the tables of those who sign in, which every deployable has."""
    PeopleStore(url).close()


@cache
def _image(name: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        _MAKERS[name](f"sqlite:///{path}")
        return path.read_bytes()


def _service(kind: str) -> Callable[[str], None]:
    def make(url: str) -> None:
        SqlStore(url, rows=import_module(f"services.{kind}.profile").PROFILE.rows).close()
        add_people(url)

    return make


def _gateway(url: str) -> None:
    open_records(url, keys=AgencyKeys.generate(), clock=SystemClock()).close()
    add_people(url)


_MAKERS: dict[str, Callable[[str], None]] = {_GATEWAY: _gateway, **{kind: _service(kind) for kind in _KINDS}}
