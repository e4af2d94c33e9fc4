"""Who looked at what on the pages of oversight: written before the page is answered, read by both roles.

A reader is a pseudonym. What was looked for is an id, a place of the ledger or nothing: never what somebody typed.
"""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine, select

from gateway.adapters.desk import SqlDesk
from gateway.adapters.rows import fetch
from gateway.adapters.tables import OVERSIGHT_READINGS
from shared.kernel.clock import Clock, to_wire
from shared.kernel.identifiers import IdFactory
from shared.storage.engine import read
from shared.storage.group_commit import GroupWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class OversightReading:
    """Somebody looked at a page: which kind, about which id, how much was found, or the code of the refusal."""

    reader: str
    role: str
    page: str
    about: str | None = None
    found: int = 0
    refused: str | None = None


class OversightJournal:
    """The journal of what oversight read."""

    def __init__(self, engine: Engine, *, writer: GroupWriter[SqlDesk], clock: Clock, ids: IdFactory) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._ids = ids

    async def note(self, reading: OversightReading) -> None:
        """Write a reading down; it is durable when this returns."""
        row = {"id": self._ids.new(), "at": to_wire(self._clock.now()), **asdict(reading)}

        def work(desk: SqlDesk) -> None:
            desk.book.insert(OVERSIGHT_READINGS, row)

        await self._writer.submit(work)

    def readings(self, *, about: str | None = None, after: str | None = None, limit: int) -> list[dict[str, Any]]:
        """Return readings, newest first; with `about`, those of one id."""
        statement = select(OVERSIGHT_READINGS).order_by(OVERSIGHT_READINGS.c.id.desc()).limit(limit)
        if about is not None:
            statement = statement.where(OVERSIGHT_READINGS.c.about == about)
        if after is not None:
            statement = statement.where(OVERSIGHT_READINGS.c.id < after)
        with read(self._engine) as connection:
            return fetch(connection, statement)
