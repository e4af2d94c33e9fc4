"""The number of a referral is found whatever the day it came, one look for each day, on either database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, insert, text

from gateway.adapters.number_tables import REFERRAL_NUMBERS, number_row, numbered
from gateway.adapters.schema import METADATA
from shared.referral.number import number_of
from shared.storage.engine import open_engine, read
from shared.storage.history import prepare

IDS = [f"01938e5c-8a00-7000-8000-{place:012}" for place in range(40)]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    prepare(engine, METADATA)
    yield engine
    engine.dispose()


def found(engine: Engine, number: str) -> list[str]:
    with read(engine) as connection:
        return sorted(connection.execute(numbered(number)).scalars())


def test_a_number_is_found_whatever_the_day_it_came_and_twice_where_two_share_it(engine: Engine) -> None:
    assert found(engine, number_of(IDS[0])) == []
    rows = [
        number_row({"referral_id": id_, "received_at": f"2026-{1 + place % 12:02}-{1 + place % 28:02}T08:00:00.000Z"})
        for place, id_ in enumerate(IDS)
    ]
    twin = {"day": "2025-12-31", "number": rows[5]["number"], "referral_id": "twin"}
    with engine.begin() as connection:
        connection.execute(insert(REFERRAL_NUMBERS), [*rows, twin])
    assert [found(engine, number_of(id_)) for id_ in IDS] == [
        [id_, "twin"] if place == 5 else [id_] for place, id_ in enumerate(IDS)
    ]
    assert found(engine, "000000000") == []


def test_a_look_for_a_number_follows_the_order_of_days(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    prepare(engine, METADATA)
    statement = numbered("000000000").compile(engine, compile_kwargs={"literal_binds": True})
    with read(engine) as connection:
        steps = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}"))]
    engine.dispose()
    looks = [step for step in steps if "referral_numbers" in step]
    assert len(looks) == 3
    assert any("USING PRIMARY KEY (day=? AND number=?)" in step for step in looks)
    assert not any(step == "SCAN referral_numbers" for step in looks)
