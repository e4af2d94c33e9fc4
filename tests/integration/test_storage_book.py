"""The book: rows read once, written once, and units that leave no trace when they fail."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

import pytest
from sqlalchemy import Connection, Engine, func, select

from shared.kernel.errors import Conflict, InternalFault
from shared.storage.book import Book
from shared.storage.driver import Driver
from tests.support.small_bank import ACCOUNT, ENTRY, amounts, open_bank
from tests.support.watched import watch


class ChangedMyMind(Exception):
    """Raised by units that fail."""


class Statements(list[str]):
    """The verbs of the statements that reached the database."""

    def note(self, statement: str) -> None:
        self.append(statement.split(maxsplit=1)[0])


@pytest.fixture
def seen() -> Statements:
    return Statements()


@pytest.fixture
def engine(database_url: str, seen: Statements) -> Iterator[Engine]:
    engine = open_bank(database_url, "a", "b")
    watch(engine, before=seen.note)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def book(connection: Connection) -> Book:
    return Book(Driver(connection))


@pytest.fixture
def statements(book: Book, seen: Statements) -> Statements:
    book.get(ACCOUNT, "warm-up")  # so that beginning the transaction is not counted
    seen.clear()
    return seen


def test_row_is_read_once(book: Book, statements: Statements) -> None:
    assert book.get(ACCOUNT, "a") == {"id": "a", "amount": 0, "note": None, "iban": None}
    assert book.get(ACCOUNT, "a") is book.get(ACCOUNT, "a")
    assert statements == ["SELECT"]


def test_expected_rows_come_along_with_the_first_that_is_needed(connection: Connection, statements: Statements) -> None:
    book = Book(Driver(connection), expected={ACCOUNT: ["a", "b", "nobody"], ENTRY: [("b", 2)]})
    assert book.lock(ACCOUNT, "a") is not None
    assert statements == ["SELECT"] * 3
    assert [book.get(ACCOUNT, key) is None for key in ("a", "b", "nobody")] == [False, False, True]
    assert book.get(ENTRY, ("b", 2)) is None
    assert statements == ["SELECT"] * 3


def test_absence_is_remembered(book: Book, statements: Statements) -> None:
    assert book.get(ACCOUNT, "nobody") is None
    assert book.get(ACCOUNT, "nobody") is None
    assert statements == ["SELECT"]


def test_prefetch_is_one_query_per_table(book: Book, statements: Statements) -> None:
    book.prefetch(ACCOUNT, ["a", "b", "a", "nobody"])
    book.prefetch(ENTRY, [("a", 1), ("b", 2)])
    assert [book.get(ACCOUNT, key) is None for key in ("a", "b", "nobody")] == [False, False, True]
    assert book.get(ENTRY, ("a", 1)) is None
    assert statements == ["SELECT", "SELECT"]


def test_prefetch_of_thousands_of_keys_finds_every_row(book: Book, connection: Connection) -> None:
    keys = [f"k{number}" for number in range(1500)]
    for key in keys:
        book.insert(ACCOUNT, {"id": key})
    book.flush()
    other = Book(Driver(connection))
    other.prefetch(ACCOUNT, keys)
    assert all(other.get(ACCOUNT, key) for key in keys)


def test_many_rows_are_one_statement_per_table_and_columns(engine: Engine, book: Book, statements: Statements) -> None:
    """One that runs for all rows at once, or (PostgreSQL) several within one round trip, which add 4 rows or 1 here."""
    for line in range(5):
        with book.unit():
            book.insert(ENTRY, {"account_id": f"n{line}", "line": line, "amount": 1})
            book.insert(ACCOUNT, {"id": f"n{line}"})
    book.prefetch(ACCOUNT, ["a", "b"])
    book.update(ACCOUNT, "a", amount=1)
    book.update(ACCOUNT, "b", amount=2)
    book.flush()
    assert [verb for verb, _ in groupby(statements)] == ["SELECT", "INSERT", "UPDATE"]
    assert len(statements) == (4 if engine.dialect.name == "sqlite" else 1 + 2 + 2 + 2)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 31])
def test_as_many_rows_as_there_are_are_added(engine: Engine, book: Book, connection: Connection, count: int) -> None:
    for number in range(count):
        book.insert(ACCOUNT, {"id": f"n{number}", "amount": number, "note": "x" if number % 2 else None})
    book.flush()
    connection.commit()
    assert amounts(engine) == {"a": 0, "b": 0} | {f"n{number}": number for number in range(count)}


def test_parents_are_inserted_before_children_and_deleted_after(
    engine: Engine, book: Book, connection: Connection
) -> None:
    book.insert(ENTRY, {"account_id": "n", "line": 1, "amount": 1})
    book.insert(ACCOUNT, {"id": "n", "amount": 5})
    book.flush()
    book.delete(ACCOUNT, "n")
    book.delete(ENTRY, ("n", 1))
    book.flush()
    connection.commit()
    assert amounts(engine) == {"a": 0, "b": 0}


def test_columns_left_out_take_their_default_or_null(book: Book) -> None:
    assert book.insert(ACCOUNT, {"id": "n"}) == {"id": "n", "amount": 0, "note": None, "iban": None}
    book.flush()
    assert book.select(select(ACCOUNT).where(ACCOUNT.c.id == "n")) == [book.get(ACCOUNT, "n")]


def test_changes_are_seen_at_once_and_sent_once(book: Book, statements: Statements) -> None:
    book.update(ACCOUNT, "a", amount=1)
    book.update(ACCOUNT, "a", amount=2, note="x")
    row = book.get(ACCOUNT, "a")
    assert row is not None
    assert (row["amount"], row["note"]) == (2, "x")
    book.flush()
    book.flush()
    assert statements == ["SELECT", "UPDATE"]


def test_row_that_came_and_went_is_never_sent(book: Book, statements: Statements) -> None:
    book.insert(ACCOUNT, {"id": "n"})
    book.update(ACCOUNT, "n", amount=4)
    book.delete(ACCOUNT, "n")
    book.flush()
    assert statements == []
    assert book.get(ACCOUNT, "n") is None


def test_row_deleted_and_inserted_again_is_replaced(engine: Engine, book: Book, connection: Connection) -> None:
    book.update(ACCOUNT, "a", note="old", amount=3)
    book.delete(ACCOUNT, "a")
    book.insert(ACCOUNT, {"id": "a", "amount": 9})
    book.flush()
    connection.commit()
    assert amounts(engine) == {"a": 9, "b": 0}
    assert Book(Driver(connection)).get(ACCOUNT, "a") == {"id": "a", "amount": 9, "note": None, "iban": None}


def test_failed_unit_leaves_no_trace_and_its_neighbours_stay(
    engine: Engine, book: Book, connection: Connection
) -> None:
    with book.unit():
        book.update(ACCOUNT, "a", amount=1)
    with suppress(ChangedMyMind), book.unit():
        book.update(ACCOUNT, "a", amount=100)
        book.insert(ACCOUNT, {"id": "n"})
        book.delete(ACCOUNT, "b")
        raise ChangedMyMind
    assert book.get(ACCOUNT, "n") is None
    with book.unit():
        row = book.get(ACCOUNT, "a")
        assert row is not None
        book.update(ACCOUNT, "a", amount=row["amount"] + 1)
    book.flush()
    connection.commit()
    assert amounts(engine) == {"a": 2, "b": 0}


def test_unit_sees_rows_of_earlier_units_in_queries(book: Book) -> None:
    with book.unit():
        book.insert(ACCOUNT, {"id": "n", "amount": 1})
    with book.unit():
        assert book.select(select(func.count().label("many")).select_from(ACCOUNT)) == [{"many": 3}]
        assert [row["id"] for row in book.find(ACCOUNT, ACCOUNT.c.amount > 0)] == ["n"]


def test_found_rows_are_the_rows_of_the_book(book: Book, statements: Statements) -> None:
    found = book.find(ACCOUNT, order_by=[ACCOUNT.c.id.desc()], limit=1)
    assert [row["id"] for row in found] == ["b"]
    assert book.get(ACCOUNT, "b") is found[0]
    assert statements == ["SELECT"]


def test_query_after_the_units_own_write_is_refused(book: Book) -> None:
    with book.unit():
        book.update(ACCOUNT, "a", amount=1)
        with pytest.raises(InternalFault) as refusal:
            book.find(ACCOUNT)
    assert refusal.value.code == "storage.select-after-write"


def test_unit_inside_a_unit_is_refused(book: Book) -> None:
    with book.unit(), pytest.raises(InternalFault, match="nested"), book.unit():
        pass


def test_second_insert_of_a_known_key_is_a_conflict(book: Book) -> None:
    book.get(ACCOUNT, "a")
    with pytest.raises(Conflict) as refusal:
        book.insert(ACCOUNT, {"id": "a"})
    assert refusal.value.code == "storage.conflict"


def test_locked_row_is_read_after_the_lock(book: Book) -> None:
    row = book.lock(ACCOUNT, "a")
    assert row is not None
    assert row["amount"] == 0
    with pytest.raises(InternalFault, match="lock-order"):
        book.lock(ACCOUNT, "a")


def test_what_the_table_does_not_have_is_refused(book: Book) -> None:
    with pytest.raises(InternalFault, match="columns"):
        book.insert(ACCOUNT, {"id": "n", "colour": "red"})
    with pytest.raises(InternalFault, match="columns"):
        book.update(ACCOUNT, "a", colour="red")
    with pytest.raises(InternalFault, match="columns"):
        book.update(ACCOUNT, "a", id="z")
    with pytest.raises(InternalFault, match="key"):
        book.insert(ACCOUNT, {"amount": 1})
    with pytest.raises(InternalFault, match="absent"):
        book.update(ACCOUNT, "nobody", amount=1)
    with pytest.raises(InternalFault, match="absent"):
        book.delete(ACCOUNT, "nobody")
