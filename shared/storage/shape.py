"""The statements of one table for one database, built once: loading by key, inserting, updating, deleting.

Building a statement costs more than running it, so shapes are kept for the life of a writer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
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
    insert,
    select,
    update,
)
from sqlalchemy import tuple_ as sql_tuple

from shared.kernel.errors import InternalFault
from shared.storage.driver import Parameters, Reader, Template

Row = dict[str, Any]
Key = Any

_MOST_KEYS = 512  # well under the parameter limits of both databases


class Lock(Enum):
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
        self.columns = frozenset(column.key for column in table.columns)
        self.value_names = tuple(sorted(self.columns.difference(self.key_names)))
        self.key_of: Callable[[Mapping[str, Any]], Key] = itemgetter(*self.key_names)
        self.reader = Reader(table.columns, dialect)
        self.insert = Template(insert(table), dialect)
        self.delete = Template(delete(table).where(_key_is(table)), dialect)
        self._table = table
        self._dialect = dialect
        self._loads: dict[tuple[int, Lock], Template] = {}
        self._updates: dict[tuple[str, ...], Template] = {}
        self._blank: Row = {column.key: _default(column) for column in table.columns}

    def load(self, keys: Sequence[Key], *, lock: Lock) -> tuple[Template, Parameters]:
        """Return the query for rows by key, which are as many as `in_portions` gives."""
        template = self._loads.get((len(keys), lock))
        if template is None:
            query = select(self._table).where(_key_in(self._table, len(keys)))
            template = Template(lock.applied_to(query), self._dialect)
            self._loads[len(keys), lock] = template
        return template, template.parameters({f"key__{at}": value for at, value in enumerate(self._flat(keys))})

    def update(self, columns: tuple[str, ...]) -> Template:
        """Return the statement that changes these columns of one row."""
        template = self._updates.get(columns)
        if template is None:
            statement = update(self._table).where(_key_is(self._table))
            template = self._updates[columns] = Template(statement, self._dialect, columns=columns)
        return template

    def full_row(self, row: Mapping[str, Any]) -> Row:
        """Return a copy of `row` with every column: what is left out has its constant default, or is null.

        Raises `InternalFault` (`storage.columns`) for a column that the table does not have.
        """
        self.check_columns(row)
        return {**self._blank, **row}

    def check_columns(self, names: Mapping[str, Any]) -> None:
        """Raise `InternalFault` (`storage.columns`) for a column that the table does not have."""
        if not names.keys() <= self.columns:
            raise InternalFault("storage.columns", "A record was written with a column that does not exist.")

    def key_parameters(self, key: Key) -> Row:
        """Return the parameters by which `update` and `delete` find one row."""
        values = (key,) if len(self.key_names) == 1 else key
        return {f"pk__{position}": value for position, value in enumerate(values)}

    def _flat(self, keys: Sequence[Key]) -> Iterable[Any]:
        return keys if len(self.key_names) == 1 else chain.from_iterable(keys)


class Shapes:
    """The shapes of every table met so far, for one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._by_table: dict[Table, Shape] = {}

    def of(self, table: Table) -> Shape:
        """Return the shape of `table`, made on first use."""
        shape = self._by_table.get(table)
        if shape is None:
            shape = self._by_table[table] = Shape(table, self._dialect)
        return shape


def in_portions(keys: Sequence[Key]) -> Iterable[list[Key]]:
    """Cut keys into lists whose lengths are powers of two, the last key repeated.

    Few lengths are few statement texts, which the databases then keep prepared.
    """
    for start in range(0, len(keys), _MOST_KEYS):
        portion = list(keys[start : start + _MOST_KEYS])
        padding = (1 << (len(portion) - 1).bit_length()) - len(portion)
        yield portion + portion[-1:] * padding


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
