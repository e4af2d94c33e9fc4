"""Statements handed to the database's own driver, below the toolkit.

The toolkit writes the text of a statement once per database (`Template`); running it costs a tenth of what it
costs through the toolkit, and on PostgreSQL all statements travel in one round trip (`shared.storage.pipeline`).
Used where a transaction for many callers is made, which is begun and committed here too: for a lone caller the
toolkit's way of doing both costs as much as all statements between. Everything else goes through the toolkit, which
is given the connection, and told of the transaction, only where it is needed (`Driver.toolkit`).
Promises: failures leave as the toolkit's own errors, and say whether the connection is gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import JSON, Boolean, ClauseElement, Connection, Dialect, Table, bindparam, insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DataError, DBAPIError

from shared.kernel.json_text import read_json, write_json
from shared.storage.orders import COMMIT, Order, beginning, decoder, encoder

if TYPE_CHECKING:
    from shared.storage.pipeline import Pipeline

#: Where a connection keeps its pipeline, and so the statements that it has prepared.
PIPELINE = "mesh.pipeline"
_POSTGRES = "postgresql"
_COMMIT: Final = COMMIT[0]
_ROWS_AT_ONCE: Final = 8
#: How SQLite begins what may write: it takes the lock before the first read, so that what was read is still true.
BEGIN_WRITING: Final = "BEGIN IMMEDIATE"
#: PostgreSQL with its parameters numbered, as the wire has them.
_NUMBERED: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # the toolkit's

Parameters = Sequence[Any]
Named = Mapping[str, Any]


class Template:
    """The text of a statement in the language of one database, and how values become its parameters.

    `None` is null in a column of any type.
    """

    def __init__(
        self,
        statement: ClauseElement,
        dialect: Dialect,
        *,
        columns: Sequence[str] | None = None,
        called: Mapping[str, str] | None = None,
        pick: Callable[[Any], Iterable[Any]] | None = None,
    ) -> None:
        """Write the statement. Its values come by name: `called` says by which, where the statement has another.

        Or they come in any form of which `pick` makes values in the statement's order.
        """
        spoken = _NUMBERED if dialect.name == _POSTGRES else dialect
        compiled: Any = statement.compile(dialect=spoken, column_keys=columns, for_executemany=True)
        self.text: str = compiled.string
        writers = [_writer(compiled.binds[name].type, dialect) for name in compiled.positiontup]
        self.formats = tuple(form for _, form in writers)
        #: Values that come in the statement's order may be its parameters as they are.
        self.is_plain = not any(write for write, _ in writers)
        self._pick = pick or _picker([(called or {}).get(name, name) for name in compiled.positiontup])
        self._writing = [(place, write) for place, (write, _) in enumerate(writers) if write is not None]

    def parameters(self, values: Any) -> Parameters:
        """Return the parameters for `values`, which have one for each."""
        found = [*self._pick(values)]
        try:
            for place, write in self._writing:
                if (value := found[place]) is not None:
                    found[place] = write(value)
        except (TypeError, ValueError, LookupError) as fault:
            raise DataError(None, None, fault) from fault
        return found

    def orders(self, rows: Sequence[Parameters]) -> Iterable[Order]:
        """Return what tells PostgreSQL to run the statement for each of these sets of parameters, in their order."""
        return [(self.text, row, self.formats) for row in rows]


class Insertion(Template):
    """The statement that adds a row. PostgreSQL is told of up to eight at once: both sides do half as much for each."""

    def __init__(self, table: Table, dialect: Dialect) -> None:
        super().__init__(insert(table), dialect)
        self._table = table
        self._texts = {1: self.text}

    def orders(self, rows: Sequence[Parameters]) -> Iterable[Order]:
        """Return as few statements as add these rows; few lengths are few statements to be prepared."""
        if len(rows) == 1:
            return [(self.text, rows[0], self.formats)]
        told: list[Order] = []
        start = 0
        while start < len(rows):
            count = min(_ROWS_AT_ONCE, 1 << (len(rows) - start).bit_length() - 1)
            values = [*chain.from_iterable(rows[start : start + count])]
            told.append((self._text(count), values, self.formats * count))
            start += count
        return told

    def _text(self, count: int) -> str:
        text = self._texts.get(count)
        if text is None:
            columns = self._table.columns
            rows = [{one.key: bindparam(f"{one.key}__{at}", type_=one.type) for one in columns} for at in range(count)]
            text = self._texts[count] = insert(self._table).values(rows).compile(dialect=_NUMBERED).string
        return text


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


def _picker(names: Sequence[str]) -> Callable[[Named], Iterable[Any]]:
    """Return what takes the values of these names, in this order, out of many."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [*map(values.__getitem__, names)]


def _writer(kind: Any, dialect: Dialect) -> tuple[Callable[[Any], Any] | None, int]:
    if dialect.name == _POSTGRES:
        return encoder(kind)
    if isinstance(kind, JSON):
        return write_json, 0
    if isinstance(kind, Boolean):
        return bool, 0
    return kind.dialect_impl(dialect).bind_processor(dialect), 0


