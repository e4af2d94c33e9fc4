"""The floor: the least that a service of this kind does. It takes the bytes and stores them durably, no more.

A bare FastAPI application, written the ordinary good way: no checks, no parsing, one row inserted and committed for
each request, one connection pool. Two ways of writing it are measured and the faster one is the floor: `def`, which
FastAPI runs on its threads with SQLAlchemy Core, and `async def` (on PostgreSQL with psycopg's own asynchronous pool;
on SQLite, which has nothing of the kind, the commit runs on the loop, which is the fastest of the ordinary ways).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Column, Engine, Integer, LargeBinary, MetaData, Table, create_engine, event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection

METADATA = MetaData()
BODIES = Table("bodies", METADATA, Column("id", Integer, primary_key=True), Column("body", LargeBinary, nullable=False))
_POOL = {"pool_size": 32, "max_overflow": 8}


def create_app() -> FastAPI:
    """Return the application, with its database from `BENCH_DATABASE_URL`."""
    url = os.environ["BENCH_DATABASE_URL"]
    engine = create_engine(url, **_POOL)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable)
    METADATA.create_all(engine)
    pool = None if engine.dialect.name == "sqlite" else _async_pool(url)

    def keep(body: bytes) -> None:
        with engine.begin() as connection:
            connection.execute(insert(BODIES).values(body=body))

    app = FastAPI(lifespan=partial(_lifespan, engine, pool), openapi_url=None)

    @app.post("/def", status_code=202)
    def by_thread(body: Annotated[bytes, Depends(_body)]) -> dict[str, bool]:
        keep(body)
        return {"stored": True}

    @app.post("/async", status_code=202)
    async def by_loop(request: Request) -> dict[str, bool]:
        body = await request.body()
        if pool is None:
            keep(body)
        else:
            async with pool.connection() as connection:
                await connection.execute("INSERT INTO bodies (body) VALUES (%s)", (body,))
        return {"stored": True}

    return app


@asynccontextmanager
async def _lifespan(engine: Engine, pool: AsyncConnectionPool | None, _app: FastAPI) -> AsyncIterator[None]:
    if pool is not None:
        await pool.open()
    yield
    if pool is not None:
        await pool.close()
    engine.dispose()


async def _body(request: Request) -> bytes:
    return await request.body()


def _async_pool(url: str) -> AsyncConnectionPool:
    return AsyncConnectionPool(url.replace("postgresql+psycopg", "postgresql"), min_size=32, max_size=32, open=False)


def _durable(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=60000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
