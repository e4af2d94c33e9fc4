"""Where accounts and sessions are kept: one writer, as for everything else (`shared.storage.group_commit`).

A unit of work looks for what it needs, then writes, and is committed whole before its caller goes on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table, select

from shared.people.records import Account, Occasion, Session
from shared.people.tables import ACCOUNTS, METADATA, OCCASIONS, SESSIONS
from shared.storage.book import Book
from shared.storage.engine import open_engine, read
from shared.storage.group_commit import GroupWriter
from shared.storage.history import prepare

R = TypeVar("R", Account, Session, Occasion)
T = TypeVar("T")

_TABLES: Final[Mapping[type[Any], Table]] = {Account: ACCOUNTS, Session: SESSIONS, Occasion: OCCASIONS}
_KEYS: Final[Mapping[type[Any], str]] = {Account: "account_id", Session: "key", Occasion: "occasion_id"}


class PeopleDesk:
    """The records within one unit of work."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        row = self._book.get(_TABLES[kind], key)
        return None if row is None else kind(**row)

    def find(self, kind: type[R], **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields. A unit looks for everything before it writes."""
        table = _TABLES[kind]
        rows = self._book.find(table, *(table.c[name] == value for name, value in equal.items()))
        return [kind(**row) for row in rows]

    def over(self, *, before: str) -> Sequence[Session]:
        """Return the sessions that ended before a time."""
        return [Session(**row) for row in self._book.find(SESSIONS, SESSIONS.c.ends_at < before)]

    def add(self, record: Account | Session | Occasion) -> None:
        """Keep a new record. Raises `Conflict` when its key is taken."""
        row = {field.name: getattr(record, field.name) for field in fields(record)}
        if isinstance(record, Account):
            row["languages"] = list(record.languages)
        self._book.insert(_TABLES[type(record)], row)

    def change(self, record: R, **changes: Any) -> R:
        """Change fields of a record and return it as it is now."""
        self._book.update(_TABLES[type(record)], _key(record), **changes)
        return replace(record, **changes)

    def remove(self, record: Account | Session | Occasion) -> None:
        """Forget a record."""
        self._book.delete(_TABLES[type(record)], _key(record))


class PeopleReading:
    """One look at the records, without writing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], key: str) -> R | None:
        """Return the record of this kind and key."""
        table = _TABLES[kind]
        row = self._connection.execute(select(table).where(table.c[_KEYS[kind]] == key)).mappings().first()
        return None if row is None else kind(**row)

    def find(self, kind: type[R], *, newest: int | None = None, **equal: Any) -> Sequence[R]:
        """Return the records that have these values in these fields, by key; only the `newest` when asked."""
        table = _TABLES[kind]
        key = table.c[_KEYS[kind]]
        found = select(table).where(*(table.c[name] == value for name, value in equal.items()))
        found = found.order_by(key) if newest is None else found.order_by(key.desc()).limit(newest)
        return [kind(**row) for row in self._connection.execute(found).mappings()]


class PeopleStore:
    """The accounts of one deployable."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        prepare(self._engine, METADATA)
        self._writer: GroupWriter[PeopleDesk] = GroupWriter(self._engine, open_desk=PeopleDesk, on_begin=_hold)

    async def write(self, work: Callable[[PeopleDesk], T]) -> T:
        """Do a unit of work and return its result once that is durable. Raises what `work` raises."""
        return await self._writer.submit(work)

    def write_blocking(self, work: Callable[[PeopleDesk], T]) -> T:
        """Do as `write`, for a command line without an event loop."""
        return self._writer.submit_blocking(work)

    async def read(self, look: Callable[[PeopleReading], T]) -> T:
        """Look at the records in a thread of their own."""
        return await asyncio.to_thread(self.read_blocking, look)

    def read_blocking(self, look: Callable[[PeopleReading], T]) -> T:
        """Do as `read`, for a command line without an event loop."""
        with read(self._engine) as connection:
            return look(PeopleReading(connection))

    def close(self) -> None:
        """Finish what is queued and give every connection back."""
        self._writer.close()
        self._engine.dispose()


def _hold(book: Book) -> None:
    """Have one writer at a time, whichever process it is: a code counts once, and every wrong try counts."""
    book.hold(ACCOUNTS)


def _key(record: Account | Session | Occasion) -> str:
    key: str = getattr(record, _KEYS[type(record)])
    return key
