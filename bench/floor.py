"""The floor: the least that a service of this kind does. It takes the bytes and stores them durably, no more.

A bare FastAPI application: no checks, no parsing, one row inserted and committed for each request. It is written three
ways, and the fastest is the floor:

- `driver`: `async def`, one statement through the leanest driver there is, without toolkit: asyncpg's pool for
  PostgreSQL; `sqlite3` on the loop for SQLite, whose drivers all wait for the commit: quicker than any thread.
- `async`: `async def` with what the mesh itself depends on: psycopg's asynchronous pool; for SQLite SQLAlchemy Core,
  on the loop.
- `def`: the way of most applications: SQLAlchemy Core on the threads that FastAPI runs a `def` endpoint in.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Annotated, Final

import asyncpg  # type: ignore[import-untyped]  # it brings no types
from fastapi import Depends, FastAPI, Request
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, create_engine, event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection

WAYS: Final = ("driver", "async", "def")
METADATA = MetaData()
BODIES = Table("bodies", METADATA, Column("id", Integer, primary_key=True), Column("body", LargeBinary, nullable=False))
_CONNECTIONS: Final = 32

_Keep = Callable[[bytes], Awaitable[object]]
_Opening = AbstractAsyncContextManager[_Keep]


def create_app() -> FastAPI:
    """Return the application, with its database from `BENCH_DATABASE_URL`."""
    url = os.environ["BENCH_DATABASE_URL"]
    engine = create_engine(url, pool_size=_CONNECTIONS)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    METADATA.create_all(engine)
    kept: dict[str, _Keep] = {}
    app = FastAPI(lifespan=lambda _app: _opened(_openings(engine, url), kept), openapi_url=None)

    @app.post("/driver", status_code=202)
    async def by_driver(request: Request) -> dict[str, bool]:
        await kept["driver"](await request.body())
        return {"stored": True}

    @app.post("/async", status_code=202)
    async def by_loop(request: Request) -> dict[str, bool]:
        await kept["async"](await request.body())
        return {"stored": True}

    @app.post("/def", status_code=202)
    def by_thread(body: Annotated[bytes, Depends(_body)]) -> dict[str, bool]:
        _insert(engine, body)
        return {"stored": True}

    return app


def _openings(engine: Engine, url: str) -> Mapping[str, _Opening]:
    """Return how the ways that have no threads keep a body, each within its context."""
    if engine.dialect.name == "sqlite":
        return {"driver": _sqlite3(str(engine.url.database)), "async": _on_the_loop(engine)}
    address = url.replace("postgresql+psycopg", "postgresql")
    return {"driver": _asyncpg(address), "async": _psycopg(address)}


@asynccontextmanager
async def _opened(openings: Mapping[str, _Opening], kept: dict[str, _Keep]) -> AsyncIterator[None]:
    async with openings["driver"] as kept["driver"], openings["async"] as kept["async"]:
        yield


@asynccontextmanager
async def _asyncpg(address: str) -> AsyncIterator[_Keep]:
    async with asyncpg.create_pool(address, min_size=_CONNECTIONS, max_size=_CONNECTIONS) as pool:
        yield lambda body: pool.execute("INSERT INTO bodies (body) VALUES ($1)", body)


@asynccontextmanager
async def _psycopg(address: str) -> AsyncIterator[_Keep]:
    async def keep(body: bytes) -> None:
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO bodies (body) VALUES (%s)", (body,))

    async with AsyncConnectionPool(address, min_size=_CONNECTIONS, max_size=_CONNECTIONS, open=False) as pool:
        yield keep


@asynccontextmanager
async def _sqlite3(file: str) -> AsyncIterator[_Keep]:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        _durable(connection, None)

        async def keep(body: bytes) -> None:
            connection.execute("INSERT INTO bodies (body) VALUES (?)", (body,))

        yield keep


@asynccontextmanager
async def _on_the_loop(engine: Engine) -> AsyncIterator[_Keep]:
    async def keep(body: bytes) -> None:
        _insert(engine, body)

    yield keep


def _insert(engine: Engine, body: bytes) -> None:
    with engine.begin() as connection:
        connection.execute(insert(BODIES).values(body=body))


async def _body(request: Request) -> bytes:
    return await request.body()


def _durable(connection: DBAPIConnection | sqlite3.Connection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
