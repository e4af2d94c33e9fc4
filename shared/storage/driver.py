"""Statements handed to the database's own driver, with the toolkit's transaction around them.

The toolkit writes the text of a statement once per database (`Template`); running it costs a tenth of what it
costs through the toolkit, and on PostgreSQL several statements travel in one round trip. Used where a
transaction for many callers is made; everything else goes through the toolkit.
Promises: failures leave as the toolkit's own errors, and say whether the connection is gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.exc import DBAPIError

Parameters = tuple[Any, ...] | dict[str, Any]


class Template:
    """The text of a statement in the language of one database, and how values become its parameters."""

    def __init__(self, statement: ClauseElement, dialect: Dialect, *, columns: Sequence[str] | None = None) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
        self.text: str = compiled.string
        self._is_positional: bool = compiled.positional
        names = compiled.positiontup if compiled.positional else compiled.binds
        self._slots = [(name, _writer(compiled.binds[name].type, dialect)) for name in names]

    def parameters(self, values: Mapping[str, Any]) -> Parameters:
        """Return the parameters for `values`, which has one for each."""
        if self._is_positional:
            return tuple([values[name] if write is None else write(values[name]) for name, write in self._slots])
        return {name: values[name] if write is None else write(values[name]) for name, write in self._slots}


class Reader:
    """How the values of fetched columns become a row."""

    def __init__(self, columns: Iterable[Any], dialect: Dialect) -> None:
        columns = list(columns)
        self._names = tuple(column.key for column in columns)
        readers = [(column.key, column.type.dialect_impl(dialect)) for column in columns]
        converting = [(name, kind.result_processor(dialect, None)) for name, kind in readers]
        self._converting = [(name, read) for name, read in converting if read is not None]

    def row(self, values: Iterable[Any]) -> dict[str, Any]:
        """Return a row by column name."""
        row = dict(zip(self._names, values, strict=True))
        for name, read in self._converting:
            row[name] = read(row[name])
        return row


def _writer(kind: Any, dialect: Dialect) -> Any:
    return kind.dialect_impl(dialect).bind_processor(dialect)


class Driver:
    """The driver's connection below the toolkit's, within its transaction."""

    def __init__(self, connection: Connection) -> None:
        if not connection.in_transaction():
            connection.begin()
        self._dialect = connection.dialect
        self._raw: Any = connection.connection.driver_connection

    def ask(self, questions: Iterable[tuple[Template, Parameters]]) -> list[list[tuple[Any, ...]]]:
        """Run queries and return the rows of each."""
        with translated(self._dialect, self._raw):
            with self._together():
                cursors = [self._raw.cursor().execute(template.text, values) for template, values in questions]
            return [cursor.fetchall() for cursor in cursors]

    def tell(self, orders: Iterable[tuple[Template, list[Parameters]]], *, then: Callable[[], None]) -> None:
        """Run statements in their order, each once for every set of parameters; `then` do this along with them."""
        with translated(self._dialect, self._raw), self._together():
            for template, rows in orders:
                if len(rows) == 1:
                    self._raw.cursor().execute(template.text, rows[0])
                else:
                    self._raw.cursor().executemany(template.text, rows)
            then()

    def _together(self) -> AbstractContextManager[Any]:
        """Let what is run inside travel in one round trip where there are such."""
        return self._raw.pipeline() if self._dialect.name == "postgresql" else nullcontext()


@contextmanager
def translated(dialect: Dialect, raw: Any) -> Iterator[Any]:
    """Give the driver's connection out; what it raises leaves as the toolkit's error."""
    errors: Any = dialect.loaded_dbapi
    try:
        yield raw
    except errors.Error as fault:
        is_lost = dialect.is_disconnect(fault, raw, None)
        raise DBAPIError.instance(
            None, None, fault, errors.Error, connection_invalidated=is_lost, dialect=dialect
        ) from fault
