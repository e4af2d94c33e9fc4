"""The book against a model: whatever units do, succeed or fail, the database ends up as plain dicts would."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from shared.storage.book import Book
from shared.storage.driver import Driver
from tests.support.small_bank import ACCOUNT, open_bank

KEYS = ("a", "b", "c", "d")


class UnitFailed(Exception):
    """Raised at the end of units that are to fail."""


@dataclass(frozen=True)
class Step:
    """One call at the book; an impossible one (an insert of a row that is there) is left out."""

    call: str
    key: str
    value: int


@dataclass(frozen=True)
class UnitOfWork:
    """Steps, and whether they end well; `queries` sends what earlier units wrote."""

    steps: list[Step]
    succeeds: bool
    queries: bool


units = st.builds(
    UnitOfWork,
    st.lists(
        st.builds(
            Step, st.sampled_from(["insert", "amount", "note", "delete"]), st.sampled_from(KEYS), st.integers(0, 99)
        ),
        max_size=6,
    ),
    st.booleans(),
    st.booleans(),
)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_bank(f"sqlite:///{tmp_path / 'model.db'}", "a", "b")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def play(book: Book, model: dict[str, dict[str, object]], step: Step) -> None:
    """Do the same to both."""
    exists = book.get(ACCOUNT, step.key) is not None
    assert exists == (step.key in model)
    if step.call == "insert" and not exists:
        model[step.key] = {"id": step.key, "amount": step.value, "note": None, "iban": None}
        book.insert(ACCOUNT, {"id": step.key, "amount": step.value})
    elif step.call == "delete" and exists:
        del model[step.key]
        book.delete(ACCOUNT, step.key)
    elif step.call in ("amount", "note") and exists:
        value = step.value if step.call == "amount" else str(step.value)
        model[step.key] = {**model[step.key], step.call: value}
        book.update(ACCOUNT, step.key, **{step.call: value})


def run(book: Book, model: dict[str, dict[str, object]], unit: UnitOfWork) -> dict[str, dict[str, object]]:
    """Run a unit on the book and on a copy of the model; return the model as it is afterwards."""
    changed = dict(model)
    try:
        with book.unit():
            if unit.queries:
                assert {row["id"]: row for row in book.find(ACCOUNT)} == model
            for step in unit.steps:
                play(book, changed, step)
            if not unit.succeeds:
                raise UnitFailed
    except UnitFailed:
        return model
    return changed


@given(st.lists(units, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_database_ends_up_as_the_model(connection: Connection, plan: list[UnitOfWork]) -> None:
    book = Book(Driver(connection))
    model: dict[str, dict[str, object]] = {
        key: {"id": key, "amount": 0, "note": None, "iban": None} for key in ("a", "b")
    }
    for unit in plan:
        model = run(book, model, unit)
    book.flush()
    stored = {row["id"]: dict(row) for row in connection.execute(select(ACCOUNT)).mappings()}
    connection.rollback()
    assert stored == model
