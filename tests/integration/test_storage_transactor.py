"""What becomes of each unit when its transaction cannot be opened, sent or committed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Engine, ForeignKey, Integer, MetaData, Table, event, func, select, text

from shared.kernel.errors import Conflict, InternalFault, PeerUnavailable
from shared.storage.alongside import Alongside
from shared.storage.book import Book
from shared.storage.engine import open_engine
from shared.storage.history import prepare
from shared.storage.shape import KEPT
from shared.storage.transactor import Transactor, Unit
from tests.support.small_bank import ACCOUNT, ENTRY, add_one, amounts, lock_account, open_bank
from tests.support.watched import watch


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_bank(database_url, "a")
    yield engine
    engine.dispose()


def a_transactor(engine: Engine) -> Transactor[Book]:
    return Transactor(engine, open_desk=lambda book: book, alongside=Alongside("alongside"))


def open_account(account: str) -> Unit[Book]:
    return Unit(lambda book: book.insert(ACCOUNT, {"id": account})["id"])


def test_unit_that_breaks_a_constraint_of_the_commit_fails_alone(engine: Engine) -> None:
    metadata = MetaData()
    pledge = Table(
        "pledge",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("other", ForeignKey("pledge.id", deferrable=True, initially="DEFERRED")),
    )
    metadata.create_all(engine)
    kept: Unit[Book] = Unit(lambda book: book.insert(pledge, {"id": 1, "other": 1})["id"])
    broken: Unit[Book] = Unit(lambda book: book.insert(pledge, {"id": 2, "other": 99})["id"])
    transactor = a_transactor(engine)
    outcomes = transactor.run([Unit(add_one), kept, broken])
    transactor.close()
    assert [outcome.value for outcome in outcomes] == [1, 1, None]
    assert isinstance(outcomes[2].error, InternalFault)
    assert amounts(engine)["a"] == 1


def test_key_that_only_the_database_knows_is_a_conflict(engine: Engine) -> None:
    transactor = a_transactor(engine)
    assert [type(outcome.error) for outcome in transactor.run([open_account("a")])] == [Conflict]
    outcomes = transactor.run([open_account("x"), open_account("a"), open_account("y")])
    transactor.close()
    assert [outcome.value for outcome in outcomes] == ["x", None, "y"]


def test_key_that_cannot_be_asked_for_is_its_own_units_fault_alone(engine: Engine) -> None:
    odd: Unit[Book] = Unit(add_one, [(ACCOUNT, object())])
    transactor = Transactor(
        engine, open_desk=lambda book: book, on_begin=lock_account, alongside=Alongside("alongside")
    )
    outcomes = transactor.run([Unit(add_one), odd, Unit(add_one)])
    transactor.close()
    assert [outcome.value for outcome in outcomes] == [1, None, 2]
    assert isinstance(outcomes[1].error, InternalFault)


def test_lock_that_is_not_had_in_time_is_told_to_all_at_once(engine: Engine) -> None:
    transactor = Transactor(
        engine, open_desk=lambda book: book, on_begin=lock_account, alongside=Alongside("alongside")
    )
    asked: list[str] = []
    watch(engine, before=asked.append)
    hurry(engine)
    with engine.begin() as another:
        another.execute(ACCOUNT.update().where(ACCOUNT.c.id == "a").values(amount=7))
        asked.clear()
        outcomes = transactor.run([Unit(add_one, [(ACCOUNT, "a")]) for _ in range(3)])
    assert [type(outcome.error) for outcome in outcomes] == [PeerUnavailable] * 3
    assert sum("account" in statement for statement in asked) <= 2  # the lock, and what was to come along with it
    assert [outcome.value for outcome in transactor.run([Unit(add_one)])] == [8]
    transactor.close()


def hurry(engine: Engine) -> None:
    """Let connections that are opened from now on wait for a lock for a moment only."""
    order = "PRAGMA busy_timeout=50" if engine.dialect.name == "sqlite" else "SET lock_timeout=50"

    def connected(driver_connection: Any, _record: object) -> None:
        driver_connection.execute(order)
        driver_connection.commit()

    event.listen(engine, "connect", connected)


def test_child_without_parent_is_a_fault_of_ours(engine: Engine) -> None:
    transactor = a_transactor(engine)
    orphan: Unit[Book] = Unit(lambda book: book.insert(ENTRY, {"account_id": "nobody", "line": 1, "amount": 1}))
    (outcome,) = transactor.run([orphan])
    transactor.close()
    assert isinstance(outcome.error, InternalFault)


def test_hint_that_the_database_refuses_fails_its_own_unit_only(engine: Engine) -> None:
    """PostgreSQL takes no NUL in text: an attack on the callers one shares a transaction with."""
    transactor = a_transactor(engine)
    poisoned: Unit[Book] = Unit(lambda book: book.get(ACCOUNT, "\0"), [(ACCOUNT, "\0")])
    outcomes = transactor.run([Unit(add_one), poisoned, Unit(add_one)])
    transactor.close()
    assert [outcomes[0].value, outcomes[2].value] == [1, 2]
    assert outcomes[1].value is None


def test_database_that_is_not_there_is_everybodys_failure(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+psycopg://postgres@/none?host={tmp_path}")
    transactor = a_transactor(engine)
    outcomes = transactor.run([Unit(add_one), Unit(add_one)])
    transactor.close()
    assert [type(outcome.error) for outcome in outcomes] == [PeerUnavailable] * 2


def test_database_cannot_be_prepared_where_nothing_answers(tmp_path: Path) -> None:
    engine = open_engine(f"postgresql+psycopg://postgres@/none?host={tmp_path}")
    with pytest.raises(PeerUnavailable):
        prepare(engine)


def test_postgresql_inserts_what_the_first_units_added_while_the_next_are_run(postgres_url: str) -> None:
    bank, seen = open_bank(postgres_url, "a"), list[str]()
    watch(bank, before=seen.append)

    def noting(account: str) -> Unit[Book]:
        def work(book: Book) -> None:
            seen.append(account)
            book.insert(ACCOUNT, {"id": account})
            book.update(ACCOUNT, "a", amount=len(seen))

        return Unit(work)

    transactor = a_transactor(bank)
    outcomes = transactor.run([noting(f"n{number}") for number in range(20)])
    transactor.close()
    assert [outcome.error for outcome in outcomes] == [None] * 20
    inserts = [place for place, what in enumerate(seen) if what.startswith("INSERT")]
    assert [seen[place].count("(") - 1 for place in inserts] == [8, 8, 4]  # how many rows each of them adds
    assert seen.index("n7") < inserts[0] < seen.index("n8") < seen.index("n15") < inserts[1] < seen.index("n16")
    assert sorted(amounts(bank)) == sorted(["a", *(f"n{number}" for number in range(20))])
    bank.dispose()


def test_unit_that_changes_what_an_earlier_one_added_is_kept_after_it_was_sent(database_url: str) -> None:
    bank = open_bank(database_url, "a")
    transactor = a_transactor(bank)
    adding = [open_account(f"n{number}") for number in range(9)]
    changing: Unit[Book] = Unit(lambda book: book.update(ACCOUNT, "n0", amount=7)["amount"])
    removing: Unit[Book] = Unit(lambda book: book.delete(ACCOUNT, "n1"))
    counting: Unit[Book] = Unit(lambda book: len(book.select(ACCOUNT.select())))
    outcomes = transactor.run([*adding, changing, removing, counting])
    transactor.close()
    assert [outcome.value for outcome in outcomes[-3:]] == [7, None, 9]
    assert amounts(bank)["n0"] == 7
    bank.dispose()


def test_unit_that_fails_after_others_were_sent_sinks_none_of_them(database_url: str) -> None:
    bank = open_bank(database_url, "a")
    transactor = a_transactor(bank)
    outcomes = transactor.run([*(open_account(f"n{number}") for number in range(10)), open_account("a"), Unit(add_one)])
    transactor.close()
    assert [outcome.value for outcome in outcomes] == [*(f"n{number}" for number in range(10)), None, 1]
    assert len(amounts(bank)) == 11
    bank.dispose()


def test_server_counts_how_long_a_writer_is_silent_after_something_was_sent(postgres_url: str) -> None:
    bank = open_bank(postgres_url, "a")
    asking = text("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid = :pid")

    def look(book: Book) -> bool:
        pid = book.select(select(func.pg_backend_pid().label("pid")))[0]["pid"]
        for number in range(9):
            book.insert(ACCOUNT, {"id": f"more{number}"})
            book.send_ahead()
        with bank.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            return any(other.execute(asking, {"pid": pid}).first() for _ in range(2_000))

    transactor = a_transactor(bank)
    assert [outcome.value for outcome in transactor.run([Unit(look)])] == [True]
    transactor.close()
    assert len(amounts(bank)) == 10
    bank.dispose()


def test_rows_are_looked_up_by_their_key_though_the_statement_was_prepared_on_an_empty_table(postgres_url: str) -> None:
    bank = open_bank(postgres_url)
    told = text("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'account'")
    scans = select(told.columns(Column("seq_scan", Integer)).subquery())

    def look_up(book: Book) -> int:
        """Return how often the table was read whole, for rows that are looked up by their keys."""
        before = book.select(scans)
        book.prefetch(ACCOUNT, [f"key{number}" for number in range(64)])
        return int(book.select(scans)[0]["seq_scan"]) - int(before[0]["seq_scan"])

    transactor = a_transactor(bank)
    for _ in range(8):  # after five times the server makes one plan and keeps it
        transactor.run([Unit(look_up)])
    with bank.begin() as other:
        other.execute(ACCOUNT.insert(), [{"id": f"row{number}"} for number in range(3_000)])
    seen = transactor.run([Unit(look_up)])
    transactor.close()
    assert [outcome.value for outcome in seen] == [0]
    bank.dispose()


def test_units_query_through_the_toolkit_in_any_transaction_of_a_connection(engine: Engine) -> None:
    """The first transaction of a connection is begun by the toolkit, later ones below it."""
    counting: Unit[Book] = Unit(lambda book: len(book.select(ACCOUNT.select())))
    broken: Unit[Book] = Unit(lambda book: book.select(select(text("1 FROM nowhere"))))
    transactor = a_transactor(engine)
    asked = [[counting], [open_account("x")], [counting], [broken], [open_account("y"), counting], [counting]]
    told = [[outcome.value for outcome in transactor.run(units)] for units in asked]
    transactor.close()
    assert told == [[1], ["x"], [2], [None], ["y", 3], [3]]
    assert sorted(amounts(engine)) == ["a", "x", "y"]


def test_row_that_is_kept_is_the_same_until_any_column_of_it_changes(engine: Engine) -> None:
    metadata = MetaData()
    notice = Table(
        "notice",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("said", JSON),
        Column("read", Boolean),
        info={KEPT: True},
    )
    metadata.create_all(engine)
    seen: Unit[Book] = Unit(lambda book: book.get(notice, 1))
    transactor = a_transactor(engine)
    transactor.run([Unit(lambda book: book.insert(notice, {"id": 1, "said": ["a"], "read": False}))])
    (first,), (again,) = transactor.run([seen]), transactor.run([seen])
    with engine.begin() as another:
        another.execute(notice.update().values(read=True))
    (changed,) = transactor.run([seen])
    with engine.begin() as another:
        another.execute(notice.delete())
    (gone,) = transactor.run([seen])
    transactor.close()
    assert first.value is again.value
    assert changed.value == {**first.value, "read": True}
    assert gone.value is None


def test_document_that_is_a_bare_number_is_read_as_it_was_written(engine: Engine) -> None:
    metadata = MetaData()
    note = Table("note", metadata, Column("id", Integer, primary_key=True), Column("said", JSON))
    metadata.create_all(engine)
    transactor = a_transactor(engine)
    transactor.run([Unit(lambda book: book.insert(note, {"id": 1, "said": 7}))])
    (read_back,) = transactor.run([Unit(lambda book: book.get(note, 1))])
    transactor.close()
    assert read_back.value == {"id": 1, "said": 7}
