"""Five cases of a health service, by whoever uses it over HTTP: lawful, on the boundary, refused."""

import time
from typing import Any

import pytest

from tests.e2e.outside import messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import REASON, WISHES, Mesh, Partner, some
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CARE = ("contact", "preferences", "incident", "demographics")
EVIDENCE = ("identity", "contact", "preferences", "incident")
AGREED: Json = {
    "actor": "doctor-1",
    "told_treatment_does_not_depend": True,
    "examination": True,
    "specimens": True,
    "photographs": False,
    "handing_over": True,
    "form": "written",
    "given_by": "herself",
}


def consent(at: Partner, *grants: Json) -> str:
    """A consent that an agency records in clear; its id."""
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
        "grants": list(grants),
        "withheld": [],
    }
    return str(done(at.post("/v1/consents", said))["consent"]["id"])


def done(answer: Any) -> Json:
    assert answer.status_code in {200, 201, 202}, answer.text
    return dict(answer.json())


def brought(mesh: Mesh, service: str, names: tuple[str, ...], **over: Any) -> str:
    """A referral from the police that the hospital has accepted; its id."""
    grant = messages.grant([mesh.health.id], [service], list(names))
    request = {
        "service_type": service,
        "recipient": mesh.health.id,
        "consent_id": consent(mesh.police, grant),
        "compartments": some(*names),
        "preferences": WISHES,
        **over,
    }
    identifier = str(done(mesh.police.post("/v1/referrals", request))["referral"]["referral_id"])
    mesh.arrived(mesh.health, identifier)
    done(mesh.health.step(identifier, "acknowledge"))
    done(mesh.health.step(identifier, "accept", staff_gender="female"))
    return identifier


def dose(kind: str, counted_from: str, given_at: str | None = None) -> Json:
    given = given_at or messages.in_(seconds=-1)
    return {"actor": "nurse-3", "dose": kind, "given_at": given, "counted_from": counted_from, "answer": "given"}


def window(mesh: Mesh, identifier: str, name: str) -> Json:
    shown = mesh.health.get(f"/v1/health/referrals/{identifier}/windows", headers=REASON).json()
    return {each["id"]: each for each in shown["items"]}[name]


@pytest.mark.rule("E6", "R-08")
def test_she_comes_in_time_and_is_treated_without_a_report_a_payment_or_papers(mesh: Mesh) -> None:
    happened = messages.in_(hours=-5)
    identifier = brought(mesh, "HEA-02", CARE, incident_at=happened)
    own = f"/v1/health/referrals/{identifier}"
    needs = dict.fromkeys(("hiv_exposure", "pregnancy_possible", "hepatitis_b_open"), True)
    done(
        mesh.health.post(
            f"{own}/assessments", {"actor": "nurse-3", "counted_from": happened, "strangulation": False, **needs}
        )
    )
    open_window = window(mesh, identifier, "pep")
    assert 66 * 3600 < open_window["seconds_left"] <= 67 * 3600
    document = problem(
        mesh.health.post(f"{own}/doses", {**dose("pep", happened), "police_report_number": "7"}), 422, "message.invalid"
    )
    assert document["errors"][0]["code"] == "field.unknown"
    done(mesh.health.post(f"{own}/doses", dose("pep", happened)))
    assert window(mesh, identifier, "pep")["state"] == "done"
    assert window(mesh, identifier, "pep_course")["seconds_left"] > 27 * 24 * 3600


@pytest.mark.rule("E6")
def test_the_last_minute_of_72_hours_is_in_time_and_the_first_after_it_is_not_and_she_is_helped_all_the_same(
    mesh: Mesh,
) -> None:
    in_time, late = messages.in_(hours=-72, minutes=1), messages.in_(hours=-72, minutes=-1)
    first = brought(mesh, "HEA-02", CARE, incident_at=in_time)
    done(mesh.health.post(f"/v1/health/referrals/{first}/doses", dose("pep", in_time)))
    second = brought(mesh, "HEA-02", CARE, incident_at=late)
    refused = problem(
        mesh.health.post(f"/v1/health/referrals/{second}/doses", dose("pep", late)), 409, "health.pep-closed"
    )
    assert refused["reasons"][0]["rule"] == "HEA-PEP-START"
    assert "HIV test now" in refused["detail"]
    closed = window(mesh, second, "pep")
    assert (closed["state"], closed["seconds_left"] < 0) == ("closed", True)
    done(mesh.health.post(f"/v1/health/referrals/{second}/doses", dose("hepatitis_b", late)))


