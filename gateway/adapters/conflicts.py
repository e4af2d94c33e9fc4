"""Conflicts of interest in the database: one row for each declaration, and for each referral given back."""

from dataclasses import asdict

from gateway.adapters.rows import Row
from gateway.adapters.tables import CONFLICTS
from gateway.domain.conflict import Conflict, ConflictKind
from shared.storage.book import Book


class ConflictShelf:
    """Conflicts within one unit of work. Implements `gateway.application.ports.Conflicts`."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def get(self, key: str) -> Conflict | None:
        """Return the conflict of this key."""
        row = self._book.get(CONFLICTS, key)
        return None if row is None else _conflict(row)

    def add(self, conflict: Conflict) -> None:
        """Keep a new conflict."""
        self._book.insert(CONFLICTS, {**asdict(conflict), "kind": conflict.kind.value})


def _conflict(row: Row) -> Conflict:
    return Conflict(**{**row, "kind": ConflictKind(row["kind"])})
