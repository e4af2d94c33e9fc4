"""Statements handed to the database's own driver, with the toolkit's transaction around them.

The toolkit writes the text of a statement once per database (`Template`); running it costs a tenth of what it
costs through the toolkit, and on PostgreSQL all statements travel in one round trip (`shared.storage.pipeline`).
Used where a transaction for many callers is made; everything else goes through the toolkit.
Promises: failures leave as the toolkit's own errors, and say whether the connection is gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DataError, DBAPIError

from shared.storage.orders import COMMIT, Order, decoder, encoder

if TYPE_CHECKING:
    from shared.storage.pipeline import Pipeline

#: Where a connection keeps its pipeline, and so the statements that it has prepared.
PIPELINE = "mesh.pipeline"
_POSTGRES = "postgresql"
#: PostgreSQL with its parameters numbered, as the wire has them.
_NUMBERED: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # the toolkit's

Parameters = tuple[Any, ...]


class Template:
    """The text of a statement in the language of one database, and how values become its parameters.

    `None` is null in a column of any type.
    """

    def __init__(self, statement: ClauseElement, dialect: Dialect, *, columns: Sequence[str] | None = None) -> None:
        spoken = _NUMBERED if dialect.name == _POSTGRES else dialect
        compiled: Any = statement.compile(dialect=spoken, column_keys=columns, for_executemany=True)
        self.text: str = compiled.string
        writers = [(name, *_writer(compiled.binds[name].type, dialect)) for name in compiled.positiontup]
        self.formats = tuple(form for _, _, form in writers)
        self._slots = [(name, write) for name, write, _ in writers]

    def parameters(self, values: Mapping[str, Any]) -> Parameters:
        """Return the parameters for `values`, which has one for each."""
        try:
            return tuple(
                [
                    value if (value := values[name]) is None or write is None else write(value)
                    for name, write in self._slots
                ]
            )
        except (TypeError, ValueError) as fault:
            raise DataError(None, None, fault) from fault


class Reader:
    """How the values of fetched columns become a row."""

    def __init__(self, columns: Iterable[Any], dialect: Dialect) -> None:
        columns = list(columns)
        self._names = tuple(column.key for column in columns)
        readers = [(column.key, _reader(column.type, dialect)) for column in columns]
        self._converting = [(name, read) for name, read in readers if read is not None]

    def row(self, values: Iterable[Any]) -> dict[str, Any]:
        """Return a row by column name."""
        row = dict(zip(self._names, values, strict=True))
        for name, read in self._converting:
            if (value := row[name]) is not None:
                row[name] = read(value)
        return row


def _writer(kind: Any, dialect: Dialect) -> tuple[Callable[[Any], Any] | None, int]:
    if dialect.name == _POSTGRES:
        return encoder(kind)
    return kind.dialect_impl(dialect).bind_processor(dialect), 0


def _reader(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == _POSTGRES:
        return decoder(kind)
    read: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return read


class Commit(Protocol):
    """A commit; `is_begun`: it was tried, and who hears of a failure cannot know whether it was done."""

    is_begun: bool

    def meanwhile(self) -> None:
        """Do what may be done while the database commits."""

    def __call__(self) -> None:
        """Commit; nothing is left to do where the database was told already."""


class Driver:
    """The driver's connection below the toolkit's, within its transaction."""

    def __init__(self, connection: Connection) -> None:
        if not connection.in_transaction():
            connection.begin()
        self._dialect = connection.dialect
        self._raw: Any = connection.connection.driver_connection
        self._pipeline = _pipeline_of(connection, self._raw) if connection.dialect.name == _POSTGRES else None

    def ask(self, questions: Iterable[tuple[Template, Parameters]]) -> Sequence[Sequence[Iterable[Any]]]:
        """Run queries and return the rows of each."""
        with translated(self._dialect, self._raw):
            if self._pipeline is not None:
                return self._pipeline.run([_order(template, values) for template, values in questions])
            return [self._raw.cursor().execute(template.text, values).fetchall() for template, values in questions]

    def tell(self, orders: Iterable[tuple[Template, list[Parameters]]], *, commit: Commit | None = None) -> None:
        """Run statements in their order, each once for every set of parameters, and `commit` along with them.

        What the commit has to be done `meanwhile` is done while the database commits, or after it has.
        """
        with translated(self._dialect, self._raw):
            if self._pipeline is None:
                self._tell_each(orders)
            else:
                self._tell_together(self._pipeline, orders, commit)
        if commit is not None:
            commit()
            if self._pipeline is None:
                commit.meanwhile()

    def tell_ahead(self, orders: Iterable[tuple[Template, list[Parameters]]]) -> None:
        """Send statements to be run while the caller goes on; how they fared the next `ask` or `tell` says."""
        if self._pipeline is not None:
            with translated(self._dialect, self._raw):
                self._pipeline.send([_order(template, row) for template, rows in orders for row in rows])

    def settle(self) -> None:
        """Wait for what was told ahead, so that the toolkit may use the connection."""
        if self._pipeline is not None:
            with translated(self._dialect, self._raw):
                self._pipeline.settle()

    @property
    def goes_ahead(self) -> bool:
        """Say whether the database works while its caller computes: SQLite is the caller's own thread."""
        return self._pipeline is not None

    def _tell_each(self, orders: Iterable[tuple[Template, list[Parameters]]]) -> None:
        for template, rows in orders:
            if len(rows) == 1:
                self._raw.cursor().execute(template.text, rows[0])
            else:
                self._raw.cursor().executemany(template.text, rows)

    def _tell_together(
        self, pipeline: "Pipeline", orders: Iterable[tuple[Template, list[Parameters]]], commit: Commit | None
    ) -> None:
        told = [_order(template, row) for template, rows in orders for row in rows]
        try:
            if commit is None:
                pipeline.run(told)
            else:
                pipeline.run([*told, COMMIT], meanwhile=commit.meanwhile)
        except BaseException:
            if commit is not None:
                commit.is_begun = pipeline.in_doubt
            raise


def _order(template: Template, values: Parameters) -> Order:
    return Order(template.text, values, template.formats)


def _pipeline_of(connection: Connection, raw: Any) -> "Pipeline":
    from shared.storage.pipeline import Pipeline  # noqa: PLC0415 - the driver of one of the two databases

    found: Pipeline | None = connection.info.get(PIPELINE)
    if found is None:
        found = connection.info[PIPELINE] = Pipeline(raw.pgconn)
    return found


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
