"""Several gateways on one PostgreSQL database: a prepared one for each test, and who talks to which of them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.mesh import Enrolled, Mesh, running_mesh
from tests.support.postgres import PostgresServer, numbered


@pytest.fixture
def shared_database(enrolled_database: Enrolled, postgres_server: PostgresServer) -> Iterator[Enrolled]:
    """A PostgreSQL database with everybody of the roll in its directory."""
    name = numbered("replicas")
    postgres_server.create(name, template=enrolled_database.name)
    yield replace(enrolled_database, url=postgres_server.url(name))
    postgres_server.drop(name)


class Beginning:
    """Begins gateways of this process, one after another, all on one database."""

    def __init__(self, enrolled: Enrolled, folder: Path) -> None:
        self._enrolled = enrolled
        self._folder = folder
        self._running = AsyncExitStack()

    async def __call__(self, **changes: Any) -> Mesh:
        """Begin one more."""
        enrolled = self._enrolled
        return await self._running.enter_async_context(
            running_mesh(enrolled.url, self._folder, secrets=enrolled.secrets, **changes)
        )

    async def end(self) -> None:
        """End them all, the last one first."""
        await self._running.aclose()


@pytest.fixture
async def begin(shared_database: Enrolled, tmp_path: Path) -> AsyncIterator[Beginning]:
    """Begin gateways on one database."""
    beginning = Beginning(shared_database, tmp_path)
    yield beginning
    await beginning.end()
