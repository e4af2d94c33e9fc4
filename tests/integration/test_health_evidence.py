"""Evidence at a health service: only with her consent, each hand-over linked, signed and in the ledger."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.health.records import HandOver
from services.health.tables import ROWS
from shared.agency.adapters.store import SqlStore
from shared.agency.ports import Desk
from tests.support.agency_services import World, databases, world
from tests.support.casework import a_case
from tests.support.health_casework import (
    ACCEPT,
    EVIDENCE,
    YES_TO_ALL,
    a_dose,
    a_hand_over,
    a_specimen,
    ago,
    an_examination,
    assessed,
    forensic_case,
    post_rape_care,
    refused,
)

__all__ = ["databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service, and the police who send to it."""
    path: Path = tmp_path_factory.mktemp("evidence")
    async with world(path, "police", "health") as made:
        yield made


async def custody(mesh: World, referral_id: str, *, in_ledger: int | None = None) -> dict[str, Any]:
    """The chain of custody; waits until so many hand-overs stand in the ledger."""
    async with asyncio.timeout(30):
        while True:
            shown = await mesh["health"].get(f"/v1/health/referrals/{referral_id}/custody")
            assert shown.status_code == 200, shown.text
            found: dict[str, Any] = shown.json()
            noted = [one for one in found["hand_overs"] if one["ledger_index"] is not None]
            if in_ledger is None or len(noted) == in_ledger:
                return found
            await asyncio.sleep(0.05)


@pytest.mark.rule("R-21")
async def test_without_her_consent_to_evidence_nothing_is_taken_and_treatment_goes_on(mesh: World) -> None:
    happened = ago(hours=5)
    referral_id = await post_rape_care(mesh, happened)
    own = f"/v1/health/referrals/{referral_id}"
    no = {**YES_TO_ALL, "examination": False, "specimens": False, "photographs": False, "handing_over": False}
    untold = await refused(mesh, f"{own}/forensic-consents", {**no, "told_treatment_does_not_depend": False})
    assert untold == (422, "health.forensic-told", "R-21")
    expected = (409, "health.forensic-consent", "R-21")
    assert await refused(mesh, f"{own}/examinations", an_examination()) == expected
    await mesh["health"].done(f"{own}/forensic-consents", no)
    assert await refused(mesh, f"{own}/examinations", an_examination()) == expected
    assert await refused(mesh, f"{own}/specimens", a_specimen()) == expected
    await mesh["health"].done(f"{own}/doses", a_dose("pep", happened))
    await mesh["health"].done(f"{own}/assessments", assessed(happened))


@pytest.mark.rule("R-01")
async def test_an_examiner_she_did_not_choose_needs_her_answer(mesh: World) -> None:
    wish = {"staff_gender": "female"}
    referral_id = await a_case(
        mesh, "police", "health", "HEA-03", compartments=EVIDENCE, accept=ACCEPT, preferences=wish
    )
    own = f"/v1/health/referrals/{referral_id}"
    await mesh["health"].done(f"{own}/forensic-consents", YES_TO_ALL)
    silent = await refused(mesh, f"{own}/examinations", an_examination(same_gender_offered=False))
    assert silent == (422, "health.examiner-offer", "R-01")
    another = an_examination(examiner_gender="male")
    assert await refused(mesh, f"{own}/examinations", another) == (409, "health.examiner-gender", "R-01")
    assert await refused(mesh, f"{own}/specimens", a_specimen()) == (409, "health.examination-first", "R-01")
    await mesh["health"].done(f"{own}/examinations", {**another, "her_answer": "alternative_accepted"})


@pytest.mark.rule("R-11")
async def test_nobody_examines_her_from_whom_she_is_kept(mesh: World) -> None:
    referral_id = await a_case(
        mesh, "police", "health", "HEA-03", compartments=EVIDENCE, accept=ACCEPT, blocked=["doctor-9"]
    )
    own = f"/v1/health/referrals/{referral_id}"
    await mesh["health"].done(f"{own}/forensic-consents", YES_TO_ALL)
    kept = await refused(mesh, f"{own}/examinations", an_examination(examiner="doctor-9"))
    assert kept == (403, "referral.blocked", "R-11")
    await mesh["health"].done(f"{own}/examinations", an_examination())


@pytest.mark.rule("R-21")
async def test_each_hand_over_is_signed_linked_and_in_the_ledger(mesh: World) -> None:
    referral_id = await forensic_case(mesh)
    own = f"/v1/health/referrals/{referral_id}"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    wrong = a_hand_over(taken, given_by="nurse-3", taken_by="keeper-1")
    assert await refused(mesh, f"{own}/hand-overs", wrong) == (409, "health.custody-holder", "HEA-CUSTODY")
    await mesh["health"].done(f"{own}/hand-overs", a_hand_over(taken, given_by="doctor-1", taken_by="keeper-1"))
    await mesh["health"].done(
        f"{own}/hand-overs", a_hand_over(taken, given_by="keeper-1", taken_by="officer-7", to="police")
    )
    shown = await custody(mesh, referral_id, in_ledger=2)
    first, second = shown["hand_overs"]
    assert (shown["proof"], shown["specimens"][0]["held_by"]) == (
        {"holds": True, "ledger_asked": True, "breaks": []},
        "officer-7",
    )
    assert (first["statement"]["previous"], second["statement"]["previous"]) == (None, first["sha256"])
    assert first["ledger_index"] < second["ledger_index"]
    told = await mesh["police"].until(referral_id, lambda seen: len(_recorded(seen)) == 2)
    assert [one["data"]["record_sha256"] for one in _recorded(told)] == [first["sha256"], second["sha256"]]


