"""The desk over the rows of one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement

from shared.agency.adapters.places import Places, to_record
from shared.agency.records import Holding, IdempotentAct, Note, Notification, Unsent, UsedAssertion
from shared.agency.tables import HOLDINGS, IDEMPOTENT_ACTS, NOTES, NOTIFICATIONS, UNSENT, USED_ASSERTIONS
from shared.storage.book import Book
from shared.storage.shape import Lock

R = TypeVar("R")

_TIMES: Final[Mapping[type[Any], Column[Any]]] = {
    IdempotentAct: IDEMPOTENT_ACTS.c.created_at,
    UsedAssertion: USED_ASSERTIONS.c.expires_at,
    Unsent: UNSENT.c.expires_at,
    Notification: NOTIFICATIONS.c.settled_at,
}


class SqlDesk:
    """Implements `shared.agency.ports.Desk`."""

    def __init__(self, book: Book, places: Places) -> None:
        self._book = book
        self._places = places

    def check_writable(self) -> None:
        """Check that what is written here can be kept. Raises `PeerUnavailable` (`storage.not-writable`)."""
        self._book.check_writable(self._places.metadata())

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        row = self._book.get(self._places.table_of(kind), key)
        return None if row is None else to_record(kind, row)

    def hold(self, kind: type[R], key: str) -> R | None:
        """Return the record as it is now; no other process changes it until this unit of work is durable."""
        row = self._book.take(self._places.table_of(kind), [key], lock=Lock.WAIT).get(key)
        return None if row is None else to_record(kind, row)

    def add(self, record: Any) -> None:
        """Keep a new record. Raises `Conflict` when its key is taken."""
        self._book.insert(self._places.table_of(type(record)), self._places.to_row(record))

    def change(self, record: R, **changes: Any) -> R:
        """Change fields of a record and return it as it is now."""
        self._book.update(self._places.table_of(type(record)), self._places.key_of(record), **changes)
        return replace(record, **changes)  # type: ignore[type-var]  # every record is a dataclass

    def remove(self, record: Any) -> None:
        """Forget a record."""
        self._book.delete(self._places.table_of(type(record)), self._places.key_of(record))

    def holdings(self, referral_id: str) -> Sequence[Holding]:
        """Return the compartments of a referral."""
        return self._find(Holding, HOLDINGS.c.referral_id == referral_id)

    def notes(self, referral_id: str) -> Sequence[Note]:
        """Return the notes of a referral."""
        return self._find(Note, NOTES.c.referral_id == referral_id)

    def traces(self, referral_id: str) -> Sequence[Any]:
        """Return what the sector keeps of a case outside its key, to be removed with it (`gone_with_case`)."""
        return [one for kind in self._places.traces for one in self.find(kind, referral_id=referral_id)]

    def casework(self, referral_id: str) -> Sequence[Any]:
        """Return the records of casework that have something encrypted under the key of a case."""
        return [one for kind in self._places.entries for one in self.find(kind, referral_id=referral_id)]

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, in the order of their keys."""
        table = self._places.table_of(kind)
        rows = self._book.find(table, *self._places.equal(kind, equal), order_by=list(table.primary_key))
        return [to_record(kind, row) for row in rows]

    def over(self, kind: type[R], *, before: str, limit: int) -> Sequence[R]:
        """Return records kept for a time only whose time was over `before`."""
        return self._find(kind, _TIMES[kind] < before, limit=limit)

    def _find(self, kind: type[R], criterion: ColumnElement[bool], *, limit: int | None = None) -> list[R]:
        return [to_record(kind, row) for row in self._book.find(self._places.table_of(kind), criterion, limit=limit)]
