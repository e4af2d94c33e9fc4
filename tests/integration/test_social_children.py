"""A child in danger at the real service: forms, the chair's decision within twelve hours, the stay, hotline 111."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.kernel.clock import SystemClock, to_wire
from tests.support.agency_services import World, agency_id, world
from tests.support.social import clocks, journal, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHILD: Mapping[str, Any] = {
    "identity": {"alias": "B.", "age": 7},
    "safety": {"band": "R4"},
    "contact": {"name_to_use": "B."},
    "preferences": {"staff_gender": "any"},
    "incident": {"types": ["physical"]},
}
HERE, ELSEWHERE = {"province": "38", "commune": "14845"}, {"province": "01", "commune": "00004"}
RISK = {
    "harm": "high",
    "risk": "high",
    "caregiver_can_protect": False,
    "child_says": "not home",
    "assessed_at": "2026-11-21T08:00:00Z",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service that notifies, and social services."""
    async with world(tmp_path_factory.mktemp("children"), "health", "social") as made:
        yield made


def now() -> datetime:
    return SystemClock().now()


async def a_child(mesh: World, *, until: str = "accept") -> str:
    """Refer a child on the duty to notify, without anybody's consent."""
    request = {
        "service_type": "SOC-07",
        "recipient": agency_id("social"),
        "basis": {"kind": "legal_obligation", "article": "56/2017", "approver": "doctor-1", "notify_unsafe": True},
        "age_band": "6_11",
        "urgency": "immediate",
        "phoned_first": True,
        "compartments": CHILD,
    }
    referral_id = str((await mesh["health"].done("/v1/referrals", request))["referral"]["referral_id"])
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    if until == "accept":
        await mesh["social"].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})
    return referral_id


def path(referral_id: str, what: str = "") -> str:
    return f"/v1/social/referrals/{referral_id}/child{what}"


def receipt(**changes: Any) -> dict[str, Any]:
    form = {
        "received_at": to_wire(now() - timedelta(hours=1)),
        "channel": "hotline_111",
        "happened_in": HERE,
        "child_called": "B.",
        "harms": ["physical"],
        "in_danger_now": True,
        "caregiver_safe": False,
    }
    return {"actor": "staff-7", "form": {**form, **changes}}


def decision(**changes: Any) -> dict[str, Any]:
    return {
        "actor": "staff-7",
        "authority": "commune_chair",
        "decided_by": "chair-14845",
        "commune": "14845",
        "decided_at": to_wire(now()),
        "decision": "separated",
        "stay_from": to_wire(now()),
        "stay_until": to_wire(now() + timedelta(days=14)),
        "text": {"number": "07/QD-UBND", "reasons": "harm at home"},
        **changes,
    }


async def with_forms(mesh: World, **changes: Any) -> str:
    referral_id = await a_child(mesh)
    await mesh["social"].done(path(referral_id, "/forms/01"), receipt(**changes))
    await mesh["social"].done(path(referral_id, "/forms/02"), {"actor": "staff-7", "form": RISK})
    return referral_id


@pytest.mark.rule("R-12")
async def test_the_chair_decides_within_twelve_hours_and_the_stay_ends_within_fifteen_days(mesh: World) -> None:
    social, referral_id = mesh["social"], await with_forms(mesh)
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "running"}
    decided = await social.done(path(referral_id, "/decisions"), decision())
    assert decided["decisions"][0]["decided_by"] == "chair-14845"
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "met", "VN-CH-STAY": "running"}
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "separated"})
    ended = await social.done(path(referral_id, "/stay-ends"), {"actor": "staff-7", "to": "relative"})
    assert ended["decisions"][0]["ended_to"] == "relative"
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "met", "VN-CH-STAY": "met"}
    again = await social.post(path(referral_id, "/stay-ends"), {"actor": "staff-7", "to": "home"})
    assert refused(again, 409, "social.stay-absent") == "VN-CH-STAY"


async def test_the_twelve_hours_run_from_when_the_information_was_received(mesh: World) -> None:
    social, referral_id = mesh["social"], await a_child(mesh, until="acknowledge")
    await social.done(path(referral_id, "/forms/01"), receipt(received_at=to_wire(now() - timedelta(hours=13))))
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "missed"}


async def test_incomplete_forms_say_what_they_miss_and_carry_no_decision(mesh: World) -> None:
    social, referral_id = mesh["social"], await a_child(mesh)
    shown = await social.done(path(referral_id, "/forms/01"), receipt(harms=[], caregiver_safe=None))
    assert shown["forms"][0]["missing"] == ["harms", "caregiver_safe"]
    answer = await social.post(path(referral_id, "/decisions"), decision())
    assert refused(answer, 409, "social.forms-incomplete") == "VN-CH-03"


async def test_a_decision_from_before_the_information_came_or_ahead_of_now_stops_no_clock(mesh: World) -> None:
    social = mesh["social"]
    referral_id = await with_forms(mesh, received_at=to_wire(now() - timedelta(hours=20)))
    for wrong in (timedelta(hours=-30), timedelta(hours=1)):
        answer = await social.post(path(referral_id, "/decisions"), decision(decided_at=to_wire(now() + wrong)))
        assert refused(answer, 422, "social.child-times") == "SOC-TIMES"
        assert answer.json()["errors"][0]["pointer"] == "/decided_at"
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "missed"}
    await social.done(path(referral_id, "/decisions"), decision())
    assert (await clocks(mesh, referral_id))["VN-CH-01"] == "met_late"


