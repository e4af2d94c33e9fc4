"""Five cases of social services, by whoever uses them over HTTP: lawful, on the boundary, refused."""

from typing import Any

import pytest

from tests.e2e.outside import messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import REASON, SOC_01, WISHES, Mesh, Partner, some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ADDRESS = "12 Mau Street"
HOUSE = {**REASON, "Access-Actor": "house-7"}
SERVICES = ("SOC-01", "SOC-02", "SOC-06", "SOC-08")


def done(answer: Any) -> Json:
    assert answer.status_code in {200, 201, 202}, answer.text
    return dict(answer.json())


def agreed(mesh: Mesh, at: Partner) -> str:
    """A consent for what social services give, recorded by another agency; its id."""
    said = {
        "subject_details": {"name": "Lò Thị Mẫu"},
        "recorded_at": messages.in_(minutes=-5),
        "valid_from": messages.in_(minutes=-5),
        "valid_to": messages.in_(days=30),
        "grantor": "self",
        "form": "written_signature",
        "language": "vi",
        "interpreter": False,
        "witnessed": True,
        "information_version": "2026-11",
        "purposes": ["service"],
        "grants": [messages.grant([mesh.social.id], list(SERVICES), list(messages.CONTENTS))],
        "withheld": [],
    }
    return str(done(at.post("/v1/consents", said))["consent"]["id"])


def brought(mesh: Mesh, service: str, *names: str, accepted: bool = True, **over: Any) -> str:
    """A referral from health that has arrived, accepted unless said otherwise; its id."""
    request = {
        "service_type": service,
        "recipient": mesh.social.id,
        "consent_id": over.pop("consent_id", None) or agreed(mesh, mesh.health),
        "compartments": some(*names),
        "preferences": WISHES,
        "age_band": "adult",
        **over,
    }
    identifier = str(done(mesh.health.post("/v1/referrals", request))["referral"]["referral_id"])
    mesh.arrived(mesh.social, identifier)
    done(mesh.social.step(identifier, "acknowledge"))
    if accepted:
        done(mesh.social.step(identifier, "accept", staff_gender="female"))
    return identifier


def house(mesh: Mesh, code: str, kind: str = "shelter") -> str:
    """A place with one bed for a woman and one for a child; its id."""
    asked = {
        "actor": "house-7",
        "code": code,
        "kind": kind,
        "whereabouts": {"address": ADDRESS},
        "staff": ["house-7"],
        "beds": {"woman": 1, "child": 1, "accessible": 0},
    }
    return str(done(mesh.social.post("/v1/social/places", asked))["id"])


def beds(place_id: str, **more: Any) -> Json:
    wanted = {"woman": 1, "child": 1, "accessible": 0}
    return {"actor": "house-7", "place_id": place_id, "beds": wanted, **more}


@pytest.mark.rule("R-08", "R-18")
def test_a_woman_and_her_child_are_admitted_without_a_paper_and_nobody_outside_learns_where(mesh: Mesh) -> None:
    identifier, place_id = brought(mesh, "SOC-01", *SOC_01), house(mesh, "TL1")
    own = f"/v1/social/referrals/{identifier}"
    letter = mesh.social.post(f"{own}/admissions", beds(place_id, police_letter="38/2026"))
    assert problem(letter, 422, "message.invalid", pointer="/police_letter", secrets=["38/2026"])
    assert done(mesh.social.post(f"{own}/admissions", beds(place_id)))["state"] == "admitted"
    done(mesh.social.step(identifier, "start"))
    done(mesh.social.step(identifier, "complete", outcome="admitted"))
    where = f"/v1/social/places/{place_id}/whereabouts"
    assert done(mesh.social.get(where, headers=HOUSE))["address"] == ADDRESS
    stranger = problem(mesh.social.get(where, headers=REASON), 403, "social.not-of-the-house", secrets=[ADDRESS])
    assert stranger["reasons"][0]["rule"] == "R-18"
    seen = [mesh.health.get(f"/v1/referrals/{identifier}{what}", headers=REASON) for what in ("", "/chain", "/acts")]
    seen += [mesh.social.get("/v1/social/places"), mesh.social.get(f"{own}/bed", headers=REASON)]
    assert not [answer for answer in seen if ADDRESS in answer.text]


