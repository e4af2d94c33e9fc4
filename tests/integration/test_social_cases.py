"""Leading a case at the real service: one lead worker, a plan in time, reviews, closure."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.support.agency_services import World, a_consent, agency_id, world
from tests.support.casework import a_case
from tests.support.social import clocks, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANAGED: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "needs": {"needs": ["a room"]},
    "preferences": {"staff_gender": "female"},
    "safety": {"band": "R2"},
}
GOAL = {"domain": "safety", "words": "a door I can lock", "services": [{"service": "SOC-01", "answer": "accepted"}]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service that refers, and social services."""
    async with world(tmp_path_factory.mktemp("cases"), "health", "social") as made:
        yield made


async def managed(mesh: World) -> str:
    return await a_case(mesh, "health", "social", "SOC-06", compartments=MANAGED)


async def two_of_one_person(mesh: World) -> list[str]:
    """Two referrals of one person for case management, both accepted."""
    grant = {
        "recipients": [agency_id("social")],
        "service_types": ["SOC-06"],
        "compartments": list(MANAGED),
        "onward": False,
    }
    consent = (await mesh["health"].done("/v1/consents", a_consent(grant)))["consent"]
    request = {
        "service_type": "SOC-06",
        "recipient": agency_id("social"),
        "consent_id": consent["id"],
        "compartments": MANAGED,
    }
    made = []
    for _ in range(2):
        referral_id = str((await mesh["health"].done("/v1/referrals", request))["referral"]["referral_id"])
        await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
        await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
        await mesh["social"].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})
        made.append(referral_id)
    return made


def path(referral_id: str, what: str = "") -> str:
    return f"/v1/social/referrals/{referral_id}/case{what}"


OPEN = {"actor": "staff-7", "lead": "staff-7"}
GOALS = {"actor": "staff-7", "goals": [GOAL]}
REVIEWED = {"actor": "staff-7", "reached_her": True, "progress": {"safety": "under_way"}}


async def test_a_case_is_planned_in_7_days_reviewed_in_14_and_closed_for_a_reason(mesh: World) -> None:
    social, referral_id = mesh["social"], await managed(mesh)
    await social.done(path(referral_id), OPEN)
    assert await clocks(mesh, referral_id) == {"SOC-PLAN": "running", "SOC-CLOSE-REVIEW": "running"}
    planned = await social.done(path(referral_id, "/plans"), GOALS)
    assert planned["plans"][0]["goals"] == [GOAL]
    assert await clocks(mesh, referral_id) == {
        "SOC-PLAN": "met",
        "SOC-REVIEW": "running",
        "SOC-CLOSE-REVIEW": "running",
    }
    reviewed = await social.done(path(referral_id, "/reviews"), REVIEWED)
    assert reviewed["reviews"][0]["result"]["progress"] == {"safety": "under_way"}
    closed = await social.done(path(referral_id, "/closure"), {"actor": "staff-7", "reason": "goals_met"})
    assert (closed["closure"], closed["lead"]) == ("goals_met", None)
    assert set((await clocks(mesh, referral_id)).values()) == {"met"}
    late = await social.post(path(referral_id, "/reviews"), REVIEWED)
    assert refused(late, 409, "social.case-absent") == "SOC-LEAD"


async def test_one_person_has_one_lead_until_her_case_is_closed(mesh: World) -> None:
    social = mesh["social"]
    first, second = await two_of_one_person(mesh)
    await social.done(path(first), OPEN)
    other = {"actor": "staff-8", "lead": "staff-8"}
    assert refused(await social.post(path(second), other), 409, "social.lead-taken") == "SOC-LEAD"
    handed = await social.done(path(first, "/leads"), {**other, "why": "she_asked"})
    assert (handed["lead"], [one["lead"] for one in handed["leads"]]) == ("staff-8", ["staff-7", "staff-8"])
    await social.done(path(first, "/closure"), {"actor": "staff-8", "reason": "moved"})
    assert (await social.done(path(second), other))["lead"] == "staff-8"


@pytest.mark.rule("R-11")
async def test_nobody_leads_a_case_that_is_kept_from_them(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await a_case(mesh, "health", "social", "SOC-06", compartments=MANAGED, blocked=["staff-9"])
    kept = {"actor": "staff-7", "lead": "staff-9"}
    assert refused(await social.post(path(referral_id), kept), 403, "referral.blocked") == "R-11"
    await social.done(path(referral_id), OPEN)
    handed = await social.post(path(referral_id, "/leads"), {**kept, "why": "she_asked"})
    assert refused(handed, 403, "referral.blocked") == "R-11"
    shown = await social.done(path(referral_id, "/leads"), {**kept, "lead": "staff-8", "why": "she_asked"})
    assert [one["lead"] for one in shown["leads"]] == ["staff-7", "staff-8"]


async def test_a_case_that_was_sealed_off_stands_in_nobodys_way(mesh: World) -> None:
    social = mesh["social"]
    first, second = await two_of_one_person(mesh)
    await social.done(path(first), OPEN)
    await social.done(f"/v1/referrals/{first}/withdraw", {"reason": "survivor_asked"})
    await social.until(first, lambda seen: seen["sealed_off_at"] is not None)
    assert (await social.done(path(second), OPEN))["lead"] == "staff-7"


async def test_it_is_too_early_to_close_for_want_of_contact(mesh: World) -> None:
    social, referral_id = mesh["social"], await managed(mesh)
    await social.done(path(referral_id), OPEN)
    early = await social.post(path(referral_id, "/closure"), {"actor": "staff-7", "reason": "no_contact"})
    assert refused(early, 409, "social.no-contact-early") == "SOC-NO-CONTACT"


async def test_an_outcome_that_the_record_contradicts_is_refused(mesh: World) -> None:
    social, referral_id = mesh["social"], await managed(mesh)
    await social.done(path(referral_id), OPEN)
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    complete = f"/v1/referrals/{referral_id}/complete"
    for outcome, code, rule in (
        ("plan_set", "social.case-unplanned", "SOC-PLAN"),
        ("closed", "social.case-open", "SOC-LEAD"),
    ):
        assert refused(await social.post(complete, {"outcome": outcome}), 409, code) == rule
    await social.done(path(referral_id, "/plans"), GOALS)
    await social.done(complete, {"outcome": "plan_set"})
    await social.done(path(referral_id, "/reviews"), REVIEWED)
