"""The stage: databases, servers and messages of one run, all taken down when it ends."""

import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import servers
from bench.postgres import DURABLE, MISSING, PostgresServer, find_programs, serve
from bench.workload import Parties, Work, make_work

SQLITE, POSTGRES = "sqlite", "postgresql"


class Stage:
    """Opens what a run needs, on demand; used as a context."""

    def __init__(self, databases: Sequence[str]) -> None:
        self.databases = tuple(databases)
        self.parties = Parties.make()
        self._stack = ExitStack()
        self._postgres: PostgresServer | None = None

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        self._pool = self._stack.enter_context(ProcessPoolExecutor())
        if POSTGRES in self.databases:
            programs = find_programs()
            if programs is None:
                raise SystemExit(MISSING)
            self._postgres = self._stack.enter_context(serve(programs, settings=DURABLE))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def gateway(self, database: str, *, name: str = "gateway") -> servers.Gateway:
        """Start a gateway on a fresh database of this kind."""
        address = self._fresh(database, name)
        return self._stack.enter_context(servers.gateway(address, self._folder, self.parties))

    def floor(self, database: str) -> servers.Server:
        """Start the floor on a fresh database of this kind."""
        return self._stack.enter_context(servers.floor(self._fresh(database, "floor")))

    def work(self, count: int) -> Work:
        """Make and sign `count` referrals."""
        return make_work(self.parties, count, pool=self._pool)

    def _fresh(self, database: str, name: str) -> str:
        if self._postgres is None or database == SQLITE:
            return f"sqlite:///{self._folder / name}.db"
        self._postgres.create(name)
        return self._postgres.url(name)
