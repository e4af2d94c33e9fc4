"""Each call that a transaction makes x {failed, failed but persisted}: the records stay consistent.

Consistent: every caller who was told yes finds the work done exactly once; whoever was told no finds it not done,
unless the answer was "not available", which leaves it open; and the writer goes on.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from shared.kernel.errors import MeshError
from shared.storage.alongside import Alongside
from shared.storage.book import Book
from shared.storage.transactor import Transactor, Unit
from tests.support.small_bank import ACCOUNT, ENTRY, amounts, lock_account, open_bank
from tests.support.watched import watch

UNITS = tuple("abcdefghij")  # more than are run before the first of them is sent
STATEMENTS = ("SELECT account", "SELECT entry", "INSERT entry", "UPDATE account")


class Fault:
    """Lets one call to the database fail, once or always, before or after it took effect."""

    def __init__(self, call: str, *, persisted: bool, once: bool) -> None:
        self.call, self.persisted, self.once = call, persisted, once
        self.left = 1 if once else 10**6
        self.hits = 0

    def arm(self, engine: Engine) -> None:
        watch(engine, **{"after" if self.persisted else "before": self._at_statement})

    def disarm(self) -> None:
        self.left = 0

    def _at_statement(self, statement: str) -> None:
        verb, _, table = self.call.partition(" ")
        if statement.startswith(verb) and table in statement:
            self._strike()

    def _strike(self) -> None:
        if self.left:
            self.left -= 1
            self.hits += 1
            raise OperationalError("statement", {}, RuntimeError("disk"))


def deposit(account: str) -> Unit[Book]:
    def work(book: Book) -> str:
        row = book.get(ACCOUNT, account)
        assert row is not None
        book.update(ACCOUNT, account, amount=row["amount"] + 1)
        book.insert(ENTRY, {"account_id": account, "line": row["amount"], "amount": 1})
        return account

    return Unit(work, [(ACCOUNT, account), (ENTRY, (account, 0))], finish=str.upper)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_bank(database_url, "head", *UNITS)
    yield engine
    engine.dispose()


def entries(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        counts = dict.fromkeys(["head", *UNITS], 0)
        for row in connection.execute(ENTRY.select()):
            counts[row.account_id] += row.amount
    return counts


@pytest.mark.parametrize("once", [True, False], ids=["once", "always"])
@pytest.mark.parametrize("persisted", [False, True], ids=["failed", "failed-but-persisted"])
@pytest.mark.parametrize("call", [*STATEMENTS, "COMMIT"])
def test_records_stay_consistent(engine: Engine, call: str, *, persisted: bool, once: bool) -> None:
    transactor = Transactor(
        engine,
        open_desk=lambda book: book,
        on_begin=lambda book: lock_account(book, "head"),
        alongside=Alongside("alongside"),
    )
    fault = Fault(call, persisted=persisted, once=once)
    fault.arm(engine)
    outcomes = transactor.run([deposit(account) for account in UNITS])
    fault.disarm()

    stored = amounts(engine)
    assert fault.hits
    assert stored == entries(engine)
    for account, outcome in zip(UNITS, outcomes, strict=True):
        if outcome.error is None:
            assert (outcome.value, stored[account]) == (account.upper(), 1)
        else:
            assert outcome.value is None, "finished, but not known to be durable"
            assert isinstance(outcome.error, MeshError)
            assert outcome.error.code == "storage.unavailable"
            assert stored[account] == (call == "COMMIT" and persisted)
    if once and call in STATEMENTS[1:]:
        assert [outcome.error for outcome in outcomes] == [None] * len(UNITS)

    again = transactor.run([deposit(account) for account in UNITS])
    transactor.close()
    assert [outcome.error for outcome in again] == [None] * len(UNITS)
    assert amounts(engine) == entries(engine) == {"head": 0} | {account: stored[account] + 1 for account in UNITS}