@pytest.mark.rule("R-12")
@pytest.mark.parametrize("outcome", ["separated", "alternative_care", "safe_at_home_plan"])
async def test_without_a_form_nothing_is_completed_that_the_chair_decides(mesh: World, outcome: str) -> None:
    social, referral_id = mesh["social"], await a_child(mesh)
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    answer = await social.post(f"/v1/referrals/{referral_id}/complete", {"outcome": outcome})
    assert refused(answer, 409, "social.child-undecided") == "VN-CH-01"
    await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "unable_to_contact"})


async def test_a_social_worker_decides_nothing(mesh: World) -> None:
    social, referral_id = mesh["social"], await with_forms(mesh)
    for changes in ({"authority": "social_worker"}, {"decided_by": "staff-7"}):
        answer = await social.post(path(referral_id, "/decisions"), decision(**changes))
        assert refused(answer, 403, "social.authority-other") == "VN-CH-01"
    refusals = [line for line in await journal(mesh, referral_id) if line[1] == "refused"]
    assert [line[2:] for line in refusals] == [("social.authority-other", "VN-CH-01")] * 2


@pytest.mark.rule("E7")
async def test_another_commune_does_not_decide(mesh: World) -> None:
    referral_id = await with_forms(mesh)
    answer = await mesh["social"].post(path(referral_id, "/decisions"), decision(commune="00004"))
    assert refused(answer, 409, "social.commune-other") == "E7"


async def test_a_child_is_kept_apart_for_fifteen_days_at_most_whatever_is_decided_anew(mesh: World) -> None:
    social, referral_id = mesh["social"], await with_forms(mesh)
    longer = decision(stay_until=to_wire(now() + timedelta(days=40)))
    answer = await social.post(path(referral_id, "/decisions"), longer)
    assert refused(answer, 422, "social.stay-too-long") == "VN-CH-STAY"
    await social.done(path(referral_id, "/decisions"), decision())
    later = now() + timedelta(days=13)
    anew = decision(stay_from=to_wire(later), stay_until=to_wire(later + timedelta(days=14)))
    answer = await social.post(path(referral_id, "/decisions"), anew)
    assert refused(answer, 422, "social.stay-too-long") == "VN-CH-STAY"
    await social.done(path(referral_id, "/decisions"), {**anew, "longer_by": "12/QD-TA"})


async def test_a_child_that_is_kept_apart_again_has_fifteen_days_of_that_stay_on_a_clock_of_its_own(
    mesh: World,
) -> None:
    social, referral_id = mesh["social"], await with_forms(mesh)
    long_ago = now() - timedelta(days=10)
    first = decision(stay_from=to_wire(long_ago), stay_until=to_wire(long_ago + timedelta(days=14)))
    await social.done(path(referral_id, "/decisions"), first)
    safe_home = decision(decision="safe_at_home_plan", stay_from=None, stay_until=None)
    await social.done(path(referral_id, "/decisions"), safe_home)
    await social.done(path(referral_id, "/stay-ends"), {"actor": "staff-7", "to": "home"})
    again = decision()
    await social.done(path(referral_id, "/decisions"), again)
    items = (await social.get(f"/v1/referrals/{referral_id}/clocks")).json()["items"]
    stays = [(one["started_at"], one["state"]) for one in items if one["rule"] == "VN-CH-STAY"]
    assert stays == [(first["stay_from"], "met"), (again["stay_from"], "running")]
    await social.done(path(referral_id, "/stay-ends"), {"actor": "staff-7", "to": "relative"})
    assert await clocks(mesh, referral_id) == {"VN-CH-01": "met", "VN-CH-STAY": "met"}


@pytest.mark.rule("E7")
async def test_across_provinces_it_is_not_done_before_111_was_told(mesh: World) -> None:
    social, referral_id = mesh["social"], await with_forms(mesh, lives_in=ELSEWHERE)
    assert (await clocks(mesh, referral_id))["SOC-111-COPY"] == "running"
    safe_home = decision(decision="safe_at_home_plan", stay_from=None, stay_until=None)
    await social.done(path(referral_id, "/decisions"), safe_home)
    await social.done(f"/v1/referrals/{referral_id}/start", {})
    complete = f"/v1/referrals/{referral_id}/complete"
    answer = await social.post(complete, {"outcome": "safe_at_home_plan"})
    assert refused(answer, 409, "social.hotline-untold") == "E7"
    told = await social.done(path(referral_id, "/hotline-copies"), {"actor": "staff-7"})
    assert told["hotline_told_at"] is not None
    other = await social.post(complete, {"outcome": "separated"})
    assert refused(other, 409, "social.child-decided-otherwise") == "VN-CH-01"
    await social.done(complete, {"outcome": "safe_at_home_plan"})


@pytest.mark.rule("R-12")
async def test_what_is_the_mothers_is_refused_as_unknown(mesh: World) -> None:
    referral_id = await a_child(mesh)
    answer = await mesh["social"].post(path(referral_id, "/forms/01"), receipt(mother={"name": "Nguyen Thi Mau"}))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/form/mother")
    assert "Nguyen" not in answer.text