def _reader(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == _POSTGRES:
        return decoder(kind)
    if isinstance(kind, JSON):
        return read_json
    read: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return read


class Commit(Protocol):
    """A commit; `is_begun`: it was tried, and who hears of a failure cannot know whether it was done."""

    is_begun: bool

    def meanwhile(self) -> None:
        """Do what may be done while the database commits."""

    def __call__(self) -> None:
        """Commit; nothing is left to tell where the database was told already."""


class Driver:
    """The driver's connection below the toolkit's, for as long as that lives. A transaction is begun with it."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection; where no transaction has begun on it the toolkit begins one."""
        if not connection.in_transaction():
            connection.begin()
        self.dialect = connection.dialect
        self.raw: Any = connection.connection.driver_connection
        self._connection = connection
        self._is_told = True
        self._errors: Any = self.dialect.loaded_dbapi
        self._pipeline = _pipeline_of(connection, self.raw) if self.dialect.name == _POSTGRES else None

    def begin(self) -> None:
        """Begin the next transaction: at once on SQLite, with what is sent first on PostgreSQL."""
        if self._pipeline is None:
            self._do(BEGIN_WRITING)

    def commit(self) -> None:
        """Commit, which on PostgreSQL was sent along with the last statements; have the toolkit know that it is so."""
        if self._pipeline is None:
            self._do(_COMMIT)
        if self._is_told:
            self._connection.commit()
            self._is_told = False

    def toolkit(self) -> Connection:
        """Return the toolkit's connection, within the transaction, with nothing on its way any more."""
        self._settle()
        if not self._is_told:
            self._connection.begin()
            self._is_told = True
        return self._connection

    def ask(self, questions: Iterable[tuple[Template, Parameters]]) -> Sequence[Sequence[Sequence[Any]]]:
        """Run queries and return the rows of each."""
        try:
            if self._pipeline is not None:
                return self._pipeline.run([(template.text, values, template.formats) for template, values in questions])
            execute = self.raw.cursor().execute
            return [execute(template.text, values).fetchall() for template, values in questions]
        except self._errors.Error as fault:
            raise _translation(fault, self.dialect, self.raw) from fault

    def tell(self, orders: Iterable[tuple[Template, list[Parameters]]], *, commit: Commit | None = None) -> None:
        """Run statements in their order, each once for every set of parameters, and `commit` along with them.

        Where the database is another process, what the commit has to be done `meanwhile` is done while it commits.
        """
        try:
            if self._pipeline is None:
                self._tell_each(orders)
            else:
                self._tell_together(self._pipeline, orders, commit)
        except self._errors.Error as fault:
            raise _translation(fault, self.dialect, self.raw) from fault
        if commit is not None:
            commit()

    def tell_ahead(self, orders: Iterable[tuple[Template, list[Parameters]]]) -> None:
        """Send statements to be run while the caller goes on; how they fared the next `ask` or `tell` says."""
        if self._pipeline is not None:
            with translated(self.dialect, self.raw):
                self._pipeline.send([order for template, rows in orders for order in template.orders(rows)])

    @property
    def goes_ahead(self) -> bool:
        """Say whether the database works while its caller computes: SQLite is the caller's own thread."""
        return self._pipeline is not None

    def _settle(self) -> None:
        """Wait for what was told ahead, so that the toolkit may use the connection."""
        if self._pipeline is not None:
            with translated(self.dialect, self.raw):
                self._pipeline.settle()

    def _do(self, statement: str) -> None:
        try:
            self.raw.cursor().execute(statement)
        except self._errors.Error as fault:
            raise _translation(fault, self.dialect, self.raw) from fault

    def _tell_each(self, orders: Iterable[tuple[Template, list[Parameters]]]) -> None:
        cursor = self.raw.cursor()
        for template, rows in orders:
            if len(rows) == 1:
                cursor.execute(template.text, rows[0])
            else:
                cursor.executemany(template.text, rows)

    def _tell_together(
        self, pipeline: "Pipeline", orders: Iterable[tuple[Template, list[Parameters]]], commit: Commit | None
    ) -> None:
        told = [order for template, rows in orders for order in template.orders(rows)]
        try:
            if commit is None:
                pipeline.run(told)
            else:
                pipeline.run([*told, COMMIT], meanwhile=commit.meanwhile)
        except BaseException:
            if commit is not None:
                commit.is_begun = pipeline.in_doubt
            raise


def _pipeline_of(connection: Connection, raw: Any) -> "Pipeline":
    from shared.storage.pipeline import Pipeline  # noqa: PLC0415 - the driver of one of the two databases

    found: Pipeline | None = connection.info.get(PIPELINE)
    if found is None:
        found = connection.info[PIPELINE] = Pipeline(raw.pgconn)
    found.begins = beginning(raw.isolation_level, read_only=bool(raw.read_only))
    return found


@contextmanager
def translated(dialect: Dialect, raw: Any) -> Iterator[Any]:
    """Give the driver's connection out; what it raises leaves as the toolkit's error."""
    errors: Any = dialect.loaded_dbapi
    try:
        yield raw
    except errors.Error as fault:
        raise _translation(fault, dialect, raw) from fault


def _translation(fault: Any, dialect: Dialect, raw: Any) -> DBAPIError:
    """Return the toolkit's error for one of the driver's."""
    errors: Any = dialect.loaded_dbapi
    is_lost = dialect.is_disconnect(fault, raw, None)
    translation: DBAPIError = DBAPIError.instance(
        None, None, fault, errors.Error, connection_invalidated=is_lost, dialect=dialect
    )
    return translation
