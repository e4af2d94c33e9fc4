"""Leases: a place is held for minutes, by one agency at a time, whatever happens at once; on both databases."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.adapters.tables import LEASES
from gateway.bootstrap import build_app
from shared.kernel.clock import SystemClock, from_wire
from tests.support.agency import Agency, a_grant
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, LEGAL, POLICE, SOCIAL, URL, Mesh, keys_of, running_mesh
from tests.support.places import held, hold, join, let_go, matched, refusal, state

TRIES = 200
BEDS = 5
NONE = (409, "lease.none")
UNKNOWN = (404, "lease.unknown")


async def entries(mesh: Mesh) -> list[dict[str, Any]]:
    return [json.loads(item.leaf) for item in await all_entries(mesh.oversight)]


def in_other_gateway(agency: Agency, http: httpx.AsyncClient) -> Agency:
    return Agency(agency.id, agency.keys, http, agency.clock, agency.ids, agency.sop, agency.directory)


async def test_two_hundred_tries_at_two_gateways_for_five_beds_give_five_leases(
    database_url: str, tmp_path: Path
) -> None:
    async with running_mesh(database_url, tmp_path, clock=SystemClock()) as mesh:
        await state(mesh[SOCIAL], capacity=BEDS)
        second = build_app(mesh.settings, clock=mesh.clock, keys=keys_of("gateway"))
        async with (
            second.router.lifespan_context(second),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=second), base_url=URL) as http,
        ):
            askers = [mesh[name] for name in (HEALTH, LEGAL, POLICE)]
            askers += [in_other_gateway(asker, http) for asker in askers]
            await asyncio.gather(*[asker.token() for asker in askers])
            answers = await asyncio.gather(*[hold(askers[number % len(askers)], SOCIAL) for number in range(TRIES)])
        assert Counter(answer.status_code for answer in answers) == {201: BEDS, 409: TRIES - BEDS}
        assert {refusal(answer) for answer in answers if answer.status_code != 201} == {NONE}
        assert len(mesh.rows(LEASES)) == len({a.json()["lease_id"] for a in answers if a.status_code == 201}) == BEDS
        recorded = Counter((leaf["kind"], leaf.get("code")) for leaf in await entries(mesh))
        assert (recorded["lease", "granted"], recorded["refusal", "lease.none"]) == (BEDS, TRIES - BEDS)


async def test_storm_of_takes_and_releases_never_holds_more_than_there_is(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=2)
    most = 0

    async def come_and_go(asker: Agency) -> None:
        nonlocal most
        for _ in range(6):
            answer = await hold(asker, SOCIAL)
            if answer.status_code == 201:
                most = max(most, len(mesh.rows(LEASES)))
                assert (await let_go(asker, answer.json()["lease_id"])).status_code == 204

    await asyncio.gather(*[come_and_go(mesh[name]) for name in (HEALTH, LEGAL, POLICE) for _ in range(2)])
    assert 1 <= most <= 2
    assert mesh.rows(LEASES) == []


async def test_lease_says_until_when_and_ends_by_itself(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=1)
    answer = await hold(mesh[HEALTH], SOCIAL, minutes=10)
    assert from_wire(answer.json()["expires_at"]) == mesh.clock.now() + timedelta(minutes=10)
    mesh.advance(timedelta(minutes=10) - timedelta(milliseconds=1))
    assert refusal(await hold(mesh[POLICE], SOCIAL)) == NONE
    mesh.advance(timedelta(milliseconds=1))
    later = await held(mesh[POLICE], SOCIAL)
    assert [row["id"] for row in mesh.rows(LEASES)] == [later]
    assert refusal(await let_go(mesh[HEALTH], answer.json()["lease_id"])) == UNKNOWN


async def test_released_place_can_be_held_again_and_release_happens_once(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=1)
    lease = await held(mesh[HEALTH], SOCIAL)
    assert (await let_go(mesh[HEALTH], lease)).status_code == 204
    assert refusal(await let_go(mesh[HEALTH], lease)) == UNKNOWN
    await held(mesh[POLICE], SOCIAL)


async def test_anothers_lease_cannot_be_released_nor_told_from_none(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=1)
    lease = await held(mesh[HEALTH], SOCIAL)
    of_another, of_nobody = await let_go(mesh[POLICE], lease), await let_go(mesh[POLICE], mesh[POLICE].ids.new())
    assert refusal(of_another) == refusal(of_nobody) == UNKNOWN
    assert of_another.json()["detail"] == of_nobody.json()["detail"]
    assert len(mesh.rows(LEASES)) == 1


async def test_every_grant_release_and_refusal_is_in_the_ledger_without_place_or_person(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=1)
    subject = mesh[HEALTH].ids.new()
    lease = await held(mesh[HEALTH], SOCIAL, subject=subject)
    refused = await hold(mesh[POLICE], SOCIAL)
    await let_go(mesh[POLICE], lease)
    await let_go(mesh[HEALTH], lease)
    about = [leaf for leaf in await entries(mesh) if leaf["kind"] == "lease" or leaf.get("state") == "lease"]
    assert [(leaf["actor"], leaf["code"]) for leaf in about] == [
        (HEALTH, "granted"),
        (POLICE, "lease.none"),
        (POLICE, "lease.unknown"),
        (HEALTH, "released"),
    ]
    assert refused.json()["ledger_index"] == about[1]["index"]
    assert not any(secret in json.dumps(leaf) for leaf in about for secret in (SOCIAL, subject, "SOC-01"))


@pytest.mark.parametrize(
    "stated",
    [
        None,
        {"capacity": None},
        {"capacity": 0},
        {"capacity": 3, "accepting": False},
        {"capacity": 3, "service_type": "SOC-02"},
    ],
)
async def test_place_that_was_not_stated_cannot_be_held(mesh: Mesh, stated: dict[str, Any] | None) -> None:
    if stated is not None:
        await state(mesh[SOCIAL], **stated)
    assert refusal(await hold(mesh[HEALTH], SOCIAL)) == NONE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"agency": "no-such-agency"}, (422, "agency.unknown")),
        ({"agency": LEGAL}, (422, "agency.unknown")),  # does not give the service
        ({"service_type": "SOC-99"}, (422, "sop.service-unknown")),
        ({"minutes": 61}, (422, "message.invalid")),
        ({"minutes": 0}, (422, "message.invalid")),
        ({"minutes": True}, (422, "message.invalid")),
        ({"places": 2}, (422, "message.invalid")),
        ({"subject": "short"}, (422, "message.invalid")),
    ],
)
async def test_lease_that_cannot_be_is_refused(
    shared_mesh: Mesh, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    await state(shared_mesh[SOCIAL], capacity=1)
    wanted = {"agency": SOCIAL, "service_type": "SOC-01", "minutes": 5, **changes}
    assert refusal(await shared_mesh[HEALTH].call("POST", "/v1/leases", json=wanted)) == expected
    assert shared_mesh.rows(LEASES) == []


async def test_disabled_agency_neither_holds_nor_is_held(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=1)
    await mesh[POLICE].token()
    mesh.provision(lambda desk: desk.disable(POLICE))
    assert refusal(await hold(mesh[POLICE], SOCIAL)) == (403, "agency.disabled")
    mesh.provision(lambda desk: desk.disable(SOCIAL))
    assert refusal(await hold(mesh[HEALTH], SOCIAL)) == (422, "agency.unknown")


async def test_overseer_holds_no_place(shared_mesh: Mesh) -> None:
    assert refusal(await hold(shared_mesh.oversight, SOCIAL)) == (403, "token.scope")


async def test_referral_uses_its_lease_once(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    await state(mesh[SOCIAL], capacity=1)
    consent = await health.record_consent(a_grant(SOCIAL))
    lease = await held(health, SOCIAL, subject=consent["subject"])
    sent = await health.refer(SOCIAL, consent, facts={"lease_id": lease})
    assert sent.answer.status_code == 202, sent.answer.text
    again = await health.refer(SOCIAL, consent, facts={"lease_id": lease})
    assert refusal(again.answer) == (409, "lease.ended")
    assert refusal(await let_go(health, lease)) == UNKNOWN
    used = [leaf for leaf in await entries(mesh) if leaf["kind"] == "lease" and leaf["code"] == "used"]
    assert [(leaf["message_id"], leaf["referral_id"]) for leaf in used] == [(lease, sent.id)]


async def test_used_place_stays_taken_until_it_is_decided_and_counted(mesh: Mesh) -> None:
    health, social = mesh[HEALTH], mesh[SOCIAL]
    await state(social, capacity=1)
    consent = await health.record_consent(a_grant(SOCIAL))
    sent = await health.refer(SOCIAL, consent, facts={"lease_id": await held(health, SOCIAL)})
    mesh.advance(timedelta(minutes=90))
    await state(social, capacity=1)  # has not seen her yet
    assert refusal(await hold(mesh[POLICE], SOCIAL)) == NONE
    await social.take_in()
    await social.reported(sent, "acknowledged", "accepted")
    assert refusal(await hold(mesh[POLICE], SOCIAL)) == NONE
    await state(social, capacity=1)  # with her in the house, one more is free
    await held(mesh[POLICE], SOCIAL)


async def test_used_place_is_free_again_when_the_referral_is_declined(mesh: Mesh) -> None:
    health, social = mesh[HEALTH], mesh[SOCIAL]
    await state(social, capacity=1)
    consent = await health.record_consent(a_grant(SOCIAL))
    sent = await health.refer(SOCIAL, consent, facts={"lease_id": await held(health, SOCIAL)})
    await social.take_in()
    await social.reported(sent, "acknowledged")
    await social.reported(sent, "declined", reason="D01", alternative=LEGAL)
    await held(mesh[POLICE], SOCIAL)


async def test_referral_cannot_use_anothers_lease_nor_one_for_something_else(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    other = join(mesh, "other-shelter")
    for place in (mesh[SOCIAL], other):
        await state(place, capacity=3)
    consent = await health.record_consent(a_grant(SOCIAL))
    leases = [
        await held(mesh[POLICE], SOCIAL),
        await held(health, other.id),
        await held(health, SOCIAL, subject=health.ids.new()),
        health.ids.new(),
    ]
    for lease in leases:
        sent = await health.refer(SOCIAL, consent, facts={"lease_id": lease})
        assert refusal(sent.answer) == (422, "lease.unknown")
        assert [fault["pointer"] for fault in sent.answer.json()["errors"]] == ["/facts/lease_id"]


async def test_referral_on_a_lease_that_ran_out_is_refused_and_can_be_sent_without(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    await state(mesh[SOCIAL], capacity=1)
    consent = await health.record_consent(a_grant(SOCIAL))
    lease = await held(health, SOCIAL, minutes=1)
    mesh.advance(timedelta(minutes=1))
    assert refusal((await health.refer(SOCIAL, consent, facts={"lease_id": lease})).answer) == (409, "lease.ended")
    assert (await health.refer(SOCIAL, consent)).answer.status_code == 202


async def test_refused_referral_does_not_use_up_its_lease(mesh: Mesh) -> None:
    health = mesh[HEALTH]
    await state(mesh[SOCIAL], capacity=1)
    consent = await health.record_consent(a_grant(LEGAL, services=("LEG-01",)))
    lease = await held(health, SOCIAL)
    assert (await health.refer(SOCIAL, consent, facts={"lease_id": lease})).answer.status_code == 403
    assert (await let_go(health, lease)).status_code == 204


async def test_match_shows_what_is_left_after_leases(mesh: Mesh) -> None:
    await state(mesh[SOCIAL], capacity=2)
    await held(mesh[POLICE], SOCIAL, minutes=5)
    assert (await matched(mesh[HEALTH]))[SOCIAL]["capacity"] == 1
    await held(mesh[POLICE], SOCIAL, minutes=10)
    assert SOCIAL not in await matched(mesh[HEALTH])
    mesh.advance(timedelta(minutes=5))
    assert (await matched(mesh[HEALTH]))[SOCIAL]["capacity"] == 1
