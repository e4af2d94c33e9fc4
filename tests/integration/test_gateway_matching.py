"""Matching over HTTP: near, open, taking people, fit for her, and never whom she must not meet; on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.clock import ManualClock, to_wire
from shared.kernel.errors import InputRejected
from shared.referral.blocked import blocked_hash
from tests.support.agency import a_grant
from tests.support.mesh import HEALTH, LEGAL, POLICE, SHELTER_HOUSE, SOCIAL, Mesh, enrolment, running_mesh
from tests.support.places import ask, import_communes, join, matched, refusal, state

#: The sample mesh has two agencies that give SOC-01: nobody of these tests asks about the second.
WITHOUT = {"exclude": [SHELTER_HOUSE]}
TUESDAY_OF_TET = datetime(2026, 2, 17, 2, 0, tzinfo=UTC)  # nine in the morning in Ha Noi


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def test_commune_comes_before_its_province_and_that_before_its_neighbour(own_mesh: Mesh) -> None:
    import_communes(own_mesh)
    join(own_mesh, "commune-house", areas=frozenset({"14758"}))
    join(own_mesh, "nghe-an-house", areas=frozenset({"40"}))
    join(own_mesh, "far-house", areas=frozenset({"96"}))
    found = await matched(own_mesh[HEALTH], area="14758", **WITHOUT)
    assert {name: (item["area"], item["reasons"][0]) for name, item in found.items()} == {
        "commune-house": ("14758", "area.commune"),
        SOCIAL: ("14758", "area.province"),
        "nghe-an-house": ("40", "area.neighbour"),
    }
    assert list(found) == ["commune-house", SOCIAL, "nghe-an-house"]
    assert set(await matched(own_mesh[HEALTH], area="14758", neighbours=False, **WITHOUT)) == {"commune-house", SOCIAL}


async def test_referral_to_a_neighbour_is_admitted_with_the_area_that_was_proposed(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    neighbour = join(mesh, "nghe-an-house", areas=frozenset({"40"}))
    mesh.agencies[neighbour.id] = neighbour  # type: ignore[index]  # so that it can be sealed for
    proposed = (await matched(health))[neighbour.id]
    consent = await health.record_consent(a_grant(neighbour.id))
    assert refusal((await health.refer(neighbour.id, consent)).answer) == (403, "sop.area")
    sent = await health.refer(neighbour.id, consent, area=proposed["area"])
    assert sent.answer.status_code == 202, sent.answer.text


async def test_commune_of_no_imported_list_is_proposed_with_a_doubt(own_mesh: Mesh) -> None:
    found = await matched(own_mesh[HEALTH], area="14758")
    assert found[SOCIAL]["reasons"][0] == "area.unsure"


@pytest.mark.parametrize("area", ["99", "00000", "99999"])
async def test_place_that_is_not_there_is_refused(mesh: Mesh, area: str) -> None:
    answer = await ask(mesh[HEALTH], area=area)
    assert refusal(answer) == (422, "area.unknown")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/area"]


async def test_commune_that_the_imported_list_does_not_have_is_refused(mesh: Mesh) -> None:
    import_communes(mesh)
    assert refusal(await ask(mesh[HEALTH], area="14767")) == (422, "area.unknown")


async def test_reasons_are_said_in_both_languages_beside_their_codes(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=4, staff_genders=["male"], languages=["vi"])
    found = (await matched(mesh[HEALTH], preferences={"staff_gender": "female"}))[SOCIAL]
    assert found["reasons"] == [
        "area.province",
        "hours.unstated",
        "availability.fresh",
        "capacity.room",
        "staff-gender.unmet",
        "language.met",
    ]
    assert [said["code"] for said in found["explanation"]] == found["reasons"]
    assert all(said["vi"] and said["en"] for said in found["explanation"])
    assert found["score"] == 2.0 + 0.0 + 2.0 + 1.0 - 3.0 + 2.0
    assert found["name"] == {"vi": "Cơ quan social", "en": "Agency social"}
    assert (found["capacity"], found["stated_at"], found["protected"]) == (4, to_wire(mesh.clock.now()), False)


async def test_old_word_ranks_lower_and_says_how_old_it_is(own_mesh: Mesh) -> None:
    other = join(own_mesh, "other-house")
    await state(own_mesh[SOCIAL], capacity=1)
    said_at = to_wire(own_mesh.clock.now())
    own_mesh.advance(timedelta(hours=25))
    await state(other, capacity=1)
    found = await matched(own_mesh[HEALTH], **WITHOUT)
    assert list(found) == ["other-house", SOCIAL]
    assert "availability.stale" in found[SOCIAL]["reasons"]
    assert found[SOCIAL]["stated_at"] == said_at
    own_mesh.advance(timedelta(days=7))
    assert "availability.outdated" in (await matched(own_mesh[HEALTH]))[SOCIAL]["reasons"]


async def test_who_takes_nobody_or_is_full_is_not_proposed(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], accepting=False, capacity=3)
    assert SOCIAL not in await matched(mesh[HEALTH])
    await state(mesh[SOCIAL], capacity=0)
    assert SOCIAL not in await matched(mesh[HEALTH])
    await state(mesh[SOCIAL], capacity=1)
    assert SOCIAL in await matched(mesh[HEALTH])


async def test_open_is_judged_at_the_time_asked_for_with_public_holidays(sqlite_url: str, tmp_path: Path) -> None:
    async with running_mesh(sqlite_url, tmp_path, clock=ManualClock(TUESDAY_OF_TET)) as mesh:
        join(mesh, "office-house", hours="Mo-Fr 07:30-17:00")
        join(mesh, "night-house", hours="24/7")
        found = await matched(mesh[HEALTH])
        assert (found["night-house"]["open"], found["night-house"]["opens_at"]) == (True, None)
        assert found["office-house"]["open"] is False
        assert found["office-house"]["opens_at"] == "2026-02-23T00:30:00.000Z"  # the first working day after Tet
        assert found[SOCIAL]["open"] is None
        assert next(iter(found)) == "night-house"
        after = to_wire(TUESDAY_OF_TET + timedelta(days=7))
        assert (await matched(mesh[HEALTH], at=after))["office-house"]["open"] is True
        assert set(await matched(mesh[HEALTH], open_only=True)) == {"night-house"}


@pytest.mark.parametrize("away", [timedelta(days=-2), timedelta(days=367), timedelta(days=365 * 7900)])
async def test_time_out_of_reach_is_refused(mesh: Mesh, away: timedelta) -> None:
    answer = await ask(mesh[HEALTH], at=to_wire(mesh.clock.now() + away))
    assert refusal(answer) == (422, "message.invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/at"]


async def test_what_she_needs_decides_who_is_proposed_and_in_which_order(own_mesh: Mesh) -> None:
    for name, facts in {
        "ramp-house": {"disability_access": True, "children_welcome": True, "interpreter_languages": ["hmn"]},
        "stairs-house": {"disability_access": False, "children_welcome": True},
        "quiet-house": {"disability_access": True, "children_welcome": False},
    }.items():
        await state(join(own_mesh, name), **facts)
    needs: dict[str, Any] = {"disability_access": True, "children": True}
    found = await matched(own_mesh[HEALTH], preferences={"language": "hmn", "interpreter": True}, **needs, **WITHOUT)
    assert list(found) == ["ramp-house", SOCIAL]
    assert {"disability-access.met", "children.met", "language.interpreter", "interpreter.met"} <= set(
        found["ramp-house"]["reasons"]
    )
    assert {"disability-access.unstated", "children.unstated"} <= set(found[SOCIAL]["reasons"])


async def test_blocked_agency_is_not_proposed_and_nothing_says_that_it_was_left_out(own_mesh: Mesh) -> None:
    join(own_mesh, "other-house")
    chain = own_mesh[HEALTH].ids.new()
    blocked = {"chain_id": chain, "blocked": [blocked_hash(chain, SOCIAL)]}
    with_block = (await ask(own_mesh[HEALTH], **blocked)).json()
    without = (await ask(own_mesh[HEALTH], exclude=[SOCIAL])).json()
    assert with_block == without
    assert [item["agency"] for item in with_block["items"]] == ["other-house", SHELTER_HOUSE]


async def test_hashes_without_their_salt_are_refused(mesh: Mesh) -> None:
    answer = await ask(mesh[HEALTH], blocked=[blocked_hash(mesh[HEALTH].ids.new(), SOCIAL)])
    assert refusal(answer) == (422, "message.invalid")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/chain_id"]


async def test_whom_the_case_has_blocked_before_is_not_proposed_to_its_parties(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    shelter = join(mesh, "other-house")
    consent = await health.record_consent(a_grant(SOCIAL))
    chain = health.ids.new()
    sent = await health.refer(SOCIAL, consent, id=chain, blocked=[blocked_hash(chain, shelter.id)])
    assert sent.answer.status_code == 202, sent.answer.text
    assert shelter.id not in await matched(mesh[SOCIAL], chain_id=chain)
    assert shelter.id not in await matched(health, chain_id=chain)


async def test_stranger_to_a_case_does_not_learn_whom_it_has_blocked(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    shelter = join(mesh, "other-house")
    consent = await health.record_consent(a_grant(SOCIAL))
    chain = health.ids.new()
    await health.refer(SOCIAL, consent, id=chain, blocked=[blocked_hash(chain, shelter.id)])
    assert shelter.id in await matched(mesh[POLICE], chain_id=chain)


async def test_asker_is_not_proposed_to_itself_nor_whoever_is_disabled(own_mesh: Mesh) -> None:
    join(own_mesh, "other-house")
    own_mesh.provision(lambda desk: desk.disable("other-house"))
    assert await matched(own_mesh[SOCIAL], **WITHOUT) == {}
    assert set(await matched(own_mesh[HEALTH], **WITHOUT)) == {SOCIAL}


async def test_nobody_states_anothers_availability(mesh: Mesh) -> None:
    stated = {"service_type": "SOC-01", "accepting": False}
    answer = await mesh[POLICE].call("PUT", f"/v1/agencies/{SOCIAL}/availability", json=stated)
    assert refusal(answer) == (403, "availability.agency")
    answer = await mesh[LEGAL].call("PUT", f"/v1/agencies/{LEGAL}/availability", json=stated)
    assert refusal(answer) == (403, "availability.service")


@pytest.mark.parametrize("hours", ["always", "Mo-Fr 8-17", ""])
async def test_agency_is_not_enrolled_with_hours_nobody_can_read(mesh: Mesh, hours: str) -> None:
    stated = enrolment("other-house", "social", "SOC-", hours=hours)
    with pytest.raises(InputRejected, match=r"agency\.hours"):
        mesh.provision(lambda desk: desk.enroll(stated))
