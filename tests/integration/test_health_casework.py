"""The casework of health services: care against time, first-line support, evidence, what leaves, her certificate."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.agency_services import World, a_consent, agency_id, world
from tests.support.casework import a_case
from tests.support.health_casework import a_dose, ago, assessed, post_rape_care, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service, the police who send to it, and a shelter it sends to."""
    path: Path = tmp_path_factory.mktemp("health")
    async with world(path, "police", "health", "social") as made:
        yield made


async def windows(mesh: World, referral_id: str) -> dict[str, Any]:
    """The countdown, by window."""
    shown = await mesh["health"].get(f"/v1/health/referrals/{referral_id}/windows")
    assert shown.status_code == 200, shown.text
    return {one["id"]: one for one in shown.json()["items"]}


async def clocks(mesh: World, referral_id: str) -> dict[str, Any]:
    shown = await mesh["health"].get(f"/v1/referrals/{referral_id}/clocks")
    return {one["rule"]: one for one in shown.json()["items"]}


@pytest.mark.rule("E6")
async def test_the_countdown_runs_from_the_incident_and_a_dose_stops_its_clock(mesh: World) -> None:
    happened = ago(hours=70)
    referral_id = await post_rape_care(mesh, happened)
    own = f"/v1/health/referrals/{referral_id}"
    before = await windows(mesh, referral_id)
    assert (before["pep"]["counted"], before["pep"]["counted_from"]) == ("incident", happened)
    assert 0 < before["pep"]["seconds_left"] <= 2 * 3600
    await mesh["health"].done(f"{own}/assessments", assessed(happened))
    running = await clocks(mesh, referral_id)
    assert (running["HEA-PEP-START"]["started_at"], running["HEA-PEP-START"]["state"]) == (happened, "running")
    await mesh["health"].done(f"{own}/doses", a_dose("pep", happened))
    after, stopped = await windows(mesh, referral_id), await clocks(mesh, referral_id)
    assert (after["pep"]["state"], stopped["HEA-PEP-START"]["state"]) == ("done", "met")
    assert (after["pep_course"]["state"], stopped["HEA-PEP-COURSE"]["state"]) == ("open", "running")


@pytest.mark.rule("E6")
async def test_a_window_counted_from_sending_is_refused_by_rule_and_is_in_the_journal(mesh: World) -> None:
    referral_id = await post_rape_care(mesh, ago(hours=5))
    sent_at = (await mesh["health"].seen(referral_id))["sent_at"]
    own = f"/v1/health/referrals/{referral_id}"
    expected = (422, "health.window-from-sending", "HEA-INCIDENT-TIME")
    assert await refused(mesh, f"{own}/assessments", assessed(sent_at)) == expected
    assert await refused(mesh, f"{own}/doses", a_dose("pep", sent_at)) == expected
    said = {"actor": "nurse-3", "incident_at": sent_at, "source": "she_said"}
    assert await refused(mesh, f"{own}/incident-times", said) == expected
    acts = (await mesh["health"].get(f"/v1/referrals/{referral_id}/acts")).json()["items"]
    assert [one["code"] for one in acts] == ["health.window-from-sending"] * 3


@pytest.mark.rule("E6")
async def test_where_nobody_knows_when_it_happened_it_counts_from_now_until_she_says(mesh: World) -> None:
    referral_id = await post_rape_care(mesh, None)
    own = f"/v1/health/referrals/{referral_id}"
    await mesh["health"].done(f"{own}/assessments", assessed(ago(seconds=0)))
    assert (await windows(mesh, referral_id))["pep"]["counted"] == "first_contact"
    happened = ago(hours=60)
    await mesh["health"].done(
        f"{own}/incident-times", {"actor": "nurse-3", "incident_at": happened, "source": "she_said"}
    )
    shown, running = await windows(mesh, referral_id), await clocks(mesh, referral_id)
    assert shown["pep"]["counted_from"] == happened
    assert running["HEA-PEP-START"]["due_at"] == shown["pep"]["closes_at"]


