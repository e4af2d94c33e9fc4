"""What events said that is counted, in the database: added with the event, forgotten once its quarter is counted."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Connection, select

from gateway.adapters.counted_tables import EVENT_MARKS
from gateway.adapters.rows import fetch
from gateway.domain.mark import Mark
from shared.storage.book import Book


class MarkShelf:
    """Marks within one unit of work. Implements `gateway.application.ports.Marks`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def add(self, mark: Mark) -> None:
        """Keep what an event said."""
        self._book.insert(EVENT_MARKS, asdict(mark))


def read_marks(connection: Connection, chain_ids: Collection[str]) -> list[Mark]:
    """Return the marks of some chains, oldest first."""
    row = EVENT_MARKS.c
    found = fetch(connection, select(EVENT_MARKS).where(row.chain_id.in_(chain_ids)).order_by(row.at))
    return [Mark(**one) for one in found]
