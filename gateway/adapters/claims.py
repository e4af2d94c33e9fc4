"""Claims: short transactions that lease what waits in the outbox, beside the sequence of the ledger's writers.

A claim writes no entry of the ledger, so it need not wait for its head, nor may anybody wait for a claim. It takes only
rows that nobody else holds (`SKIP LOCKED`), and a decision holds the messages it is about, so that of the two one comes
first. Promises: at the desk of a claim nothing can be recorded. On SQLite, where a second writer would only
stand in line for the one lock there is, claims are units of the one writer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine

from gateway.adapters.desk import SqlDesk
from shared.kernel.clock import Clock
from shared.storage.book import Book
from shared.storage.engine import writes_side_by_side
from shared.storage.group_commit import GroupWriter
from shared.storage.transactor import Hint

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ClaimDesk:
    """The rows of one such transaction, at one moment."""

    book: Book
    at: datetime


class Claims:
    """Makes claims durable, those that come together in one transaction."""

    def __init__(self, engine: Engine, *, writer: GroupWriter[SqlDesk], clock: Clock) -> None:
        """Take the writer that claims are left to where the database has room for one alone."""
        self._writer = writer
        self._own: GroupWriter[ClaimDesk] | None = None
        if writes_side_by_side(engine):
            self._own = GroupWriter(engine, open_desk=lambda book: ClaimDesk(book, clock.now()))

    async def submit(self, work: Callable[[ClaimDesk], T], *, prefetch: Sequence[Hint] = ()) -> T:
        """Do as `GroupWriter.submit` does."""
        if self._own is not None:
            return await self._own.submit(work, prefetch=prefetch)
        return await self._writer.submit(lambda desk: work(ClaimDesk(desk.book, desk.at)), prefetch=prefetch)

    def healthy(self) -> bool:
        """Say whether claims are taken."""
        return (self._own or self._writer).healthy()

    def close(self) -> None:
        """Finish what is queued; the writer that claims are left to is not closed."""
        if self._own is not None:
            self._own.close()
