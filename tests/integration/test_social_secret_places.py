"""Somebody looks for the address of a shelter everywhere but at its door: it is nowhere (R-18, INV-15)."""

import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.social.records import Place
from services.social.tables import ROWS
from shared.agency.adapters.store import SqlStore
from shared.agency.records import ActRecord
from tests.support.agency_services import REASON, World, world
from tests.support.houses import STAFF, a_house, asks, sheltered

ADDRESS = "12-Canary-Lane"
MARKS = (ADDRESS, ADDRESS.lower(), ADDRESS.replace("-", "%2D"))
STRANGER = {"Access-Actor": "stranger-1"}
HOUSE = {"Access-Actor": STAFF}
ABSENT = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to its log, of every library, at every level."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield written
    root.handlers, root.level = handlers, level


@pytest.fixture
async def mesh(log: io.StringIO, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, "health", "social") as made:
        logging.getLogger().setLevel(logging.DEBUG)
        yield made


def store_of(mesh: World) -> SqlStore:
    return SqlStore(mesh.services["social"].settings.database_url.get_secret_value(), rows=ROWS)


def has_address(text: str) -> bool:
    return any(mark in text for mark in MARKS)


async def whereabouts(mesh: World, place_id: str, **headers: str) -> Any:
    path = f"/v1/social/places/{place_id}/whereabouts"
    return await mesh["social"].http.get(path, headers=REASON | headers)


async def everything_read(mesh: World, known: dict[str, str]) -> list[str]:
    """Read every route of both services as a stranger, with the ids that are known."""
    texts = []
    for kind in ("social", "health"):
        http = mesh[kind].http
        for path, operations in (await http.get("/openapi.json")).json()["paths"].items():
            if "get" in operations and "{" not in path.replace("{id}", ""):
                for one in known.values():
                    answer = await http.get(path.replace("{id}", one), headers=REASON | STRANGER)
                    texts.append(answer.text + str(answer.headers))
    return texts


@pytest.mark.rule("R-18", "R-24")
async def test_the_house_is_told_with_a_reason_and_each_time_is_on_record(mesh: World) -> None:
    place_id = await a_house(mesh["social"], address=ADDRESS)
    told = await whereabouts(mesh, place_id, **HOUSE)
    assert (told.status_code, told.json()["address"]) == (200, ADDRESS)
    without = await mesh["social"].http.get(f"/v1/social/places/{place_id}/whereabouts", headers=HOUSE)
    assert without.status_code == 422
    store = store_of(mesh)
    try:
        visits = await store.read(lambda reading: reading.visits(place_id))
    finally:
        store.close()
    assert [(one.actor, one.reason, one.what) for one in visits] == [(STAFF, "case_work", "whereabouts")]


@pytest.mark.rule("R-18")
async def test_a_stranger_is_refused_alike_whether_the_place_exists_or_not_and_it_is_on_record(mesh: World) -> None:
    place_id = await a_house(mesh["social"], address=ADDRESS)
    where = {"address": "elsewhere"}
    for target in (place_id, ABSENT):
        path = f"/v1/social/places/{target}"
        answers = [
            await whereabouts(mesh, target, **STRANGER),
            await whereabouts(mesh, target),
            await mesh["social"].post(f"{path}/staff", {"actor": "stranger-1", "member": "stranger-1"}),
            await mesh["social"].post(f"{path}/whereabouts", {"actor": "stranger-1", "whereabouts": where}),
            await mesh["social"].post(
                f"{path}/beds", {"actor": "stranger-1", "beds": {"woman": 9, "child": 0, "accessible": 0}}
            ),
        ]
        assert {(one.status_code, one.json()["code"]) for one in answers} == {(403, "social.not-of-the-house")}
        assert {one.json()["reasons"][0]["rule"] for one in answers} == {"R-18"}
        assert not any(has_address(one.text) for one in answers)
    store = store_of(mesh)
    try:
        acts = await store.read(lambda reading: reading.find(ActRecord, outcome="refused", rule="R-18"))
    finally:
        store.close()
    assert len(acts) == 10
    assert (await whereabouts(mesh, place_id, **HOUSE)).json()["address"] == ADDRESS


@pytest.mark.rule("R-18")
async def test_the_address_is_in_no_list_referral_event_log_file_count_or_error(
    mesh: World, log: io.StringIO, tmp_path: Path
) -> None:
    social, referral_id = mesh["social"], await sheltered(mesh)
    await social.done("/v1/webhooks", {"url": "http://127.0.0.1:1/hooks"})
    place_id = await a_house(social, address=ADDRESS)
    await whereabouts(mesh, place_id, **HOUSE)
    await social.done(f"/v1/social/referrals/{referral_id}/admissions", asks(place_id))
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "admitted"})
    wrong = [
        {"whereabouts": {"address": ADDRESS + "\n"}},
        {"whereabouts": {"address": ADDRESS * 99}},
        {"whereabouts": {"address": ADDRESS, "street": ADDRESS}},
        {"whereabouts": {"address": ADDRESS}, "actor": ADDRESS + "/"},
        {"whereabouts": [ADDRESS], ADDRESS: ADDRESS},
    ]
    path = f"/v1/social/places/{place_id}/whereabouts"
    errors = [await social.post(path, {"actor": STAFF, **body}) for body in wrong]
    assert {one.status_code for one in errors} == {422}
    texts = [one.text for one in errors] + await everything_read(mesh, {"referral": referral_id, "place": place_id})
    assert not [text for text in texts if has_address(text)]
    assert not has_address(log.getvalue())
    files = {one.name: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    assert any(name.startswith("social.db") for name in files)
    assert not [name for name, content in files.items() if any(mark.encode() in content for mark in MARKS)]


@pytest.mark.rule("R-18")
async def test_an_address_copied_to_another_place_opens_nowhere_and_an_old_one_is_gone(mesh: World) -> None:
    mine = await a_house(mesh["social"], address="mine", code="TL2")
    theirs = await a_house(mesh["social"], address=ADDRESS, code="TL3")
    store = store_of(mesh)
    try:
        kept, other = await store.read(lambda reading: (reading.get(Place, mine), reading.get(Place, theirs)))
        assert kept is not None
        assert other is not None
        for stolen in ({"whereabouts": other.whereabouts}, {"wrapped_key": other.wrapped_key}):
            await store.write(lambda desk, stolen=stolen: desk.change(kept, **stolen))
            answer = await whereabouts(mesh, mine, **HOUSE)
            assert answer.status_code == 500
            assert not has_address(answer.text)
            await store.write(
                lambda desk: desk.change(kept, whereabouts=kept.whereabouts, wrapped_key=kept.wrapped_key)
            )
        body = {"actor": STAFF, "whereabouts": {"address": "moved"}}
        await mesh["social"].done(f"/v1/social/places/{theirs}/whereabouts", body)
        assert (await whereabouts(mesh, theirs, **HOUSE)).json()["address"] == "moved"
        now = await store.read(lambda reading: reading.get(Place, theirs))
        assert now is not None
        assert now.wrapped_key != other.wrapped_key
    finally:
        store.close()
