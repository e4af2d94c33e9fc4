"""One transaction for many units of work, and what becomes of each unit when something fails.

1. Open: a connection, a transaction.
2. Read: what the owner's `on_begin` locks to serialise the writers, and with it every row that the units
   asked for, one query per table, all in one round trip.
3. Run: each unit in turn at the one desk; a unit that raises loses its own writes and nothing else. Where the
   database is another process, it inserts what some units added while the next ones are run.
4. Send and commit, in one round trip; what the units returned is finished while the database, or the disk, is at it.

A failure in (1), waiting in vain for the lock in (2), and a database that takes nothing more, is told to
every caller: no unit can be to blame. Another failure in (2) to (4) before the commit persisted nothing, so
the units are run again one by one, and only the one to blame fails. A commit that fails may have persisted
all the same, and so may one that was sent along with statements whose failure does not say otherwise: nothing
is run again, the callers are told to retry, and their retry reads what is true, because nothing is remembered
from one transaction to the next. A `FatalLedgerError` leaves this room: its owner must stop.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import SQLAlchemyError

from shared.kernel.errors import FatalLedgerError, InternalFault, MeshError
from shared.kernel.values import value
from shared.storage.alongside import Alongside
from shared.storage.book import Book
from shared.storage.driver import Driver
from shared.storage.engine import began_read_only, settle_writer
from shared.storage.faults import (
    is_connection_lost,
    is_rolled_back,
    is_write_refused,
    may_be_of_one,
    to_mesh_error,
    unavailable,
)
from shared.storage.shape import Key, Shapes
from shared.telemetry.logs import get_logger

_log = get_logger("storage")
#: After so many units what they added is sent: few enough to keep the database at work, enough to be worth a sending.
_SENT_AT_ONCE: Final = 8
#: So few are left for the end, where the database is waited for.
_SENT_LAST: Final = 4

#: What a unit may meet that is not its own fault alone.
_OF_ALL: Final = (SQLAlchemyError, FatalLedgerError)

D = TypeVar("D")

Hint = tuple[Table, Key]


@value
class Unit(Generic[D]):
    """Work to do at a desk, perhaps twice, so a function of the desk alone; and rows it will read.

    `finish` makes of what the work returned what its caller gets. It may run while the commit is on its way, and again
    when the work is: nobody gets what it made unless the commit is known to be done.
    """

    work: Callable[[D], Any]
    prefetch: Sequence[Hint] = ()
    finish: Callable[[Any], Any] | None = None


@value
class Outcome:
    """What a unit returned, finished, or why it failed."""

    value: Any = None
    error: MeshError | None = None


class Transactor(Generic[D]):
    """Runs units on one write connection, which is replaced when it is lost. Used by one thread."""

    def __init__(
        self,
        engine: Engine,
        *,
        open_desk: Callable[[Book], D],
        on_begin: Callable[[Book], None] | None = None,
        alongside: Alongside,
    ) -> None:
        self._engine = engine
        self._alongside = alongside
        self._open_desk = open_desk
        self._on_begin = on_begin
        self._shapes = Shapes(engine.dialect)
        self._connection: Connection | None = None
        self._driver: Driver | None = None

    def run(self, units: Sequence[Unit[D]]) -> list[Outcome]:
        """Run and commit units, and return one outcome per unit, in their order.

        Raises `FatalLedgerError` when a unit or `on_begin` does; nothing of the transaction is kept.
        """
        try:
            return self._together(units)
        except SQLAlchemyError as fault:
            if len(units) == 1 and not is_connection_lost(fault):
                return [Outcome(error=to_mesh_error(fault))]
        return self._one_by_one(units)

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._driver = None

    def _one_by_one(self, units: Sequence[Unit[D]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for unit in units:
            try:
                outcomes += self._together([unit])
            except SQLAlchemyError as fault:
                outcomes.append(Outcome(error=to_mesh_error(fault)))
        return outcomes

    def _together(self, units: Sequence[Unit[D]]) -> list[Outcome]:
        """Do steps (1) to (4). Raises the toolkit's error only where nothing can have been persisted."""
        try:
            driver, book = self._open(units)
        except (SQLAlchemyError, MeshError) as fault:
            is_begun = self._driver is not None
            self._discard()
            if isinstance(fault, SQLAlchemyError) and is_begun and len(units) > 1 and may_be_of_one(fault):
                raise
            return _failed(units, fault)
        commit = _Commit(driver, self._alongside)
        try:
            commit.carries(units, self._work(book, units))
            book.flush(commit=commit)
        except SQLAlchemyError as fault:
            self._discard()
            if is_write_refused(fault):
                return _failed(units, fault)
            if commit.is_begun and not is_rolled_back(fault):
                return [Outcome(error=unavailable()) for _ in units]
            raise
        except BaseException:
            self._discard()
            raise
        return commit.outcomes

    def _open(self, units: Sequence[Unit[D]]) -> tuple[Driver, Book]:
        """Do steps (1) and (2), once more on a fresh connection when the kept one turns out to be dead."""
        wanted: dict[Table, list[Key]] = {}
        for unit in units:
            for table, key in unit.prefetch:
                wanted.setdefault(table, []).append(key)
        try:
            return self._begin(wanted)
        except SQLAlchemyError as fault:
            if not is_connection_lost(fault):
                raise
        self._discard()
        return self._begin(wanted)

    def _begin(self, wanted: Mapping[Table, Sequence[Key]]) -> tuple[Driver, Book]:
        if self._driver is not None and began_read_only(self._driver.raw):
            self._discard()
        if self._driver is None:
            self._driver = self._connected()
        else:
            self._driver.begin()
        driver = self._driver
        book = Book(driver, shapes=self._shapes, expected=wanted)
        if self._on_begin is not None:
            self._on_begin(book)
        book.bring_expected()
        return driver, book

    def _connected(self) -> Driver:
        """Return a connection on which the toolkit has begun the first transaction."""
        self._connection = self._engine.connect()
        driver = Driver(self._connection)
        settle_writer(self._connection)
        return driver

    def _work(self, book: Book, units: Sequence[Unit[D]]) -> list[Outcome]:
        """Do step (3)."""
        desk = self._open_desk(book)
        outcomes = []
        for number, unit in enumerate(units):
            if number and (number % _SENT_AT_ONCE == 0 or number == len(units) - _SENT_LAST):
                book.send_ahead()
            outcomes.append(attempt(_work_alone, unit, book, desk, through=_OF_ALL))
        return outcomes

    def _discard(self) -> None:
        """Drop the connection with whatever is open on it: its state is not known well enough to go on."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            connection.invalidate()
            connection.close()


class _Commit:
    """A commit that remembers whether it was tried, and finishes what the units returned."""

    def __init__(self, driver: Driver, alongside: Alongside) -> None:
        self._driver = driver
        self._alongside = alongside
        self._units: Sequence[Unit[Any]] = ()
        self.is_begun = False
        self.outcomes: list[Outcome] = []

    def carries(self, units: Sequence[Unit[Any]], outcomes: list[Outcome]) -> None:
        """Take what was done by each unit, to be finished once."""
        self._units, self.outcomes = units, outcomes

    def meanwhile(self) -> None:
        for place, unit in enumerate(self._units):
            self.outcomes[place] = _finished(unit, self.outcomes[place])
        self._units = ()

    def __call__(self) -> None:
        """Commit, and where nothing was done `meanwhile` do it now: the disk is waited for without the interpreter.

        For one unit another thread costs as much as it saves.
        """
        self.is_begun = True
        if len(self._units) > 1 and any(unit.finish for unit in self._units):
            with self._alongside.doing(self.meanwhile):
                self._driver.commit()
        else:
            self._driver.commit()
            self.meanwhile()


def _finished(unit: Unit[Any], outcome: Outcome) -> Outcome:
    if unit.finish is None or outcome.error is not None:
        return outcome
    return attempt(unit.finish, outcome.value)


def _work_alone(unit: Unit[D], book: Book, desk: D) -> Any:
    with book.unit():
        return unit.work(desk)


def attempt(
    work: Callable[..., Any], *given: Any, through: tuple[type[Exception], ...] = (FatalLedgerError,)
) -> Outcome:
    """Do one caller's work and say what came of it. Raises only what is `through`: what concerns every caller."""
    try:
        return Outcome(work(*given))
    except through:
        raise
    except MeshError as fault:
        return Outcome(error=fault)
    except Exception as fault:  # noqa: BLE001 - a defect in one unit must not reach the other callers
        return Outcome(error=_defect(fault))


def _failed(units: Sequence[Unit[D]], fault: SQLAlchemyError | MeshError) -> list[Outcome]:
    """Return one error of its own for each unit. Raises a `FatalLedgerError` instead of returning it."""
    if isinstance(fault, FatalLedgerError):
        raise fault
    if isinstance(fault, MeshError):
        return [Outcome(error=fault) for _ in units]
    if is_write_refused(fault):
        _log.error("storage.refused", code=to_mesh_error(fault).code, count=len(units))
    return [Outcome(error=to_mesh_error(fault)) for _ in units]


def _defect(cause: Exception) -> InternalFault:
    fault = InternalFault("storage.unit-failed", f"A unit of work raised {type(cause).__name__}.")
    fault.__cause__ = cause
    return fault