def test_the_last_bed_goes_to_one_of_two_and_only_after_she_was_accepted(mesh: Mesh) -> None:
    place_id = house(mesh, "TL2")
    first, second = brought(mesh, "SOC-01", *SOC_01), brought(mesh, "SOC-01", *SOC_01, accepted=False)
    path = f"/v1/social/referrals/{second}/admissions"
    early = problem(mesh.social.post(path, beds(place_id)), 409, "social.bed-before-acceptance")
    assert early["reasons"][0]["rule"] == "SOC-BED"
    done(mesh.social.post(f"/v1/social/referrals/{first}/bed-holds", beds(place_id, minutes=60)))
    done(mesh.social.step(second, "accept", staff_gender="female"))
    none = problem(mesh.social.post(path, beds(place_id)), 409, "social.no-bed")
    assert "name an alternative" in none["detail"]
    without = mesh.social.step(second, "decline", reason="D12")
    assert problem(without, 403)["code"] == "sop.decline-alternative"
    acts = mesh.social.get(f"/v1/referrals/{second}/acts", headers=REASON).json()["items"]
    assert [each["code"] for each in acts] == ["social.bed-before-acceptance", "social.no-bed"]


def test_a_high_risk_is_answered_by_a_plan_that_is_hers(mesh: Mesh) -> None:
    identifier = brought(mesh, "SOC-01", *SOC_01)
    own = f"/v1/social/referrals/{identifier}"
    screen = {"first_three": 1, "others": 0, "belief": False}
    asked = {"actor": "staff-7", "tool": "lap", "version": "2005", "screen": screen, "signs": []}
    result = done(mesh.social.post(f"{own}/risk-assessments", asked))["result"]
    assert (result["band"], result["urgency_at_least"], result["offers"]) == ("R3", "urgent", ["COO-01"])
    plan = {"signals": [], "steps": [{"situation": "leaving", "what": "the back door"}], "take_along": ["keys"]}
    saved = {"actor": "staff-7", "based_on": 0, "made_with_her": True, "plan": plan}
    done(mesh.social.post(f"{own}/safety-plans", saved))
    clocks = mesh.social.get(f"/v1/referrals/{identifier}/clocks").json()["items"]
    assert [(each["rule"], each["state"]) for each in clocks] == [("I32", "met")]
    copy = {"actor": "staff-7", "version": 1, "way": "taken_along", "safe_to_keep": False}
    assert problem(mesh.social.post(f"{own}/safety-plan-copies", copy), 409, "social.copy-unsafe")
    lines = done(mesh.social.post(f"{own}/safety-plan-copies", {**copy, "safe_to_keep": True}))["lines"]
    assert lines == ["the back door", "keys"]


def test_she_has_one_lead_worker_whoever_else_takes_a_referral_of_hers(mesh: Mesh) -> None:
    consent_id = agreed(mesh, mesh.health)
    names = ("contact", "needs", "preferences", "safety")
    first, second = (brought(mesh, "SOC-06", *names, consent_id=consent_id) for _ in range(2))
    done(mesh.social.post(f"/v1/social/referrals/{first}/case", {"actor": "staff-7", "lead": "staff-7"}))
    other = {"actor": "staff-8", "lead": "staff-8"}
    taken = problem(mesh.social.post(f"/v1/social/referrals/{second}/case", other), 409, "social.lead-taken")
    assert taken["reasons"][0]["rule"] == "SOC-LEAD"
    done(mesh.social.post(f"/v1/social/referrals/{first}/case/closure", {"actor": "staff-7", "reason": "she_asked"}))
    assert done(mesh.social.post(f"/v1/social/referrals/{second}/case", other))["lead"] == "staff-8"


@pytest.mark.rule("E5")
def test_in_process_she_is_helped_and_the_allowance_waits_until_she_is_recognised(mesh: Mesh) -> None:
    identifier = brought(mesh, "SOC-08", "contact", "preferences", "documents", "demographics")
    own = f"/v1/social/referrals/{identifier}/trafficking"
    received = {"actor": "staff-7", "status": "possible", "offence_or_immigration": True}
    assert "LEG-07" in done(mesh.social.post(f"{own}/receptions", received))["offers"]
    done(mesh.social.post(f"{own}/supports", {"actor": "staff-7", "support": "essential_needs"}))
    allowance = {"actor": "staff-7", "support": "hardship_allowance"}
    early = problem(mesh.social.post(f"{own}/supports", allowance), 409, "social.allowance-not-yet")
    assert (early["reasons"][0]["rule"], "Art 37" in early["reasons"][0]["basis"]) == ("E5", True)
    decided = {"actor": "staff-7", "status": "recognised", "decided_by": "provincial_health_and_police"}
    done(mesh.social.post(f"{own}/statuses", decided))
    done(mesh.social.post(f"{own}/supports", allowance))