def _recorded(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in seen["history"] if one["type"] == "recorded"]


async def test_a_hand_over_that_disappears_from_the_log_is_missed(mesh: World) -> None:
    referral_id = await forensic_case(mesh)
    own = f"/v1/health/referrals/{referral_id}"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    await mesh["health"].done(f"{own}/hand-overs", a_hand_over(taken, given_by="doctor-1", taken_by="keeper-1"))
    await mesh["health"].done(f"{own}/hand-overs", a_hand_over(taken, given_by="keeper-1", taken_by="lab-2"))
    await custody(mesh, referral_id, in_ledger=2)
    await _drop_last(mesh, referral_id)
    proof = (await custody(mesh, referral_id))["proof"]
    assert proof == {
        "holds": False,
        "ledger_asked": True,
        "breaks": [{"code": "custody.missing", "sequence": None}],
    }


async def _drop_last(mesh: World, referral_id: str) -> None:
    """Take the last hand-over out of the database, behind the service's back."""
    store = SqlStore(mesh.services["health"].settings.database_url.get_secret_value(), rows=ROWS)

    def work(desk: Desk) -> None:
        desk.remove(desk.find(HandOver, referral_id=referral_id)[-1])

    try:
        await store.write(work)
    finally:
        store.close()


@pytest.mark.rule("R-21")
async def test_specimens_stay_in_storage_until_she_says_so_or_a_decision_does(mesh: World) -> None:
    referral_id = await forensic_case(mesh, handing_over=False)
    own = f"/v1/health/referrals/{referral_id}"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    to_police = a_hand_over(taken, given_by="doctor-1", taken_by="officer-7", to="police")
    assert await refused(mesh, f"{own}/hand-overs", to_police) == (409, "health.custody-authority", "R-21")
    await mesh["health"].done(f"{own}/hand-overs", {**to_police, "order_reference": "12/QD-CSDT"})


async def test_a_hand_over_after_completion_is_recorded(mesh: World) -> None:
    referral_id = await forensic_case(mesh)
    own = f"/v1/health/referrals/{referral_id}"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    await mesh["health"].done(f"/v1/referrals/{referral_id}/start", {})
    await mesh["health"].done(f"/v1/referrals/{referral_id}/complete", {"outcome": "collected_stored"})
    await mesh["health"].until(referral_id, lambda seen: seen["state"] == "completed")
    await mesh["health"].done(f"{own}/hand-overs", a_hand_over(taken, given_by="doctor-1", taken_by="keeper-1"))
    assert (await custody(mesh, referral_id, in_ledger=1))["proof"]["holds"] is True


async def test_an_outcome_that_the_record_contradicts_is_refused(mesh: World) -> None:
    referral_id = await forensic_case(mesh)
    own, complete = f"/v1/health/referrals/{referral_id}", f"/v1/referrals/{referral_id}/complete"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    await mesh["health"].done(f"/v1/referrals/{referral_id}/start", {})
    handed = await refused(mesh, complete, {"outcome": "handed_to_police"})
    assert handed == (409, "health.hand-over-missing", "HEA-CUSTODY")
    nothing = await refused(mesh, complete, {"outcome": "not_done"})
    assert nothing == (409, "health.evidence-on-record", "HEA-CUSTODY")
    await mesh["health"].done(
        f"{own}/hand-overs", a_hand_over(taken, given_by="doctor-1", taken_by="officer-7", to="police")
    )
    await mesh["health"].done(complete, {"outcome": "handed_to_police"})


async def test_what_is_kept_of_evidence_is_gone_once_the_case_is_sealed_off_and_the_digests_stay(mesh: World) -> None:
    referral_id = await forensic_case(mesh)
    own = f"/v1/health/referrals/{referral_id}"
    taken = (await mesh["health"].done(f"{own}/specimens", a_specimen()))["id"]
    await mesh["health"].done(f"{own}/hand-overs", a_hand_over(taken, given_by="doctor-1", taken_by="keeper-1"))
    before = await custody(mesh, referral_id, in_ledger=1)
    await mesh["health"].done(f"/v1/referrals/{referral_id}/withdraw", {"reason": "survivor_asked"})
    await mesh["health"].until(referral_id, lambda seen: seen["sealed_off_at"] is not None)
    after = await custody(mesh, referral_id)
    assert [(one["kind"], one["seal"]) for one in after["specimens"]] == [(None, None)]
    assert [(one["record"], one["sha256"]) for one in after["hand_overs"]] == [
        (None, before["hand_overs"][0]["sha256"])
    ]
    assert after["proof"]["holds"] is None


async def test_of_two_hand_overs_of_one_specimen_at_once_one_is_true(
    tmp_path: Path, databases: Callable[[str], str]
) -> None:
    async with world(tmp_path, "police", "health", database_url=databases) as racing:
        referral_id = await forensic_case(racing)
        own = f"/v1/health/referrals/{referral_id}"
        taken = (await racing["health"].done(f"{own}/specimens", a_specimen()))["id"]
        said = [a_hand_over(taken, given_by="doctor-1", taken_by=who) for who in ("keeper-1", "keeper-2")]
        answers = await asyncio.gather(*(racing["health"].post(f"{own}/hand-overs", one) for one in said))
        assert sorted(one.status_code for one in answers) == [201, 409]
        shown = await custody(racing, referral_id, in_ledger=1)
        assert shown["proof"] == {"holds": True, "ledger_asked": True, "breaks": []}
