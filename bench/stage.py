"""The stage: databases, servers and messages of one run, all taken down when it ends; grown databases are kept."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from bench import servers
from bench.acts import make_openings, make_revocations
from bench.cache import Cache, grow
from bench.grow import stored
from bench.postgres import DURABLE, MISSING, PostgresServer, find_programs, serve
from bench.rest import bring_to_rest
from bench.rounds import OPENINGS, REQUESTS, REVOCATIONS, WARM_UP, Material, Place, Target
from bench.workload import Parties, make_work
from bench.world import World, world

SQLITE, POSTGRES = "sqlite", "postgresql"
#: Up to this size a database is made anew each time: a run would change its size too much.
_SMALL = 10_000


class Stage:
    """Opens what a run needs, on demand; used as a context."""

    def __init__(self, databases: Sequence[str], cache: Path, *, said: Callable[[str], None]) -> None:
        self.databases = tuple(databases)
        self.parties = Parties.make()
        self._stack = ExitStack()
        self._kept = cache
        self._said = said
        self._names = 0
        self._postgres: PostgresServer | None = None

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        self._pool = self._stack.enter_context(ProcessPoolExecutor())
        if POSTGRES in self.databases:
            programs = find_programs()
            if programs is None:
                raise SystemExit(MISSING)
            serving = serve(programs, settings=DURABLE, keep=self._kept / "postgresql")
            self._postgres = self._stack.enter_context(serving)
        self._cache = Cache(self._kept, self._postgres, said=self._said)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def material(self, concurrencies: Sequence[int]) -> Material:
        """Make and sign what is sent in one round."""
        return Material(
            [(number, make_work(self.parties, REQUESTS[number], pool=self._pool)) for number in concurrencies],
            make_openings(self.parties, OPENINGS, pool=self._pool),
            make_revocations(self.parties, REVOCATIONS, pool=self._pool),
            make_work(self.parties, WARM_UP, pool=self._pool),
        )

    @contextmanager
    def target(self, database: str, size: int, *, replicas: int) -> Iterator[Target]:
        """Start a gateway on a database that has grown to a size, and the floor on an empty one beside it."""
        with (
            self._grown(database, size) as address,
            self._fresh(database) as empty,
            servers.floor(empty) as floor,
            servers.gateway(address, self._folder, self.parties, replicas=replicas) as gateway,
        ):
            place = Place(database, size, stored(address), replicas)
            yield Target(place, gateway, floor, self._postgres if database == POSTGRES else None)

    @contextmanager
    def world(self, database: str, size: int, *, replicas: int) -> Iterator[tuple[Place, World]]:
        """Start a whole mesh: its gateway on a database that has grown, its agencies on empty ones."""
        with ExitStack() as stack:
            address = stack.enter_context(self._grown(database, size))

            def url(name: str) -> str:
                return address if name == "gateway" else stack.enter_context(self._fresh(database))

            place = Place(database, size, stored(address), replicas)
            yield place, stack.enter_context(world(url, self._folder, self.parties, replicas=replicas))

    def database_cpu_seconds(self, database: str) -> Callable[[], float]:
        """Return how to read the processor time of PostgreSQL's server; SQLite has none of its own."""
        return self._postgres.cpu_seconds if self._postgres and database == POSTGRES else lambda: 0.0

    def prepare(self, database: str, size: int) -> None:
        """Let a large database grow before anything is measured."""
        if size > _SMALL:
            self._cached(database, size)

    @contextmanager
    def _grown(self, database: str, size: int) -> Iterator[str]:
        """Give a gateway's database that has grown to a size: a kept one, or a small one that is made anew."""
        if size > _SMALL:
            yield self._cached(database, size)
            return
        with self._fresh(database) as address:
            grow(address, size, said=self._said)
            bring_to_rest(address)
            yield address

    def _cached(self, database: str, size: int) -> str:
        address = self._cache.sqlite(size) if database == SQLITE else self._cache.postgresql(size)
        bring_to_rest(address)
        return address

    @contextmanager
    def _fresh(self, database: str) -> Iterator[str]:
        """Make an empty database that is gone when the context ends."""
        self._names += 1
        name = f"fresh_{self._names}"
        if self._postgres is None or database == SQLITE:
            yield f"sqlite:///{self._folder / name}.db"
            return
        self._postgres.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._postgres.create(name)
        try:
            yield self._postgres.url(name)
        finally:
            self._postgres.drop(name)
