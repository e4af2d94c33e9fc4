"""Whole stories between agency services over the real gateway, told through the API that partner systems use."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.agency.acting import pseudonym_of
from tests.support.agency_services import (
    CANARY,
    CASE,
    PARTNER,
    Client,
    World,
    a_consent,
    a_grant,
    a_referral,
    agency_id,
    consented,
    contents,
    databases,
    referred,
    shared_databases,
    states,
    world,
)

__all__ = ["databases", "shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEEDS = {"needs": ["a lawyer"]}
TRIAGE = {"safety", "dependants", "preferences"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("world")
    async with world(folder, "health", "social", "legal_aid", database_url=shared_databases) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def empty(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    """A mesh in which nobody was referred yet."""
    async with world(tmp_path, "health", "social", database_url=databases) as made:
        yield made


async def accepted(social: Client, referral_id: str) -> None:
    await social.until(referral_id, lambda seen: seen["state"] == "delivered")
    await social.done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await social.done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})


async def test_recipient_decides_on_what_it_sees_and_opens_the_rest_on_acceptance(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    consent = await consented(health)
    sent = await health.done("/v1/referrals", a_referral(consent))
    assert sent["sent"] == sorted(CASE)
    assert sent["held_back"] == []
    assert sent["referral"]["state"] == "sent"
    assert sent["receipt"]["message_id"] == sent["referral"]["referral_id"]
    referral_id = sent["referral"]["referral_id"]
    before = await social.until(referral_id, lambda seen: seen["state"] == "delivered", query="")
    assert set(contents(before)) == TRIAGE
    await accepted(social, referral_id)
    after = await social.seen(referral_id)
    assert contents(after) == CASE
    assert [one["type"] for one in after["history"]] == ["acknowledged", "accepted"]
    told = await health.until(referral_id, lambda seen: seen["state"] == "accepted")
    assert [one["actor"] for one in told["history"]][1:] == ["staff-7"]


async def test_only_what_is_asked_for_is_opened(mesh: World) -> None:
    consent = await consented(mesh["health"])
    referral_id = await referred(mesh["health"], consent)
    await accepted(mesh["social"], referral_id)
    seen = await mesh["social"].seen(referral_id, query="?compartments=contact,safety")
    assert set(contents(seen)) == {"contact", "safety"}
    gateway = await mesh["social"].until(referral_id, lambda one: bool(one["state"]), query="?compartments=safety")
    assert states(gateway) == {"safety": "opened"}


async def test_what_was_not_agreed_to_is_held_back_with_the_rule(mesh: World) -> None:
    names = [*CASE, "medical"]
    consent = await consented(
        mesh["health"],
        a_grant("social", names=names),
        withheld=[{"compartment": "medical", "reason": "survivor_wish"}],
    )
    offered = {**CASE, "medical": {"summary": CANARY}}
    sent = await mesh["health"].done("/v1/referrals", a_referral(consent, compartments=offered))
    (held,) = sent["held_back"]
    assert (held["compartment"], held["reason"], held["rule"]) == ("medical", "withheld", "R-15")
    strict = await mesh["health"].post("/v1/referrals", a_referral(consent, compartments=offered, strict=True))
    assert strict.status_code == 403
    assert strict.json()["code"] == "referral.would-hold-back"


async def test_an_agency_that_declines_keeps_nothing(mesh: World) -> None:
    referral_id = await referred(mesh["health"], await consented(mesh["health"]))
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await mesh["social"].done(f"/v1/referrals/{referral_id}/decline", {"reason": "D05"})
    seen = await mesh["social"].seen(referral_id)
    assert seen["state"] == "declined"
    assert set(states(seen).values()) == {"destroyed"}
    assert seen["sealed_off_at"] is not None
    assert (await mesh["health"].seen(referral_id))["compartments"]


async def test_a_refusal_of_the_gateway_comes_back_as_it_was_and_leaves_nothing(mesh: World) -> None:
    consent = await consented(mesh["health"], a_grant("legal_aid", "LEG-01"))
    refused = await mesh["health"].post("/v1/referrals", a_referral(consent))
    problem = refused.json()
    assert refused.status_code == 403
    assert problem["code"] == "consent.recipient"
    assert problem["reasons"][0]["basis"]
    assert isinstance(problem["ledger_index"], int)
    one = (await mesh["health"].get("/v1/referrals?state=refused")).json()["items"][0]
    assert set(states(await mesh["health"].seen(one["referral_id"])).values()) == {"destroyed"}
    nobody = await mesh["social"].get(f"/v1/referrals/{one['referral_id']}")
    assert nobody.status_code == 404


@pytest.mark.rule("R-16")
async def test_who_referred_her_on_keeps_no_copy_when_she_takes_it_back_from_there_alone(mesh: World) -> None:
    health, social, lawyer = mesh["health"], mesh["social"], mesh["legal_aid"]
    names = ["identity", "contact", "needs", "preferences"]
    grants = a_grant("social", onward=True), a_grant("legal_aid", "LEG-01", names=names, onward=False)
    consent = await consented(health, *grants)
    parent = await referred(health, consent, area="38", age_band="adult")
    await accepted(social, parent)
    parts = {name: CASE.get(name, NEEDS) for name in names}
    request = a_referral(consent, service_type="LEG-01", recipient=agency_id("legal_aid"), compartments=parts)
    child = (await social.done(f"/v1/referrals/{parent}/onward", request))["referral"]["referral_id"]
    await accepted(lawyer, child)
    assert contents(await social.seen(child)) == parts
    told = {"by": "survivor", "recipients": [agency_id("social")]}
    await health.done(f"/v1/consents/{consent['id']}/revocations", told)
    gone = await social.until(child, lambda seen: seen["sealed_off_at"] is not None, query="")
    assert (contents(gone), gone["state"]) == ({}, "accepted")
    assert contents(await social.seen(parent)) == {}
    assert contents(await lawyer.seen(child)) == parts


@pytest.mark.rule("R-16")
async def test_consent_taken_back_is_sealed_off_everywhere_and_answered(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    consent = await consented(health)
    referral_id = await referred(health, consent)
    await accepted(social, referral_id)
    assert contents(await social.seen(referral_id)) == CASE
    answer = await health.done(f"/v1/consents/{consent['id']}/revocations", {"by": "survivor"})
    assert answer["consent"]["state"] == "revoked"
    assert answer["notified"] == [agency_id("social")]
    gone = await social.until(referral_id, lambda seen: seen["state"] == "revoked", query="")
    assert contents(gone) == {}
    assert contents(await health.seen(referral_id)) == {}

    async def propagated() -> dict[str, Any]:
        found: dict[str, Any] = (await health.get(f"/v1/consents/{consent['id']}/propagation")).json()
        return found

    await social.until(referral_id, lambda seen: any(one["type"] == "sealed" for one in seen["history"]))
    found = await propagated()
    assert found["complete"] is True
    assert {holder["result"] for holder in found["holders"]} == {"sealed"}


async def test_a_part_taken_back_leaves_the_rest_readable_under_a_new_key(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    consent = await consented(health, a_grant("social", names=[*CASE, "needs"]))
    referral_id = await referred(health, consent, compartments={**CASE, "needs": NEEDS})
    await accepted(social, referral_id)
    assert set(contents(await social.seen(referral_id))) == {*CASE, "needs"}
    body = {"by": "survivor", "compartments": ["needs"]}
    await health.done(f"/v1/consents/{consent['id']}/revocations", body)
    left = await social.until(referral_id, lambda seen: states(seen)["needs"] == "destroyed", query="")
    assert contents(left) == CASE
    assert left["state"] == "accepted"


async def test_she_is_referred_onward_under_a_narrower_consent(mesh: World) -> None:
    health, social, lawyer = mesh["health"], mesh["social"], mesh["legal_aid"]
    names = ["identity", "contact", "needs", "preferences"]
    consent = await consented(
        health, a_grant("social", onward=True), a_grant("legal_aid", "LEG-01", names=names, onward=False)
    )
    parent = await referred(health, consent, area="38", age_band="adult")
    await accepted(social, parent)
    narrower = await social.done(
        "/v1/consents",
        a_consent(
            a_grant("legal_aid", "LEG-01", names=names), derived_from=consent["id"], valid_to=consent["valid_to"]
        ),
    )
    assert narrower["consent"]["subject"] == consent["subject"]
    request = a_referral(
        narrower["consent"],
        service_type="LEG-01",
        recipient=agency_id("legal_aid"),
        compartments={name: CASE.get(name, NEEDS) for name in names},
    )
    sent = await social.done(f"/v1/referrals/{parent}/onward", request)
    child = sent["referral"]
    assert (child["parent_id"], child["chain_id"]) == (parent, parent)
    seen = await lawyer.until(child["referral_id"], lambda one: one["state"] == "delivered")
    assert seen["age_band"] == "adult"
    chain = (await social.get(f"/v1/referrals/{parent}/chain")).json()
    assert chain["chain_id"] == parent
    assert chain["entries"]


async def test_notes_go_both_ways_and_are_read_with_a_reason(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    referral_id = await referred(health, await consented(health))
    await social.until(referral_id, lambda seen: seen["state"] == "delivered")
    await social.done(f"/v1/referrals/{referral_id}/notes", {"text": f"May we call {CANARY}?"})
    await health.until(referral_id, lambda seen: True)
    await poll(health, f"/v1/referrals/{referral_id}/notes", lambda found: len(found["items"]) == 1)
    await health.done(f"/v1/referrals/{referral_id}/notes", {"text": "After nine."})
    notes = await poll(social, f"/v1/referrals/{referral_id}/notes", lambda found: len(found["items"]) == 2)
    assert [(note["by"], note["text"]) for note in notes["items"]] == [
        (agency_id("social"), f"May we call {CANARY}?"),
        (agency_id("health"), "After nine."),
    ]


async def poll(client: Client, path: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(30):
        while not holds(found := (await client.get(path)).json()):
            await asyncio.sleep(0.02)
    return found


async def test_who_is_blocked_does_not_learn_that_the_case_exists(mesh: World) -> None:
    health, social = mesh["health"], mesh["social"]
    brother = pseudonym_of(agency_id("social"), PARTNER)
    referral_id = await referred(health, await consented(health), blocked=["staff-brother"])
    await social.until(referral_id, lambda seen: seen["state"] == "delivered")
    assert (await social.get(f"/v1/referrals/{referral_id}", Access_Actor="staff-brother")).status_code == 404
    listed = (await social.get("/v1/referrals", Access_Actor="staff-brother")).json()["items"]
    assert referral_id not in [one["referral_id"] for one in listed]
    hidden = await referred(health, await consented(health), blocked=[brother])
    sees = await social.until(referral_id, lambda seen: True)
    assert sees
    assert (await social.get(f"/v1/referrals/{hidden}")).status_code == 404


async def test_a_recipient_is_found_by_matching(mesh: World) -> None:
    consent = await consented(mesh["health"])
    request = a_referral(consent, match=True)
    del request["recipient"]
    sent = await mesh["health"].done("/v1/referrals", request)
    assert sent["referral"]["recipient"] == agency_id("social")


async def test_lists_show_facts_and_labels_page_by_page(empty: World) -> None:
    consent = await consented(empty["health"])
    ids = [await referred(empty["health"], consent) for _ in range(3)]
    first = (await empty["health"].get("/v1/referrals?box=sent&limit=2")).json()
    second = (await empty["health"].get(f"/v1/referrals?box=sent&limit=2&after={first['next']}")).json()
    assert [one["referral_id"] for one in [*first["items"], *second["items"]]] == ids[::-1]
    assert second["next"] is None
    assert (await empty["health"].get("/v1/referrals?due=overdue")).json()["items"] == []
    assert len((await empty["health"].get("/v1/referrals?due=soon")).json()["items"]) == 3
    await empty["social"].until(ids[-1], lambda seen: seen["state"] == "delivered")
    worklist = (await empty["social"].get("/v1/social/worklists/shelter")).json()
    assert len(worklist["items"]) == 3
    assert CANARY not in str([first, second, worklist])


async def test_a_worklist_begins_with_what_is_due_first_however_many_came_after_it(empty: World) -> None:
    consent, social = await consented(empty["health"]), empty["social"]
    over, *ids = [await referred(empty["health"], consent) for _ in range(4)]
    await social.until(ids[-1], lambda seen: seen["state"] == "delivered")
    await social.done(f"/v1/referrals/{over}/acknowledge", {})
    await social.done(f"/v1/referrals/{over}/decline", {"reason": "D05"})
    found: list[str] = []
    after = ""
    for _ in ids:
        page = (await social.get(f"/v1/social/worklists/shelter?limit=1{after}")).json()
        found += [one["referral_id"] for one in page["items"]]
        after = f"&after={page['next']}"
    assert found == ids
    assert (await social.get(f"/v1/social/worklists/shelter?limit=1{after}")).json() == {"items": [], "next": None}
    newest = (await social.get("/v1/referrals?limit=1")).json()["next"]
    wrong = await social.get(f"/v1/social/worklists/shelter?after={newest}")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "message.invalid")


async def test_who_she_is_is_read_back_by_its_recorder_alone(mesh: World) -> None:
    consent = await consented(mesh["health"])
    read = (await mesh["health"].get(f"/v1/consents/{consent['id']}")).json()
    assert read["subject_details"] == {"reference": CANARY}
    assert (await mesh["social"].get(f"/v1/consents/{consent['id']}")).status_code == 404
