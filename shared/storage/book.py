"""The rows of one transaction, read once and written once, shared by many units of work.

Owns: an identity map of rows (plain dicts) by table and primary key. Units read and write the map;
`flush` sends what changed, one `executemany` per table and set of columns, which is what makes a
transaction for 64 callers cost little more than one for a single caller.
Promises: a unit that fails leaves no trace in the map, hence none in the database.
Refuses: reading by query what the unit itself has changed and not yet sent.

Rows that the book hands out are the map's own: read them, and change them through `update` only.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, Table, select

from shared.kernel.errors import Conflict, InternalFault
from shared.storage.driver import Commit, Driver, Parameters, Template
from shared.storage.history import Tables
from shared.storage.probe import check_writable
from shared.storage.shape import Key, Lock, Row, Shape, Shapes, in_portions


class _Mark(Enum):
    """What is still to be sent for a row; an update is marked by the names of its columns."""

    INSERT = 1
    DELETE = 2
    UNKNOWN = 3  # no mark at all: the map did not know the row


_Pending = _Mark | tuple[str, ...]


_Order = tuple[Template, list[Parameters]]


class _Page:
    """The rows of one table: `None` for a key that is known to be absent."""

    __slots__ = ("pending", "rows", "shape")

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rows: dict[Key, Row | None] = {}
        self.pending: dict[Key, _Pending] = {}

    def added(self) -> list[Parameters]:
        """Return the parameters of the rows that are to be inserted."""
        parameters, rows = self.shape.insert.parameters, self.rows
        return [parameters(rows[key] or {}) for key, mark in self.pending.items() if mark is _Mark.INSERT]

    def orders(self) -> tuple[list[_Order], list[_Order], list[_Order]]:
        """Return what is to be sent: inserts, updates by their columns, deletes."""
        shape, rows = self.shape, self.rows
        added: list[Parameters] = []
        removed: list[Parameters] = []
        changed: dict[Template, list[Parameters]] = {}
        for key, mark in self.pending.items():
            row = rows[key]
            if row is None:
                removed.append(shape.removal(key))
            elif mark is _Mark.INSERT:
                added.append(shape.insert.parameters(row))
            elif isinstance(mark, tuple) and mark:
                template = shape.update(mark)
                changed.setdefault(template, []).append(template.parameters(row))
        return (
            [(shape.insert, added)] if added else [],
            [*changed.items()],
            [(shape.delete, removed)] if removed else [],
        )


class _Pages(dict[Table, _Page]):
    """The pages of a book, each made when it is first asked for."""

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes

    def __missing__(self, table: Table) -> _Page:
        page = self[table] = _Page(self._shapes[table])
        return page


_RANK = attrgetter("shape.rank")
_Undo = tuple[_Page, Key, Row | _Mark | None, _Pending | None]


class Book:
    """One transaction's rows. Used by one thread; thrown away with its transaction.

    Failures of the database leave as the toolkit's own errors: whoever opened the transaction decides.
    """

    def __init__(
        self,
        driver: Driver,
        *,
        shapes: Shapes | None = None,
        expected: Mapping[Table, Iterable[Key]] | None = None,
    ) -> None:
        """Take a connection in a transaction; `expected` rows are asked for along with the first that is needed."""
        self._driver = driver
        self._pages = _Pages(Shapes(driver.dialect) if shapes is None else shapes)
        self._undo: list[_Undo] | None = None
        self._expected = {} if expected is None else expected

    def get(self, table: Table, key: Key) -> Row | None:
        """Return the row with this primary key as the transaction sees it, or `None`."""
        page = self._pages[table]
        if key not in page.rows:
            self._load([(page, [key])])
        return page.rows[key]

    def prefetch(self, table: Table, keys: Iterable[Key]) -> None:
        """Load every row that is not yet known, with one query."""
        self.prefetch_all({table: keys})

    def prefetch_all(self, wanted: Mapping[Table, Iterable[Key]]) -> None:
        """Load the rows of several tables that are not yet known: one query for each table, all asked together."""
        self._load(self._unknown(wanted))

    def bring_expected(self) -> None:
        """Load the expected rows that nothing has brought along yet."""
        if self._expected:
            self._load([])

    def lock(self, table: Table, key: Key) -> Row | None:
        """Load a row and hold it against other transactions until this one ends.

        On SQLite the transaction itself is that lock. Raises `InternalFault` (`storage.lock-order`)
        when the row was read before: what was read may already be outdated.
        """
        page = self._pages[table]
        if key in page.rows:
            raise InternalFault("storage.lock-order", "A record was read before it was locked.")
        self._load([(page, [key])], lock=Lock.WAIT)
        return page.rows[key]

    def take(self, table: Table, keys: Sequence[Key], *, lock: Lock = Lock.SKIP) -> dict[Key, Row]:
        """Return rows as they are now, and hold them; those that another transaction holds are left out, or waited for.

        What was known of them before is forgotten. Raises `InternalFault` as `select` does.
        """
        self.flush()
        page = self._pages[table]
        for key in keys:
            page.rows.pop(key, None)
        self._load([(page, list(keys))], lock=lock)
        taken = {key: row for key in keys if (row := page.rows[key]) is not None}
        for key in set(keys) - taken.keys():
            page.rows.pop(key)  # it may be there all the same
        return taken

    def hold(self, table: Table) -> None:
        """Hold a whole table against other transactions that hold or change it, until this one ends; reading goes on.

        For small tables that few write. On SQLite the transaction itself is that lock.
        """
        if self._driver.dialect.name == "postgresql":
            self._driver.toolkit().exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")

    def insert(self, table: Table, row: Mapping[str, Any]) -> Row:
        """Add a row and return it in full; columns left out take their constant default, or null.

        Raises `Conflict` (`storage.conflict`) when the book knows a row of this key. A row that only the
        database knows is found when the rows are sent: `get` first where that may happen.
        """
        page = self._pages[table]
        full = page.shape.full_row(row)
        key = page.shape.key_of(full)
        if key is None:
            raise InternalFault("storage.key", "A record was written without its key.")
        if page.rows.get(key) is not None:
            raise Conflict("storage.conflict", "Another record already has this identifier.")
        was_deleted = page.pending.get(key) is _Mark.DELETE
        self._write(page, key, full, page.shape.value_names if was_deleted else _Mark.INSERT)
        return full

    def update(self, table: Table, key: Key, **changes: Any) -> Row:
        """Change columns of a row and return the row as it is now.

        Raises `InternalFault` when there is no such row (`storage.absent`), no such column, or the key
        itself would change (`storage.columns`).
        """
        page = self._pages[table]
        changed = page.shape.changed_row(page.rows.get(key) or self._existing(table, key), changes)
        self._write(page, key, changed, _merged(page.pending.get(key), changes))
        return changed

    def delete(self, table: Table, key: Key) -> None:
        """Remove a row. Raises `InternalFault` (`storage.absent`) when there is none."""
        page = self._pages[table]
        self._existing(table, key)
        self._write(page, key, None, None if page.pending.get(key) is _Mark.INSERT else _Mark.DELETE)

    def check_writable(self, tables: Iterable[Tables]) -> None:
        """Write what leaves no trace, so that a database that takes nothing shows at the commit at the latest.

        Raises `PeerUnavailable` (`storage.not-writable`) where a right that a service needs is missing.
        """
        check_writable(self._driver.toolkit(), tables)

    def select(self, statement: Select[Any]) -> list[Row]:
        """Run a query and return its rows as dicts; rows of earlier units are sent first.

        Raises `InternalFault` (`storage.select-after-write`) when this unit has already written.
        """
        self.flush()
        return [dict(row) for row in self._driver.toolkit().execute(statement).mappings()]

    def find(
        self,
        table: Table,
        *criteria: ColumnElement[bool],
        order_by: Sequence[Any] = (),
        limit: int | None = None,
        lock: Lock = Lock.NONE,
    ) -> list[Row]:
        """Return the rows of a table that meet all criteria, and keep them for `get` and `update`.

        Those that are locked are as they are now, whatever was known of them. Raises `InternalFault` as `select` does.
        """
        page = self._pages[table]
        statement = lock.applied_to(select(table).where(*criteria).order_by(*order_by).limit(limit))
        keep = self._keep if lock is Lock.NONE else self._renew
        return [keep(page, row) for row in self.select(statement)]

    def unit(self) -> Self:
        """Run one unit of work within it: what it wrote is kept when it ends well, and undone when it raises."""
        return self

    def __enter__(self) -> Self:
        """Begin a unit. Raises `InternalFault` (`storage.nested-unit`) inside another."""
        if self._undo is not None:
            raise InternalFault("storage.nested-unit", "A unit of work was begun inside another.")
        self._undo = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        undo, self._undo = self._undo, None
        if kind is not None and undo:
            self._take_back(undo)

    def flush(self, *, commit: Commit | None = None) -> None:
        """Send what is pending: inserts in the order of foreign keys, updates, deletes in reverse; then `commit`.

        Where statements travel together the commit travels with them: it may have been done although they failed.
        Raises `InternalFault` (`storage.select-after-write`) inside a unit that has written.
        """
        if self._undo:
            raise InternalFault("storage.select-after-write", "A unit of work must query before it writes.")
        pages = self._changed()
        if not pages and commit is None:
            return
        added: list[_Order] = []
        changed: list[_Order] = []
        removed: list[_Order] = []
        for page in pages:
            inserts, updates, deletes = page.orders()
            added += inserts
            changed += updates
            removed = deletes + removed
        self._driver.tell(added + changed + removed, commit=commit)
        for page in pages:
            page.pending.clear()

    def send_ahead(self) -> None:
        """Have the database insert what units have added so far while the next units are run (PostgreSQL).

        Called between units, where what a unit added can no longer be undone alone.
        """
        if not self._driver.goes_ahead:
            return
        pages = self._changed()
        orders = [(page.shape.insert, added) for page in pages if (added := page.added())]
        if orders:
            self._driver.tell_ahead(orders)
        for page in pages:
            page.pending = {key: mark for key, mark in page.pending.items() if mark is not _Mark.INSERT}

    def _changed(self) -> list[_Page]:
        """Return the pages of which something is still to be sent, in the order of foreign keys."""
        changed = [page for page in self._pages.values() if page.pending]
        changed.sort(key=_RANK)
        return changed

    def _unknown(self, wanted: Mapping[Table, Iterable[Key]]) -> list[tuple[_Page, list[Key]]]:
        found: list[tuple[_Page, list[Key]]] = []
        for table, keys in wanted.items():
            page, once = self._pages[table], [*dict.fromkeys(keys)]
            found.append((page, [key for key in once if key not in page.rows] if page.rows else once))
        return found

    def _load(self, wanted: Iterable[tuple[_Page, list[Key]]], *, lock: Lock = Lock.NONE) -> None:
        expected, self._expected = self._expected, {}
        asked: list[tuple[_Page, list[Key]]] = []
        questions = []
        for some, held in ((wanted, lock), (self._unknown(expected) if expected else (), Lock.NONE)):
            for page, keys in some:
                for portion in (keys,) if len(keys) == 1 else in_portions(keys):
                    asked.append((page, portion))
                    questions.append(page.shape.load(portion, lock=held))
        if not questions:
            return
        for (page, portion), found in zip(asked, self._driver.ask(questions), strict=True):
            rows, shape = page.rows, page.shape
            rows.update(dict.fromkeys(portion))
            for values in found:
                row = shape.row(values)
                rows[shape.key_of(row)] = row

    def _existing(self, table: Table, key: Key) -> Row:
        row = self.get(table, key)
        if row is None:
            raise InternalFault("storage.absent", "A record to be changed does not exist.")
        return row

    def _keep(self, page: _Page, row: Row) -> Row:
        """Enter a row that a query brought, unless the map knows it: then the map's own object stays."""
        key = page.shape.key_of(row)
        known = page.rows.get(key)
        if known is None:
            known = page.rows[key] = row
        return known

    def _renew(self, page: _Page, row: Row) -> Row:
        """Enter a row in the place of what the map knew: nothing of it is pending, or the query would be refused."""
        page.rows[page.shape.key_of(row)] = row
        return row

    def _write(self, page: _Page, key: Key, row: Row | None, pending: _Pending | None) -> None:
        if self._undo is not None:
            self._undo.append((page, key, page.rows.get(key, _Mark.UNKNOWN), page.pending.get(key)))
        page.rows[key] = row
        if pending is None:
            page.pending.pop(key, None)
        else:
            page.pending[key] = pending

    def _take_back(self, undo: list[_Undo]) -> None:
        for page, key, row, pending in reversed(undo):
            if isinstance(row, _Mark):
                del page.rows[key]
            else:
                page.rows[key] = row
            if pending is None:
                page.pending.pop(key, None)
            else:
                page.pending[key] = pending


def _merged(pending: _Pending | None, changes: Mapping[str, Any]) -> _Pending:
    """Return the mark of a row that is changed once more: a new row stays new."""
    if isinstance(pending, _Mark):
        return pending
    return tuple(sorted({*(pending or ()), *changes}))