@pytest.mark.rule("E6")
def test_who_counts_from_when_the_police_sent_is_refused_by_rule_and_it_is_in_the_journal(mesh: Mesh) -> None:
    identifier = brought(mesh, "HEA-02", CARE, incident_at=messages.in_(hours=-70))
    sent_at = mesh.health.read(identifier)["sent_at"]
    answer = mesh.health.post(f"/v1/health/referrals/{identifier}/doses", dose("pep", sent_at))
    refused = problem(answer, 422, "health.window-from-sending", pointer="/counted_from")
    assert refused["reasons"][0]["rule"] == "HEA-INCIDENT-TIME"
    assert refused["reasons"][0]["basis"].startswith("CLIN")
    acts = mesh.health.get(f"/v1/referrals/{identifier}/acts", headers=REASON).json()["items"]
    assert [(each["code"], each["rule"]) for each in acts if each["outcome"] == "refused"] == [
        ("health.window-from-sending", "HEA-INCIDENT-TIME")
    ]


@pytest.mark.rule("R-21")
def test_evidence_waits_for_her_word_and_its_way_to_the_police_can_be_proved(mesh: Mesh) -> None:
    identifier = brought(mesh, "HEA-03", EVIDENCE, incident_at=messages.in_(hours=-5))
    own = f"/v1/health/referrals/{identifier}"
    examination = {
        "actor": "doctor-1",
        "examined_at": messages.in_(minutes=-30),
        "examiner": "doctor-1",
        "examiner_gender": "female",
        "same_gender_offered": True,
        "her_answer": None,
    }
    problem(mesh.health.post(f"{own}/examinations", examination), 409, "health.forensic-consent")
    done(mesh.health.post(f"{own}/forensic-consents", AGREED))
    done(mesh.health.post(f"{own}/examinations", examination))
    specimen = {"actor": "doctor-1", "kind": "oral", "collected_at": messages.in_(minutes=-20)}
    taken = done(mesh.health.post(f"{own}/specimens", {**specimen, "seal": "A-17", "kept_at": "F2/4"}))["id"]
    for given_by, taken_by, to in (("doctor-1", "keeper-1", "storage"), ("keeper-1", "officer-7", "police")):
        passing = {"given_by": given_by, "taken_by": taken_by, "to": to, "specimens": [taken], "seal_intact": True}
        rest = {"to_agency": None, "order_reference": None, "handed_at": messages.in_(seconds=-1), "actor": given_by}
        done(mesh.health.post(f"{own}/hand-overs", {**passing, **rest}))
    shown = in_the_ledger(mesh, own, hand_overs=2)
    assert shown["proof"] == {"holds": True, "ledger_asked": True, "breaks": []}
    assert shown["hand_overs"][1]["statement"]["previous"] == shown["hand_overs"][0]["sha256"]
    done(mesh.health.step(identifier, "start"))
    done(mesh.health.step(identifier, "complete", outcome="handed_to_police"))


def in_the_ledger(mesh: Mesh, own: str, *, hand_overs: int) -> Json:
    """The chain of custody once all its hand-overs stand in the ledger."""
    deadline = time.monotonic() + 20
    while True:
        shown = done(mesh.health.get(f"{own}/custody", headers=REASON))
        if len([each for each in shown["hand_overs"] if each["ledger_index"] is not None]) == hand_overs:
            return shown
        assert time.monotonic() < deadline, "it never came into the ledger"
        time.sleep(0.1)


@pytest.mark.rule("R-22")
def test_what_she_did_not_tick_and_a_certificate_she_has_not_got_stay_at_the_hospital(mesh: Mesh) -> None:
    names = ["identity", "contact", "preferences", "needs", "dependants", "demographics", "medical"]
    stay = consent(mesh.health, messages.grant([mesh.social.id], ["SOC-09"], names))
    contents = some(*names) | {"medical": {"summary": "seen", "hiv": {"consented": True, "status": "negative"}}}
    request = {"service_type": "SOC-09", "recipient": mesh.social.id, "consent_id": stay, "compartments": contents}
    held = done(mesh.health.post("/v1/referrals", request))["held_back"]
    assert [(each["rule"], each["fields"]) for each in held] == [("R-22", ["hiv"])]
    ticked = {"actor": "nurse-3", "recipient": mesh.social.id, "kind": "hiv"}
    done(mesh.health.post(f"/v1/health/consents/{stay}/ticks", ticked))
    assert done(mesh.health.post("/v1/referrals", request))["held_back"] == []
    report = ("identity", "contact", "incident", "preferences")
    told = consent(mesh.health, messages.grant([mesh.police.id], ["POL-03"], [*report, "forensic"]))
    certified = some(*report) | {"forensic": {"certificate": {"number": "17/2026"}}}
    request = {"service_type": "POL-03", "recipient": mesh.police.id, "consent_id": told, "compartments": certified}
    problem(mesh.health.post("/v1/referrals", request), 409, "health.certificate-hers-first")
