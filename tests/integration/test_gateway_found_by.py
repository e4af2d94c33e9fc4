"""What is found by referral, chain or consent is found by an index, and is what the plain comparison finds."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, ColumnElement, Engine, Integer, Table, insert, select, text

from gateway.adapters.found_by import entries_of, entries_of_consents, messages_of, of_chain
from gateway.adapters.schema import METADATA
from gateway.adapters.tables import LEDGER_ENTRIES, MESSAGES, REFERRALS
from shared.storage.engine import open_engine, read
from shared.storage.history import prepare

IDS = ("A", "B", "C")
KEYS: dict[str, list[str]] = {"one": ["A"], "several": ["A", "C"], "none": ["D"]}
CRITERIA: dict[str, tuple[Table, Any, ColumnElement[bool]]] = {
    f"{name} {kind}": (table, criterion, plain)
    for name, some in KEYS.items()
    for kind, table, criterion, plain in (
        ("messages", MESSAGES, messages_of(some), MESSAGES.c.referral_id.in_(some)),
        ("entries", LEDGER_ENTRIES, entries_of(some), LEDGER_ENTRIES.c.referral_id.in_(some)),
        (
            "entries of consents",
            LEDGER_ENTRIES,
            entries_of_consents(some),
            LEDGER_ENTRIES.c.consent_id.in_(some) & (LEDGER_ENTRIES.c.kind != "referral"),
        ),
        ("referrals", REFERRALS, of_chain(some[0]), REFERRALS.c.chain_id == some[0]),
    )
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A gateway's database with every way in which ids, chains and consents may stand together."""
    folder: Path = tmp_path_factory.mktemp("found")
    engine = open_engine(f"sqlite:///{folder / 'gateway.db'}")
    prepare(engine, METADATA)
    entries = product((None, *IDS), (None, *IDS), (None, *IDS), ("referral", "refusal", "revocation"))
    names = ("referral_id", "chain_id", "consent_id", "kind")
    with engine.begin() as connection:
        for table, rows in (
            (LEDGER_ENTRIES, [{"idx": at, **dict(zip(names, one, strict=True))} for at, one in enumerate(entries)]),
            (
                MESSAGES,
                [{"message_id": id_, "referral_id": about} for id_, about in zip("ABCEF", "ABABC", strict=True)],
            ),
            (REFERRALS, [{"referral_id": id_, "chain_id": chain} for id_, chain in zip("ACEFG", "ABABA", strict=True)]),
        ):
            connection.execute(insert(table), [filled(table, row) for row in rows])
    yield engine
    engine.dispose()


@pytest.mark.parametrize("case", CRITERIA)
def test_each_criterion_says_what_the_plain_comparison_says(engine: Engine, case: str) -> None:
    table, criterion, plain = CRITERIA[case]
    (key,) = table.primary_key
    with read(engine) as connection:
        found, same = ({*connection.execute(select(key).where(which)).scalars()} for which in (criterion, plain))
    assert found == same
    assert (not found) is case.startswith("none")


@pytest.mark.parametrize("case", CRITERIA)
def test_no_criterion_reads_a_whole_table(engine: Engine, case: str) -> None:
    table, criterion, _ = CRITERIA[case]
    spoken = select(table).where(criterion).compile(engine, compile_kwargs={"literal_binds": True})
    with read(engine) as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {spoken}"))]
    assert not [step for step in plan if step.startswith("SCAN")], plan


def filled(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with something in every column that has to have something."""
    blank: dict[type[Any], Any] = {JSON: {}, Boolean: False, Integer: 0}
    needed = {column.key: blank.get(type(column.type), "") for column in table.columns if not column.nullable}
    return needed | row
