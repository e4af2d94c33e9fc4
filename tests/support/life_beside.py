"""What stands beside a gateway in a life of consents: its database as it is, and other processes that work on it.

They look at what is due, overtake one another, and die in the middle of it. SQLite or PostgreSQL, all the same.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Table, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.adapters import schema, tables
from gateway.adapters.bell import Bell
from gateway.adapters.core import Core
from gateway.adapters.duties import clocks, overrides, withdrawals
from gateway.adapters.housekeeping import Housekeeping
from gateway.bootstrap import open_watch
from shared.kernel.clock import to_wire
from shared.kernel.errors import MeshError
from shared.storage.engine import open_engine, read
from shared.telemetry.tracing import Telemetry
from tests.support.life_counts import BEFORE
from tests.support.mesh import Mesh
from tests.support.ticking import beside
from tests.support.watched import watch

#: Every moment at which something falls due by itself.
MOMENTS = (
    tables.REFERRALS.c.next_clock_at,
    tables.REFERRALS.c.lapses_at,
    tables.HOLDS.c.next_limit_at,
    tables.OVERRIDES.c.ends_at,
)
_HELD = ("consent_id", "revocation_id", "referral_id", "result")


@dataclass
class Beside:
    """What the database holds after a step; of the ledger, what is new."""

    referrals: dict[str, dict[str, Any]]
    holds: list[dict[str, Any]]
    overrides: dict[str, dict[str, Any]]
    waiting: set[str]
    entries: list[dict[str, Any]]


class Observer:
    """Reads a gateway's database from beside it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = open_engine(url)
        self._seen = 0

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def look(self) -> Beside:
        """Read what is there; of the ledger, what was not read before."""
        messages, ledger, holds, overrides = tables.MESSAGES.c, tables.LEDGER_ENTRIES, tables.HOLDS, tables.OVERRIDES
        own = overrides.c.sender.not_like(f"{BEFORE}%")
        with read(self._engine) as connection:

            def rows(statement: Any) -> list[dict[str, Any]]:
                return [dict(row) for row in connection.execute(statement).mappings()]

            found = Beside(
                referrals={row["referral_id"]: row for row in rows(select(tables.REFERRALS))},
                holds=rows(select(*[holds.c[name] for name in _HELD])),
                overrides={row["referral_id"]: row for row in rows(select(overrides).where(own))},
                waiting={row["message_id"] for row in rows(select(messages.message_id).where(_waits()))},
                entries=rows(select(ledger).where(ledger.c.idx >= self._seen).order_by(ledger.c.idx)),
            )
        self._seen += len(found.entries)
        return found

    def size(self) -> int:
        """Count the entries of the ledger."""
        with read(self._engine) as connection:
            return int(connection.execute(select(func.count()).select_from(tables.LEDGER_ENTRIES)).scalar_one())

    def left_undone(self, now: str) -> list[str]:
        """Name the moments that have passed without anything being done."""
        with read(self._engine) as connection:
            counts = {one: select(func.count()).where(one <= now) for one in MOMENTS}
            return [str(one) for one, count in counts.items() if connection.execute(count).scalar_one()]

    def holds_text(self, *marks: str) -> bool:
        """Say whether a text stands anywhere in the database, also where nothing refers to it any more."""
        if self._url.startswith("sqlite"):
            file = self._engine.url.database or ""
            stored = [_bytes(Path(file + suffix)) for suffix in ("", "-wal")]
            return any(mark.encode() in one for mark in marks for one in stored)
        anywhere = " UNION ALL ".join(f'SELECT 1 FROM "{one.name}" t WHERE t::text ~ :marks' for one in _tables())
        with read(self._engine) as connection:
            return connection.execute(text(anywhere), {"marks": "|".join(marks)}).first() is not None


def _waits() -> Any:
    return tables.MESSAGES.c.settled_at.is_(None)


def _tables() -> Sequence[Table]:
    return list(schema.METADATA.tables.values())


def _bytes(file: Path) -> bytes:
    with suppress(FileNotFoundError):
        return file.read_bytes()
    return b""


async def look_twice(mesh: Mesh, observer: Observer) -> None:
    """Let another process do all that is due; when it looks once more, there is nothing left to do."""
    core = beside(mesh)
    try:
        await _work(core)
        done = observer.size()
        await _work(core)
        assert observer.size() == done, "a deadline was fired once more"
    finally:
        core.close()
    assert observer.left_undone(to_wire(mesh.clock.now())) == []


async def crash(mesh: Mesh, after: int) -> None:
    """Let another process die once it has written so many times."""
    core = beside(mesh)
    left = after

    def dying(statement: str) -> None:
        nonlocal left
        left -= statement.lstrip().upper().startswith(("INSERT", "UPDATE"))
        if left < 0:
            raise (sqlite3 if core.engine.dialect.name == "sqlite" else psycopg).OperationalError("disk I/O error")

    watch(core.engine, before=dying)
    with suppress(MeshError, SQLAlchemyError):
        await _work(core)
    core.close()


async def race(mesh: Mesh) -> None:
    """Let a process read what is due, be overtaken by another, and go on with what it read."""
    slow, quick = beside(mesh), beside(mesh)
    moments = {f".{moment.name} <= " for moment in MOMENTS}
    overtaken: set[str] = set()

    def overtake(statement: str) -> None:
        for moment in moments - overtaken:
            if moment in statement:
                overtaken.add(moment)
                asyncio.run(_work(quick))

    watch(slow.engine, after=overtake)
    try:
        await _work(slow)
    finally:
        slow.close()
        quick.close()
    assert overtaken == moments


async def _work(core: Core) -> None:
    """Look once at everything that falls due."""
    bell = Bell()
    for duty in (clocks(core.sop), withdrawals(core.sop), overrides()):
        await open_watch(core, duty, bell).look()
    await Housekeeping(
        core.engine, writer=core.writer, clock=core.clock, telemetry=Telemetry("gateway"), bell=bell
    ).sweep()
