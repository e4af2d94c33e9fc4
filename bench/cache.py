"""Databases that have grown, kept between runs: what takes minutes to write is written once.

A run works in them, so each holds some thousands of referrals more after every run; how many it holds is counted and
told with the figures. An older one is brought forward like any database (`bench.rest`); where the rows that referrals
leave are others than before, throw the folder away.
"""

from collections.abc import Callable
from pathlib import Path

from bench.grow import fill
from bench.postgres import PostgresServer
from gateway.adapters.core import open_records
from shared.kernel.clock import SystemClock
from shared.seal.keys import AgencyKeys


class Cache:
    """The grown databases in one folder, and in one PostgreSQL server whose cluster is kept."""

    def __init__(self, folder: Path, postgres: PostgresServer | None, *, said: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._postgres = postgres
        self._said = said

    def sqlite(self, size: int) -> str:
        """Return the address of a SQLite database with at least `size` referrals."""
        ready, begun = self._folder / f"grown-{size}.db", self._folder / f"growing-{size}.db"
        if not ready.exists():
            for left in self._folder.glob(f"{begun.name}*"):
                left.unlink()
            self._grow(f"sqlite:///{begun}", size)
            begun.rename(ready)
        return f"sqlite:///{ready}"

    def postgresql(self, size: int) -> str:
        """Return the address of a PostgreSQL database with at least `size` referrals."""
        if self._postgres is None:
            raise RuntimeError("No PostgreSQL server was started.")
        ready, begun = f"grown_{size}", f"growing_{size}"
        if not self._postgres.execute(f"SELECT 1 FROM pg_database WHERE datname = '{ready}'"):
            self._postgres.execute(f"DROP DATABASE IF EXISTS {begun}")
            self._postgres.create(begun)
            self._grow(self._postgres.url(begun), size)
            self._postgres.execute(f"ALTER DATABASE {begun} RENAME TO {ready}")
        return self._postgres.url(ready)

    def _grow(self, url: str, size: int) -> None:
        self._said(f"Growing a database to {size} referrals; it is kept for the next time ...")
        grow(url, size, said=self._said)


def grow(url: str, size: int, *, said: Callable[[str], None]) -> None:
    """Make an empty database one that holds `size` referrals."""
    open_records(url, keys=AgencyKeys.generate(), clock=SystemClock()).close()
    fill(url, size, said=said)
