"""The statements of one table for one database, built once: loading by key, inserting, updating, deleting.

Building a statement costs more than running it, so shapes are kept for the life of a writer.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy import tuple_ as sql_tuple

from shared.kernel.errors import InternalFault
from shared.storage.driver import Insertion, Parameters, Reader, Template

Row = dict[str, Any]
Key = Any

_MOST_KEYS = 512  # well under the parameter limits of both databases
_MOST_KEPT = 1024
#: Set in the `info` of a table with a key of one column, whose rows are read often and seldom change: a row that says
#: the same as the last time, in every column, is not made into values anew, but shared with later transactions.
KEPT = "kept"


class Lock(IntEnum):
    """How a query of rows meets other transactions; on SQLite, where a transaction that writes is alone, in no way."""

    NONE = 0
    WAIT = 1  # until whoever holds a row has ended
    SKIP = 2  # the rows that another holds

    def applied_to(self, query: Select[Any]) -> Select[Any]:
        """Return the query with this lock on what it finds."""
        return query if self is Lock.NONE else query.with_for_update(skip_locked=self is Lock.SKIP)


class Shape:
    """What a table looks like, and its statements. `key` is the primary key, a tuple when composite."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        self.rank = _rank(table)
        self.key_names = tuple(column.key for column in table.primary_key)
        self._key_called = {f"pk__{position}": name for position, name in enumerate(self.key_names)}
        self._key_at = list(table.columns).index(next(iter(table.primary_key)))
        self.value_names = tuple(sorted({column.key for column in table.columns}.difference(self.key_names)))
        self.key_of: Callable[[Mapping[str, Any]], Key] = itemgetter(*self.key_names)
        self.reader = Reader(table.columns, dialect)
        self.insert = Insertion(table, dialect)
        self.delete = Template(delete(table).where(_key_is(table)), dialect, called=self._key_called)
        self._is_simple = len(self.key_names) == 1
        self._table = table
        self._dialect = dialect
        self._loads: dict[tuple[int, Lock], Template] = {}
        self._updates: dict[tuple[str, ...], Template] = {}
        self._kept: dict[Key, tuple[Sequence[Any], Row]] | None = {} if table.info.get(KEPT) else None
        self._blank: Row = {column.key: _default(column) for column in table.columns}

    def load(self, keys: Sequence[Key], *, lock: Lock) -> tuple[Template, Parameters]:
        """Return the query for rows by key, which are as many as `in_portions` gives."""
        template = self._loads.get((len(keys), lock))
        if template is None:
            query = lock.applied_to(select(self._table).where(_key_in(self._table, len(keys))))
            pick = list if self._is_simple else chain.from_iterable
            template = self._loads[len(keys), lock] = Template(query, self._dialect, pick=pick)
        return template, keys if self._is_simple and template.is_plain else template.parameters(keys)

    def row(self, values: Sequence[Any]) -> Row:
        """Return a fetched row by column name: of a table that is kept the very one of before, if it says the same."""
        if self._kept is None:
            return self.reader.row(values)
        kept = self._kept.get(values[self._key_at])
        if kept is None or kept[0] != values:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[values[self._key_at]] = (values, self.reader.row(values))
        return kept[1]

    def update(self, columns: tuple[str, ...]) -> Template:
        """Return the statement that changes these columns of one row; its parameters are in the row as it is then."""
        template = self._updates.get(columns)
        if template is None:
            statement = update(self._table).where(_key_is(self._table))
            template = self._updates[columns] = Template(
                statement, self._dialect, columns=columns, called=self._key_called
            )
        return template

    def full_row(self, row: Mapping[str, Any]) -> Row:
        """Return a copy of `row` with every column: what is left out has its constant default, or is null.

        Raises `InternalFault` (`storage.columns`) for a column that the table does not have.
        """
        full = {**self._blank, **row}
        if len(full) != len(self._blank):
            raise _no_such_column()
        return full

    def changed_row(self, row: Row, changes: Mapping[str, Any]) -> Row:
        """Return a copy of `row` with `changes`.

        Raises `InternalFault` (`storage.columns`) for a column that the table does not have, or that is of its key.
        """
        changed = {**row, **changes}
        if len(changed) != len(self._blank):
            raise _no_such_column()
        if not changes.keys().isdisjoint(self.key_names):
            raise InternalFault("storage.columns", "The key of a record cannot be changed.")
        return changed

    def removal(self, key: Key) -> Parameters:
        """Return the parameters by which `delete` finds one row."""
        values = (key,) if self._is_simple else key
        return self.delete.parameters(dict(zip(self.key_names, values, strict=True)))


class Shapes(dict[Table, Shape]):
    """The shapes of every table met so far, for one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def __missing__(self, table: Table) -> Shape:
        """Make the shape of a table that is met for the first time."""
        shape = self[table] = Shape(table, self._dialect)
        return shape


def in_portions(keys: Sequence[Key]) -> list[list[Key]]:
    """Cut keys into lists whose lengths are powers of two, the last key repeated.

    Few lengths are few statement texts, which the databases then keep prepared.
    """
    portions = []
    for start in range(0, len(keys), _MOST_KEYS):
        portion = list(keys[start : start + _MOST_KEYS])
        padding = (1 << (len(portion) - 1).bit_length()) - len(portion)
        portions.append(portion + portion[-1:] * padding)
    return portions


def _no_such_column() -> InternalFault:
    return InternalFault("storage.columns", "A record was written with a column that does not exist.")


def _key_in(table: Table, count: int) -> ColumnElement[bool]:
    columns = list(table.primary_key)
    places = [
        bindparam(f"key__{at}", type_=columns[at % len(columns)].type, unique=False)
        for at in range(count * len(columns))
    ]
    if len(columns) == 1:
        return columns[0].in_(places)
    width = len(columns)
    return sql_tuple(*columns).in_([sql_tuple(*places[at : at + width]) for at in range(0, len(places), width)])


def _key_is(table: Table) -> ColumnElement[bool]:
    places = enumerate(table.primary_key)
    return and_(*(column == bindparam(f"pk__{position}", type_=column.type) for position, column in places))


def _rank(table: Table) -> int:
    """Return the table's place in the order in which foreign keys allow rows to be inserted."""
    return table.metadata.sorted_tables.index(table)


def _default(column: Any) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None
