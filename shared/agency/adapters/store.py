"""The database of one agency service: one writer for many callers, readers beside it."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from shared.agency.adapters.desk import SqlDesk
from shared.agency.adapters.places import Places, Rows
from shared.agency.adapters.reading import SqlReading
from shared.agency.adapters.texts import Texts
from shared.agency.gathering import Gathering
from shared.agency.ports import Desk, Expected, Reading
from shared.kernel.errors import InternalFault, PeerUnavailable
from shared.storage.book import Book
from shared.storage.engine import open_engine, ping, read
from shared.storage.group_commit import GroupWriter
from shared.storage.history import prepare
from shared.storage.probe import server_clock
from shared.storage.wiping import wipe_journal

#: Readers at the same time; the engine's pool has room for them and the writer.
READERS: Final = 6
#: How many looks share one snapshot at the most, and how long the next ones gather beside those under way.
_LOOKS_MOST: Final = 64
_PATIENCE: Final = 0.005
#: How often what was destroyed is wiped from the journal.
WIPE_SECONDS: Final = 60.0

T = TypeVar("T")
_Look = Callable[[Reading], Any]


class SqlStore:
    """Implements `shared.agency.ports.Store` over SQLite or PostgreSQL."""

    def __init__(self, url: str, *, rows: Rows | None = None) -> None:
        self._places = Places(rows)
        self._engine = open_engine(url)
        prepare(self._engine, *self._places.metadata())
        self._writer: GroupWriter[SqlDesk] = GroupWriter(self._engine, open_desk=self._desk)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._texts = Texts(self._engine.dialect)
        self._looks: Gathering[_Look, Any] = Gathering(self._look_together, most=_LOOKS_MOST, patience=_PATIENCE)

    async def write(self, work: Callable[[Desk], T], *, expects: Sequence[Expected] = ()) -> T:
        """Do a unit of work and return its result once that is durable.

        Raises what `work` raises, and as `shared.storage.group_commit.GroupWriter.submit`.
        """
        return await self._writer.submit(work, prefetch=self._hints(expects))

    def write_blocking(self, work: Callable[[Desk], T]) -> T:
        """Do as `write`, for a command line without an event loop."""
        return self._writer.submit_blocking(work)

    async def read(self, look: Callable[[Reading], T]) -> T:
        """Look at the records in a thread of their own, in one snapshot, together with who looks at the same time.

        `look` may run twice: it must depend on the records alone. Raises what `look` raises, and as
        `shared.storage.engine.read`.
        """
        return cast(T, await self._looks.ask(look))

    async def check(self) -> None:
        """Check that the database can be read and written. Raises `PeerUnavailable`."""
        if not self._writer.healthy():
            raise PeerUnavailable("storage.closed", "The service is stopping.", retry_after=1)
        await asyncio.get_running_loop().run_in_executor(self._readers, ping, self._engine)
        await self._writer.submit(lambda desk: desk.check_writable())

    async def clock(self) -> datetime | None:
        """Return what the clock of the database's server says; None where that is this machine."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, server_clock, self._engine)

    async def wipe(self) -> int:
        """Wipe what was destroyed from the database's journal too; there is never more to do at once."""
        await asyncio.get_running_loop().run_in_executor(self._readers, wipe_journal, self._engine)
        return 0

    def close(self) -> None:
        """Finish what is queued and what is being read, and give every connection back."""
        self._writer.close()
        self._readers.shutdown()
        self._engine.dispose()

    def _desk(self, book: Book) -> SqlDesk:
        return SqlDesk(book, self._places)

    async def _look_together(self, looks: Sequence[_Look]) -> Sequence[Any]:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._look, looks)

    def _look(self, looks: Sequence[_Look]) -> list[Any]:
        """Answer each look, or say what it raised; a statement that fails is its own look's fault alone."""
        try:
            with read(self._engine) as connection:
                reading = SqlReading(connection, self._places, self._texts)
                return [_looked(look, reading) for look in looks]
        except InternalFault as fault:
            if len(looks) == 1:
                return [fault]
        return [answer for look in looks for answer in self._look([look])]

    def _hints(self, expects: Sequence[Expected]) -> list[tuple[Any, str]]:
        return [(self._places.table_of(kind), key) for kind, key in expects]


def _looked(look: _Look, reading: SqlReading) -> Any:
    try:
        return look(reading)
    except SQLAlchemyError:
        raise
    except Exception as fault:  # noqa: BLE001 - raised to who looked, and to nobody else
        return fault
