"""Case conferences: one room for all four sectors, invited by consent per compartment, minutes of actions only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from tests.support.agency_services import World, a_consent, agency_id, contents, databases, world
from tests.support.casework import a_case

__all__ = ["databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHARED: Mapping[str, Any] = {
    "safety": {"band": "R3"},
    "needs": {"needs": ["shelter"]},
    "medical": {"treatment_given": ["wound_care"]},
    "legal": {"case_numbers": ["12/2026"]},
}
SHELTERED: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "safety": {"band": "R3"},
    "preferences": {"staff_gender": "any"},
    "dependants": {"count": 1},
}
OWN: Mapping[str, Any] = {"kind": "safety_plan", "owner": agency_id("social"), "due_on": "2026-11-24"}
SEES: Mapping[str, tuple[str, ...]] = {
    "police": ("safety", "needs"),
    "health": ("safety", "needs", "medical"),
    "legal_aid": ("safety", "needs", "legal"),
}


@pytest_asyncio.fixture(loop_scope="module")
async def mesh(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    """All four services."""
    async with world(tmp_path, "health", "social", "police", "legal_aid", database_url=databases) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A hospital that sends her, a social-work centre that confers, and the police; each test calls its own."""
    async with world(tmp_path_factory.mktemp("house"), "health", "social", "police") as made:
        yield made


def by_consent(agency: str) -> dict[str, Any]:
    return {
        "recipients": [agency_id(agency)],
        "service_types": ["COO-01"],
        "compartments": list(SEES[agency]),
        "onward": False,
    }


async def called(mesh: World) -> dict[str, Any]:
    """A social worker who shelters her calls a conference."""
    case = await a_case(mesh, "health", "social", "SOC-01", compartments=SHELTERED)
    return await mesh["social"].done(
        "/v1/conferences", {"referral_id": case, "reason": "high_risk", "actor": "worker-1"}
    )


async def invited(mesh: World, conference: Mapping[str, Any], *agencies: str) -> dict[str, str]:
    """Her consent, agency by agency; each is invited with exactly that, and comes."""
    consent = (await mesh["social"].done("/v1/consents", a_consent(*map(by_consent, agencies))))["consent"]
    came = {}
    for agency in agencies:
        asked = {
            "agency": agency_id(agency),
            "consent_id": consent["id"],
            "compartments": {name: SHARED[name] for name in SEES[agency]},
            "actor": "worker-1",
        }
        answer = await mesh["social"].done(f"/v1/conferences/{conference['id']}/invitations", asked)
        referral_id = answer["referral"]["referral_id"]
        await mesh[agency].until(referral_id, lambda seen: seen["state"] == "delivered")
        await mesh[agency].done(f"/v1/referrals/{referral_id}/acknowledge", {})
        await mesh[agency].done(f"/v1/referrals/{referral_id}/accept", {})
        await mesh["social"].until(referral_id, lambda seen: seen["state"] == "accepted")
        came[agency] = referral_id
    return came


