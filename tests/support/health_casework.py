"""Health casework in tests: cases, and what is said about care and evidence."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.kernel.clock import to_wire
from tests.support.agency_services import World
from tests.support.casework import a_case

CARE: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["sexual"]},
    "demographics": {"age_band": "adult"},
    "preferences": {"staff_gender": "female"},
}
ACCEPT = {"staff_gender": "female"}


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


async def refused(mesh: World, path: str, body: Mapping[str, Any]) -> tuple[int, str, str | None]:
    """The status, the code and the rule of a refusal."""
    answer = await mesh["health"].post(path, body)
    reasons = answer.json().get("reasons") or [{}]
    return answer.status_code, answer.json()["code"], reasons[0].get("rule")


EVIDENCE: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "incident": {"types": ["sexual"]},
    "preferences": {"staff_gender": "female"},
}
YES_TO_ALL: Mapping[str, Any] = {
    "actor": "doctor-1",
    "told_treatment_does_not_depend": True,
    "examination": True,
    "specimens": True,
    "photographs": True,
    "handing_over": True,
    "form": "written",
    "given_by": "herself",
}


async def forensic_case(mesh: World, **consent: bool) -> str:
    """Her referral for a forensic examination, with her answer about evidence and an examination."""
    referral_id = await a_case(
        mesh, "police", "health", "HEA-03", compartments=EVIDENCE, accept=ACCEPT, incident_at=ago(hours=5)
    )
    own = f"/v1/health/referrals/{referral_id}"
    await mesh["health"].done(f"{own}/forensic-consents", {**YES_TO_ALL, **consent})
    await mesh["health"].done(f"{own}/examinations", an_examination())
    return referral_id


def an_examination(**changes: Any) -> dict[str, Any]:
    said = {"examiner": "doctor-1", "examiner_gender": "female", "same_gender_offered": True, "her_answer": None}
    return {"actor": "doctor-1", "examined_at": ago(minutes=30), **said, **changes}


def a_specimen(**changes: Any) -> dict[str, Any]:
    said = {"kind": "oral", "collected_at": ago(minutes=20), "seal": "A-17", "kept_at": "F2/4"}
    return {"actor": "doctor-1", **said, **changes}


def a_hand_over(*specimens: str, given_by: str, taken_by: str, to: str = "storage", **changes: Any) -> dict[str, Any]:
    return {
        "actor": given_by,
        "specimens": list(specimens),
        "handed_at": ago(seconds=1),
        "given_by": given_by,
        "taken_by": taken_by,
        "to": to,
        "to_agency": None,
        "order_reference": None,
        "seal_intact": True,
        **changes,
    }