async def test_a_dose_is_refused_only_when_clinically_too_late_and_what_helps_is_named(mesh: World) -> None:
    happened = ago(hours=100)
    referral_id = await post_rape_care(mesh, happened)
    own = f"/v1/health/referrals/{referral_id}"
    late = await mesh["health"].post(f"{own}/doses", a_dose("pep", happened))
    assert (late.status_code, late.json()["code"]) == (409, "health.pep-closed")
    assert "HIV test now" in late.json()["detail"]
    assert (await windows(mesh, referral_id))["pep"]["still_offered"]["en"].startswith("HIV tests now")
    for dose in ("emergency_contraception", "hepatitis_b", "infections", "tetanus"):
        await mesh["health"].done(f"{own}/doses", a_dose(dose, happened))


@pytest.mark.rule("R-08")
async def test_treatment_that_brings_a_report_money_or_papers_is_refused_as_unknown(mesh: World) -> None:
    happened = ago(hours=5)
    referral_id = await post_rape_care(mesh, happened)
    for name in ("police_report_number", "fee_paid", "insurance_card_number", "identity_papers"):
        answer = await mesh["health"].post(
            f"/v1/health/referrals/{referral_id}/doses", a_dose("pep", happened, **{name: "1"})
        )
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "field.unknown")
    await mesh["health"].done(f"/v1/health/referrals/{referral_id}/doses", a_dose("pep", happened))


async def test_a_test_after_completion_is_still_recorded(mesh: World) -> None:
    happened = ago(hours=5)
    referral_id = await post_rape_care(mesh, happened)
    await mesh["health"].done(f"/v1/referrals/{referral_id}/start", {})
    await mesh["health"].done(f"/v1/referrals/{referral_id}/complete", {"outcome": "declined_part"})
    await mesh["health"].until(referral_id, lambda seen: seen["state"] == "completed")
    test = {"actor": "nurse-3", "what": "hiv_six_weeks", "done_at": ago(seconds=1), "answer": "given"}
    await mesh["health"].done(f"/v1/health/referrals/{referral_id}/follow-ups", test)
    assert (await windows(mesh, referral_id))["hiv_six_weeks"]["state"] == "done"


# First-line support.


def a_talk(**changes: Any) -> dict[str, Any]:
    items = dict.fromkeys(("listened", "inquired", "validated", "safety_enhanced", "supported"), "given")
    times = {"began_at": ago(minutes=10), "limits_told_at": ago(minutes=11)}
    return {"actor": "nurse-3", "private_room": True, "present": [], **times, **items, **changes}


async def test_support_is_recorded_where_it_was_private_and_limits_were_told_first(mesh: World) -> None:
    referral_id = await post_rape_care(mesh, None)
    path = f"/v1/health/referrals/{referral_id}/first-line-supports"
    crowded = await refused(mesh, path, a_talk(present=["family"]))
    assert crowded == (422, "health.support-not-alone", "HEA-PRIVATE")
    late = await refused(mesh, path, a_talk(limits_told_at=ago(minutes=9)))
    assert late == (422, "health.limits-first", "HEA-LIMITS-FIRST")
    await mesh["health"].done(path, a_talk(present=["companion_she_chose"], validated="declined_by_her"))
    shown = (await mesh["health"].get(path)).json()["items"]
    assert [(one["items"]["validated"], one["present"]) for one in shown] == [
        ("declined_by_her", ["companion_she_chose"])
    ]


# What leaves the service.

RESULTS: Mapping[str, Any] = {
    "triage": "green",
    "hiv": {"consented": True, "status": "negative"},
    "pregnancy": {"consented": True, "pregnant": False},
    "mental_health": {"consented": True, "suicide_screen": "negative"},
}
SHELTER: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "preferences": {"staff_gender": "any"},
    "needs": {"needs": ["shelter"]},
    "dependants": {"count": 1},
    "demographics": {"age_band": "adult"},
    "medical": RESULTS,
}
REPORT: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["physical"]},
    "preferences": {"staff_gender": "any"},
    "forensic": {"certificate": {"number": "17/2026"}},
}
VISIT: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "medical": {"visit_reference": "V-1"},
}


async def consent_to(mesh: World, recipient: str, service_type: str, compartments: Mapping[str, Any]) -> str:
    """Her consent, recorded at the health service."""
    grant = {
        "recipients": [agency_id(recipient)],
        "service_types": [service_type],
        "compartments": list(compartments),
        "onward": False,
    }
    taken = await mesh["health"].done("/v1/consents", a_consent(grant))
    return str(taken["consent"]["id"])