def minutes(*agreed: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    actions = [{"kind": kind, "owner": agency_id(owner), "due_on": due_on} for kind, owner, due_on in agreed]
    attended = sorted({agency_id("social"), *(agency_id(owner) for _, owner, _ in agreed)})
    return {"actor": "worker-1", "held_at": "2026-11-23T02:00:00Z", "attended": attended, "actions": actions, **changes}


async def actions_at(mesh: World, agency: str, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The actions an agency owns, as soon as something holds of them."""
    async with asyncio.timeout(30):
        while True:
            items: list[dict[str, Any]] = (await mesh[agency].get("/v1/conference-actions")).json()["items"]
            if holds(items):
                return items
            await asyncio.sleep(0.02)


async def conference_when(
    mesh: World, conference: Mapping[str, Any], holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            seen: dict[str, Any] = (await mesh["social"].get(f"/v1/conferences/{conference['id']}")).json()
            if holds(seen):
                return seen
            await asyncio.sleep(0.02)


async def test_no_moment_at_which_a_conference_was_held_is_too_late_to_be_weighed(house: World) -> None:
    conference = await called(house)
    path = f"/v1/conferences/{conference['id']}/minutes"
    said = minutes(("safety_plan", "social", "9999-12-30"), held_at="9999-12-31T23:59:59Z")
    refused = await house["social"].post(path, said)
    assert (refused.status_code, refused.json()["code"]) == (422, "conference.day")


@pytest.mark.rule("R-15")
async def test_each_sector_sees_its_part_and_gets_its_own_actions_and_no_others(mesh: World) -> None:
    conference = await called(mesh)
    came = await invited(mesh, conference, "police", "health", "legal_aid")
    for agency, referral_id in came.items():
        seen = await mesh[agency].until(referral_id, lambda one: len(contents(one)) >= 2, query="")
        assert set(contents(seen)) == set(SEES[agency])
    held = await mesh["social"].done(
        f"/v1/conferences/{conference['id']}/minutes",
        minutes(
            ("patrol", "police", "2026-11-25"),
            ("medical_care", "health", "2026-11-24"),
            ("safety_plan", "social", "2026-11-24"),
        ),
    )
    assert {one["owner"] for one in held["actions"]} == {agency_id(one) for one in ("police", "health", "social")}
    (patrol,) = await actions_at(mesh, "police", lambda items: len(items) == 1)
    assert (patrol["kind"], patrol["given_by"], patrol["state"]) == ("patrol", agency_id("social"), "open")
    assert [one["kind"] for one in await actions_at(mesh, "health", lambda items: len(items) == 1)] == ["medical_care"]
    assert await actions_at(mesh, "legal_aid", lambda _items: True) == []
    await mesh["police"].done(f"/v1/conference-actions/{patrol['id']}/reports", {"state": "done", "actor": "officer-7"})
    after = await conference_when(mesh, conference, lambda seen: any(one["state"] == "done" for one in seen["actions"]))
    assert [(one["kind"], one["state"]) for one in after["actions"]] == [
        ("medical_care", "open"), ("safety_plan", "open"), ("patrol", "done"),
    ]  # fmt: skip
    again = await mesh["police"].post(
        f"/v1/conference-actions/{patrol['id']}/reports", {"state": "not_done", "actor": "officer-7"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "conference.reported")


async def test_an_invitation_beyond_her_consent_is_refused_by_the_gateway_and_nobody_comes(house: World) -> None:
    conference = await called(house)
    consent = (await house["social"].done("/v1/consents", a_consent(by_consent("police"))))["consent"]
    asked = {
        "agency": agency_id("health"),
        "consent_id": consent["id"],
        "compartments": {name: SHARED[name] for name in SEES["health"]},
        "actor": "worker-1",
    }
    refused = await house["social"].post(f"/v1/conferences/{conference['id']}/invitations", asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent.recipient")
    answer = await house["social"].post(
        f"/v1/conferences/{conference['id']}/minutes", minutes(("medical_care", "health", "2026-11-24"))
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "conference.not-invited")


async def test_without_consent_a_conference_is_for_high_risk_only(house: World) -> None:
    conference = await called(house)
    asked = {
        "agency": agency_id("police"),
        "basis": {"kind": "vital_interest", "article": "PDPL-2025/19", "approver": "head-1", "notify_unsafe": False},
        "compartments": {"safety": SHARED["safety"], "needs": SHARED["needs"]},
        "actor": "worker-1",
    }
    path = f"/v1/conferences/{conference['id']}/invitations"
    refused = await house["social"].post(path, {**asked, "facts": {"risk_band": "R2"}})
    assert (refused.status_code, refused.json()["code"]) == (403, "sop.precondition")
    assert refused.json()["reasons"][0]["rule"] == "conference-risk"
    around = {
        "service_type": "COO-01",
        "recipient": asked["agency"],
        "area": "38",
        **{name: asked[name] for name in ("basis", "compartments", "actor")},
    }
    past = await house["social"].post("/v1/referrals", around)
    assert (past.status_code, past.json()["reasons"][0]["rule"]) == (403, "conference-risk")
    assert (await house["social"].post(path, {**asked, "facts": {"risk_band": "R3"}})).status_code == 202


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"actions": [{**OWN, "kind": "gossip"}]}, "conference.action", "/actions/0/kind"),
        ({"actions": [{**OWN, "due_on": "2026-11-22"}]}, "conference.day", "/actions/0/due_on"),
        ({"attended": [agency_id("police")]}, "conference.not-invited", "/attended/0"),
        ({"narrative": "what happened to her"}, "message.invalid", "/narrative"),
    ],
)  # fmt: skip
async def test_minutes_hold_actions_of_those_who_came_and_nothing_else(
    house: World, changes: Mapping[str, Any], code: str, pointer: str
) -> None:
    conference = await called(house)
    request = minutes(("safety_plan", "social", "2026-11-24"))
    answer = await house["social"].post(f"/v1/conferences/{conference['id']}/minutes", {**request, **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert pointer in {one["pointer"] for one in answer.json()["errors"]}


async def test_minutes_are_recorded_once_and_stop_the_clock(house: World) -> None:
    conference = await called(house)
    path = f"/v1/conferences/{conference['id']}/minutes"
    await house["social"].done(path, minutes(("safety_plan", "social", "2026-11-24")))
    again = await house["social"].post(path, minutes(("safe_place", "social", "2026-11-24")))
    assert (again.status_code, again.json()["code"]) == (409, "conference.held")
    clocks = (await house["social"].get(f"/v1/referrals/{conference['referral_id']}/clocks")).json()["items"]
    assert [(one["rule"], one["state"]) for one in clocks] == [("COO-01.contact", "met")]


async def test_an_invitation_and_minutes_that_are_sent_twice_are_answered_as_at_first(house: World) -> None:
    conference = await called(house)
    consent = (await house["social"].done("/v1/consents", a_consent(by_consent("police"))))["consent"]
    asked = {
        "agency": agency_id("police"),
        "consent_id": consent["id"],
        "compartments": {name: SHARED[name] for name in SEES["police"]},
        "actor": "worker-1",
    }
    for path, body in (("invitations", asked), ("minutes", minutes(("safety_plan", "social", "2026-11-24")))):
        whole = f"/v1/conferences/{conference['id']}/{path}"
        first = await house["social"].post(whole, body, Idempotency_Key=path)
        again = await house["social"].post(whole, body, Idempotency_Key=path)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (first.status_code, "true"), again.text
        other = await house["social"].post(whole, body)
        assert other.status_code == 409
    acts = (await house["social"].get(f"/v1/referrals/{conference['referral_id']}/acts")).json()["items"]
    assert [(one["act"], one["code"]) for one in acts if one["outcome"] == "refused"] == [
        ("conference.invite", "conference.invited"),
        ("conference.minutes", "conference.held"),
    ]


async def test_nobody_confers_about_a_case_that_was_not_accepted(house: World) -> None:
    case = await a_case(house, "health", "social", "SOC-01", compartments=SHELTERED, until="acknowledge")
    call = {"referral_id": case, "reason": "high_risk", "actor": "worker-1"}
    refused = await house["social"].post("/v1/conferences", call)
    assert (refused.status_code, refused.json()["code"]) == (409, "referral.not-accepted")


@pytest.mark.rule("R-11")
async def test_whom_a_case_is_kept_from_sees_no_conference_about_it(house: World) -> None:
    conference = await called(house)
    declared = {"actor": "worker-9", "hand_over_to": "worker-1"}
    await house["social"].done(f"/v1/referrals/{conference['referral_id']}/declare-conflict", declared)
    one = await house["social"].get(f"/v1/conferences/{conference['id']}", Access_Actor="worker-9")
    listed = await house["social"].get("/v1/conferences", Access_Actor="worker-9")
    assert (one.status_code, one.json()["code"]) == (404, "conference.unknown")
    assert conference["id"] not in ids_of(listed)
    assert conference["id"] in ids_of(await house["social"].get("/v1/conferences", Access_Actor="worker-1"))


@pytest.mark.rule("R-04")
@pytest.mark.rule("R-11")
async def test_whom_a_case_that_was_sent_is_kept_from_is_not_invited_to_its_conference(house: World) -> None:
    asked = await an_invitation_of_the_sender(house, "police", facts={"risk_band": "R3"}, blocked=[agency_id("police")])
    refused = await house["health"].post(asked.path, asked.body)
    assert (refused.status_code, refused.json()["code"]) == (403, "referral.blocked")


@pytest.mark.rule("R-01")
async def test_what_was_said_of_her_when_she_was_referred_goes_to_the_conference_with_her(house: World) -> None:
    asked = await an_invitation_of_the_sender(
        house,
        "police",
        preferences={"staff_gender": "female"},
        facts={"guardian_unsafe": True, "risk_band": "R3"},
        blocked=["officer-7"],
    )
    invitation = (await house["health"].done(asked.path, asked.body))["referral"]
    seen = await house["police"].until(invitation["referral_id"], lambda one: one["state"] == "delivered")
    assert seen["preferences"]["staff_gender"] == "female"
    assert seen["facts"] == {"guardian_unsafe": True, "risk_band": "R3"}
    hidden = await house["police"].get(f"/v1/referrals/{invitation['referral_id']}", Access_Actor="officer-7")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "referral.unknown")


class AnInvitation(NamedTuple):
    """Where an agency is invited, and what is asked."""

    path: str
    body: dict[str, Any]


async def an_invitation_of_the_sender(mesh: World, agency: str, **said: Any) -> AnInvitation:
    """The hospital confers on a case that it sent, and invites on vital interest."""
    case = await a_case(mesh, "health", "social", "SOC-01", compartments=SHELTERED, until="deliver", **said)
    call = {"referral_id": case, "reason": "high_risk", "actor": "nurse-1"}
    conference = await mesh["health"].done("/v1/conferences", call)
    body = {
        "agency": agency_id(agency),
        "basis": {"kind": "vital_interest", "article": "PDPL-2025/19", "approver": "head-1", "notify_unsafe": False},
        "compartments": {"safety": SHARED["safety"], "needs": SHARED["needs"]},
        "actor": "nurse-1",
    }
    return AnInvitation(f"/v1/conferences/{conference['id']}/invitations", body)


def ids_of(listed: httpx.Response) -> list[str]:
    return [one["id"] for one in listed.json()["items"]]
