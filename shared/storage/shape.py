"""The statements of one table, built once: loading by key, inserting, updating, deleting.

Building a statement costs more than running it, so shapes are kept for the life of a writer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy import tuple_ as sql_tuple

from shared.kernel.errors import InternalFault

Row = dict[str, Any]
Key = Any

_MOST_KEYS = 512  # well under the parameter limits of both databases


class Shape:
    """What a table looks like, and its statements. `key` is the primary key, a tuple when composite."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.rank = _rank(table)
        self.key_names = tuple(column.key for column in table.primary_key)
        self.columns = frozenset(column.key for column in table.columns)
        self.value_names = tuple(sorted(self.columns.difference(self.key_names)))
        self.key_of: Callable[[Mapping[str, Any]], Key] = itemgetter(*self.key_names)
        self.load: Select[Any] = select(table).where(self._key_in())
        self.lock: Select[Any] = self.load.with_for_update()
        self.insert: Insert = insert(table)
        self.update: Update = update(table).where(self._key_is())
        self.delete: Delete = delete(table).where(self._key_is())
        self._blank: Row = {column.key: _default(column) for column in table.columns}

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

    def _key_in(self) -> ColumnElement[bool]:
        columns = list(self.table.primary_key)
        target = columns[0] if len(columns) == 1 else sql_tuple(*columns)
        return target.in_(bindparam("keys", expanding=True))

    def _key_is(self) -> ColumnElement[bool]:
        return and_(
            *(
                column == bindparam(f"pk__{position}", type_=column.type)
                for position, column in enumerate(self.table.primary_key)
            )
        )


class Shapes:
    """The shapes of every table met so far."""

    def __init__(self) -> None:
        self._by_table: dict[Table, Shape] = {}

    def of(self, table: Table) -> Shape:
        """Return the shape of `table`, made on first use."""
        shape = self._by_table.get(table)
        if shape is None:
            shape = self._by_table[table] = Shape(table)
        return shape


def in_portions(keys: Sequence[Key]) -> Iterable[list[Key]]:
    """Cut keys into lists whose lengths are powers of two, the last key repeated.

    Few lengths are few statement texts, which the databases then keep prepared.
    """
    for start in range(0, len(keys), _MOST_KEYS):
        portion = list(keys[start : start + _MOST_KEYS])
        padding = (1 << (len(portion) - 1).bit_length()) - len(portion)
        yield portion + portion[-1:] * padding


def _rank(table: Table) -> int:
    """Return the table's place in the order in which foreign keys allow rows to be inserted."""
    return table.metadata.sorted_tables.index(table)


def _default(column: Any) -> Any:
    return column.default.arg if column.default is not None and column.default.is_scalar else None
