"""Records and tables say the same, and what is about a person is only ever in an encrypted column."""

from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from mesh.revisions import ROOMS
from shared.agency.adapters.places import CHASSIS, Places, to_record
from shared.agency.adapters.store import SqlStore
from shared.agency.records import IdempotentAct, Note
from shared.kernel.errors import Conflict, InternalFault

SECTORS = {name: import_module(f"services.{name}.tables").ROWS for name in ("police", "health", "legal_aid", "social")}
PLACES = {"chassis": Places(), **{name: Places(rows) for name, rows in SECTORS.items()}}
KINDS = [("chassis", kind) for kind in CHASSIS] + [(name, kind) for name, rows in SECTORS.items() for kind in rows]


@pytest.mark.parametrize(("owner", "kind"), KINDS, ids=lambda value: getattr(value, "__name__", value))
def test_every_record_has_its_table_field_for_column(owner: str, kind: type[Any]) -> None:
    assert {field.name for field in fields(kind)} == {column.key for column in PLACES[owner].table_of(kind).columns}


def test_no_sectors_tables_are_made_in_another_agencys_database() -> None:
    names = {
        name: {one.name for data in places.metadata() for one in data.tables.values()}
        for name, places in PLACES.items()
    }
    own = {name: tables - names["chassis"] for name, tables in names.items()}
    assert all(own[one].isdisjoint(own[other]) for one in own for other in own if one != other)


def test_no_two_rooms_of_one_database_have_a_table_of_the_same_name() -> None:
    for rooms in ROOMS.values():
        names = [table for room in rooms for table in room.tables]
        assert sorted(set(names)) == sorted(names)


def test_what_is_about_a_person_is_in_encrypted_columns_only() -> None:
    encrypted = {
        f"{table.name}.{column.key}"
        for table in CHASSIS.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert encrypted == {
        "referrals.wrapped_key", "holdings.content", "notes.content", "consents.wrapped_key", "consents.details",
        "consents.kept_from", "unsent.wrapped_key", "unsent.content",
    }  # fmt: skip


def test_a_record_comes_back_as_it_was() -> None:
    note = Note(message_id="1", referral_id="2", by="health", at="2026-11-21T08:00:00.000Z", content=b"\x00locked")
    assert to_record(Note, Places().to_row(note)) == note
    assert Places().key_of(note) == "1"


def test_what_has_no_table_is_refused() -> None:
    with pytest.raises(InternalFault, match=r"records\.kind"):
        Places().table_of(int)


async def test_a_unit_of_work_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / 'agency.db'}")
    act = IdempotentAct(key="c/1", fingerprint="f", outcome="o", created_at="2026-11-21T08:00:00.000Z")
    try:
        await store.write(lambda desk: desk.add(act))
        with pytest.raises(Conflict):
            await store.write(lambda desk: (desk.get(IdempotentAct, "c/1"), desk.add(act)))
        assert await store.read(lambda reading: reading.get(IdempotentAct, "c/1")) == act
        assert await store.read(lambda reading: reading.many(IdempotentAct, ["c/1", "c/2"])) == [act]
        await store.check()
    finally:
        store.close()
