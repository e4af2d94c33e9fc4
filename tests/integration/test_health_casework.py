"""The casework of health services: care against time, first-line support, evidence, what leaves, her certificate."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.kernel.clock import to_wire
from tests.support.agency_services import World, world
from tests.support.casework import a_case

pytestmark = pytest.mark.asyncio(loop_scope="module")

CARE: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["sexual"]},
    "demographics": {"age_band": "adult"},
    "preferences": {"staff_gender": "female"},
}
ACCEPT = {"staff_gender": "female"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The police, and a health service that works with real time."""
    path: Path = tmp_path_factory.mktemp("health")
    async with world(path, "police", "health") as made:
        yield made


def ago(**length: float) -> str:
    """A moment of the past, as wire text."""
    return to_wire(datetime.now(UTC) - timedelta(**length))


async def post_rape_care(mesh: World, incident_at: str | None, **changes: Any) -> str:
    """Her referral for care, as the police sent it."""
    known = {} if incident_at is None else {"incident_at": incident_at}
    return await a_case(mesh, "police", "health", "HEA-02", compartments=CARE, accept=ACCEPT, **known, **changes)


def assessed(counted_from: str, **needs: bool) -> dict[str, Any]:
    """An assessment after which she needs everything, unless a test says otherwise."""
    said = {"hiv_exposure": True, "pregnancy_possible": True, "hepatitis_b_open": True, "strangulation": False}
    return {"actor": "nurse-3", "counted_from": counted_from, **said, **needs}


def a_dose(dose: str, counted_from: str, **changes: Any) -> dict[str, Any]:
    return {
        "actor": "nurse-3",
        "dose": dose,
        "given_at": ago(seconds=1),
        "counted_from": counted_from,
        "answer": "given",
        **changes,
    }


async def windows(mesh: World, referral_id: str) -> dict[str, Any]:
    """The countdown, by window."""
    shown = await mesh["health"].get(f"/v1/health/referrals/{referral_id}/windows")
    assert shown.status_code == 200, shown.text
    return {one["id"]: one for one in shown.json()["items"]}


async def clocks(mesh: World, referral_id: str) -> dict[str, Any]:
    shown = await mesh["health"].get(f"/v1/referrals/{referral_id}/clocks")
    return {one["rule"]: one for one in shown.json()["items"]}


async def refused(mesh: World, path: str, body: Mapping[str, Any]) -> tuple[int, str, str | None]:
    """The status, the code and the rule of a refusal."""
    answer = await mesh["health"].post(path, body)
    reasons = answer.json().get("reasons") or [{}]
    return answer.status_code, answer.json()["code"], reasons[0].get("rule")


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