def sending(recipient: str, service_type: str, consent_id: str, compartments: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "service_type": service_type,
        "recipient": agency_id(recipient),
        "consent_id": consent_id,
        "compartments": compartments,
    }


@pytest.mark.rule("R-22")
async def test_results_stay_here_until_she_ticks_each_kind_for_this_recipient(mesh: World) -> None:
    shelter = await consent_to(mesh, "social", "SOC-09", SHELTER)
    path = f"/v1/health/consents/{shelter}/ticks"
    beyond = {"actor": "nurse-3", "recipient": agency_id("police"), "kind": "hiv"}
    assert await refused(mesh, path, beyond) == (409, "health.tick-beyond-consent", "R-22")
    ticked = {**beyond, "recipient": agency_id("social"), "kind": "pregnancy"}
    made = await mesh["health"].done(path, ticked)
    sent = await mesh["health"].done("/v1/referrals", sending("social", "SOC-09", shelter, SHELTER))
    held = [(one["reason"], one["rule"], one["fields"]) for one in sent["held_back"]]
    assert held == [("sector_rule", "R-22", ["hiv"]), ("sector_rule", "R-22", ["mental_health"])]
    results = {"medical": {"hiv": RESULTS["hiv"]}}
    alone = await refused(mesh, "/v1/referrals", sending("social", "SOC-09", shelter, results))
    assert alone == (403, "referral.would-hold-back", "R-22")
    await mesh["health"].done(f"/v1/health/ticks/{made['id']}/taking-back", {"actor": "nurse-3"})
    again = await mesh["health"].done("/v1/referrals", sending("social", "SOC-09", shelter, SHELTER))
    assert [one["fields"] for one in again["held_back"]] == [["hiv"], ["pregnancy"], ["mental_health"]]


async def test_a_certificate_is_hers_before_it_goes_anywhere(mesh: World) -> None:
    referral_id = await a_case(mesh, "police", "health", "HEA-04", compartments=VISIT)
    own = f"/v1/health/referrals/{referral_id}/certificates"
    issued = {"actor": "doctor-1", "number": "17/2026", "injury_rate_percent": None}
    certificate = (await mesh["health"].done(own, issued))["id"]
    await mesh["health"].done(f"/v1/referrals/{referral_id}/start", {})
    complete = f"/v1/referrals/{referral_id}/complete"
    expected = (409, "health.certificate-hers-first", "HEA-CERTIFICATE-HERS")
    assert await refused(mesh, complete, {"outcome": "issued"}) == expected
    await mesh["health"].done(f"{own}/{certificate}/given", {"actor": "doctor-1", "given_at": ago(seconds=1)})
    await mesh["health"].done(complete, {"outcome": "issued"})
    shown = (await mesh["health"].get(own)).json()["items"]
    assert shown[0]["given_to_her_at"] is not None


async def test_a_certificate_that_is_not_hers_yet_is_not_sent_on(mesh: World) -> None:
    consent_id = await consent_to(mesh, "police", "POL-03", REPORT)
    request = sending("police", "POL-03", consent_id, REPORT)
    expected = (409, "health.certificate-hers-first", "HEA-CERTIFICATE-HERS")
    assert await refused(mesh, "/v1/referrals", request) == expected
    without = {**request, "compartments": {**REPORT, "forensic": {"storage_only": True}}}
    await mesh["health"].done("/v1/referrals", without)


# Steps that the record contradicts.


async def test_a_dose_that_is_not_on_record_was_not_given(mesh: World) -> None:
    happened = ago(hours=5)
    referral_id = await post_rape_care(mesh, happened)
    await mesh["health"].done(f"/v1/health/referrals/{referral_id}/assessments", assessed(happened))
    await mesh["health"].done(f"/v1/referrals/{referral_id}/start", {})
    complete = f"/v1/referrals/{referral_id}/complete"
    said = await refused(mesh, complete, {"outcome": "pep_started"})
    assert said == (409, "health.dose-missing", "HEA-PEP-START")
    await mesh["health"].done(f"/v1/health/referrals/{referral_id}/doses", a_dose("pep", happened))
    await mesh["health"].done(complete, {"outcome": "pep_started"})
