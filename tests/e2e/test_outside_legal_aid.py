"""Five cases of a legal-aid centre, by whoever uses it over HTTP: lawful, on the boundary, refused."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e.outside import messages
from tests.e2e.outside.keys import Json
from tests.e2e.outside.partners import REASON, WISHES, Mesh, some, until
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

COURT = ("identity", "contact", "legal", "incident", "preferences")
FAMILY = ("identity", "contact", "legal", "dependants", "preferences")
ASKED: Json = {
    "actor": "clerk-1",
    "groups": [],
    "domestic_violence": False,
    "hardship": "not_asked",
    "trafficking_status": "in_process",
    "papers": [],
    "haste": "within_24_hours",
}
WOMAN: Json = {"actor": "head-1", "assigned": "lawyer-2", "staff_gender": "female", "answer": "not_asked"}
#: What differs between two cases of which the same is said: ids and times.
OWN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z|[\w-]{43,}|\"ledger_index\": \d+")


def done(answer: Any) -> Json:
    assert answer.status_code in {200, 201, 202}, answer.text
    return dict(answer.json())


def referred(mesh: Mesh, service: str, contents: Json, *, to: str = "acknowledge", **over: Any) -> str:
    """A referral from the hospital to the centre, as far as `to`; its id."""
    grant = messages.grant([mesh.legal_aid.id], [service], list(contents))
    asked = {
        "service_type": service,
        "recipient": mesh.legal_aid.id,
        "consent_id": mesh.consent(grants=[grant], withheld=[]),
        "compartments": contents,
        "preferences": WISHES,
        "facts": {"trafficking_status": "in_process"},
        "age_band": "adult",
        **over,
    }
    identifier = str(done(mesh.health.post("/v1/referrals", asked))["referral"]["referral_id"])
    mesh.arrived(mesh.legal_aid, identifier)
    done(mesh.legal_aid.step(identifier, "acknowledge"))
    if to != "acknowledge":
        done(mesh.legal_aid.step(identifier, "accept", staff_gender="female"))
    if to == "taken":
        assert intake(mesh, identifier)["taken"] is True
    return identifier


def people(her: str, him: str | None = None, *, names: tuple[str, ...] = COURT) -> Json:
    """Contents of a referral about two people."""
    contents: Json = {**some(*names), "identity": {"name": her}}
    return contents if him is None else {**contents, "perpetrator": {"name": him}}


def at(mesh: Mesh, identifier: str, rest: str, body: Json) -> Any:
    return mesh.legal_aid.post(f"/v1/legal-aid/referrals/{identifier}/{rest}", body)


def intake(mesh: Mesh, identifier: str, *, take: bool = True) -> Json:
    return done(at(mesh, identifier, "intake", {"actor": "clerk-1", "second": "clerk-2", "take": take}))


def due_of(mesh: Mesh, identifier: str, rule: str) -> str:
    items = mesh.legal_aid.get(f"/v1/referrals/{identifier}/clocks").json()["items"]
    return next(str(each["due_at"]) for each in items if each["rule"] == rule)


@pytest.mark.rule("E5", "R-01", "R-06", "R-07")
def test_a_trafficked_woman_has_a_lawyer_the_day_before_her_hearing_and_nobody_reads_of_her_in_a_calendar(
    mesh: Mesh,
) -> None:
    identifier = referred(mesh, "LEG-02", people("Quàng Thị Mẫu"))
    tomorrow = (date.fromisoformat(messages.in_(hours=7)[:10]) + timedelta(days=1)).isoformat()
    answer = done(at(mesh, identifier, "eligibility", {**ASKED, "hearing_on": tomorrow}))
    assert (answer["decision"], answer["details"]["missing"]) == ("papers_follow", ["request", "case_papers"])
    done(at(mesh, identifier, "assignments", WOMAN))
    done(mesh.legal_aid.step(identifier, "accept"))
    mesh.listed(mesh.health, identifier, state="accepted")
    assert intake(mesh, identifier)["taken"] is True
    hearing = {"actor": "lawyer-2", "starts_at": messages.in_(hours=30), "ends_at": messages.in_(hours=31)}
    done(at(mesh, identifier, "hearings", {**hearing, "companion": "coming", "court": "Tòa án Mẫu"}))
    calendar = mesh.legal_aid.get("/v1/legal-aid/hearings.ics")
    assert calendar.text.count("BEGIN:VEVENT") == 1
    for word in ("Quàng", "Mẫu", "Tòa", identifier):
        assert word not in calendar.text.replace("\r\n ", "")


def test_four_working_days_are_urgent_and_five_are_not_and_then_it_is_said_exactly_what_is_missing(mesh: Mesh) -> None:
    first = referred(mesh, "LEG-02", people("Quàng Thị Hai"))
    today = date.fromisoformat(messages.in_(hours=7)[:10])
    done(at(mesh, first, "eligibility", {**ASKED, "hearing_on": today.isoformat()}))
    fifth = date.fromisoformat(
        due_of(mesh, first, "VN-LA-02-PAPERS")[:10]
    )  # the end of a day in Hanoi is the same in UTC
    before = done(at(mesh, first, "eligibility", {**ASKED, "limitation_on": (fifth - timedelta(days=1)).isoformat()}))
    on_it = done(at(mesh, first, "eligibility", {**ASKED, "limitation_on": fifth.isoformat()}))
    assert (before["decision"], before["details"]["urgent"]) == ("papers_follow", True)
    assert (on_it["decision"], on_it["details"]["urgent"]) == ("incomplete", False)
    assert on_it["details"]["missing"] == ["request", "case_papers"]


@pytest.mark.rule("R-01", "R-10")
def test_a_man_where_she_chose_a_woman_is_refused_by_rule_and_it_is_in_the_journal(mesh: Mesh) -> None:
    identifier = referred(mesh, "LEG-02", people("Quàng Thị Ba"))
    man = {**WOMAN, "assigned": "lawyer-1", "staff_gender": "male", "answer": "refused"}
    refused = problem(at(mesh, identifier, "assignments", man), 409, "legal-aid.gender-choice", pointer="/staff_gender")
    assert refused["reasons"][0]["rule"] == "R-01"
    acts = mesh.legal_aid.get(f"/v1/referrals/{identifier}/acts", headers=REASON).json()["items"]
    assert [(each["outcome"], each["code"], each["rule"]) for each in acts] == [
        ("refused", "legal-aid.gender-choice", "R-01")
    ]
    done(at(mesh, identifier, "assignments", WOMAN))


@pytest.mark.rule("R-11", "R-17")
def test_a_hospital_that_tries_names_cannot_tell_whom_the_centre_acts_for(mesh: Mesh) -> None:
    referred(mesh, "LEG-02", people("Vi Văn Tư"), to="taken")
    hit = referred(mesh, "LEG-02", people("Quàng Thị Năm", "VI VAN TU"), to="accept")
    busy = referred(mesh, "LEG-02", people("Quàng Thị Sáu", "Vi Văn Bảy"), to="accept")
    answers = [intake(mesh, hit), intake(mesh, busy, take=False)]
    assert answers[0]["taken"] is False
    seen = []
    for identifier in (hit, busy):
        mesh.listed(mesh.health, identifier, state="declined")
        shown = mesh.health.read(identifier)
        del shown["compartments"]  # what the hospital wrote itself
        seen.append(OWN.sub("#", json.dumps(shown, sort_keys=True)))
    assert seen[0] == seen[1]
    assert OWN.sub("#", json.dumps(answers[0])) == OWN.sub("#", json.dumps(answers[1]))


@pytest.mark.rule("E2", "R-14")
def test_no_court_is_asked_without_a_case_and_nobody_is_left_who_could_be_punished_unasked(mesh: Mesh) -> None:
    identifier = referred(mesh, "LEG-04", people("Quàng Thị Bảy", names=FAMILY), to="taken")
    refused = problem(at(mesh, identifier, "court-orders", {"actor": "lawyer-2"}), 409, "legal-aid.no-pending-case")
    assert refused["reasons"][0]["rule"] == "E2"
    assert all(code in refused["detail"] for code in ("LEG-04", "POL-04"))
    said = {"actor": "lawyer-2", "indicators": ["debt_bondage"], "issues": ["immigration"]}
    (offer,) = done(at(mesh, identifier, "exposures", said))["offers"]
    done(mesh.legal_aid.step(identifier, "start"))
    problem(mesh.legal_aid.step(identifier, "complete", outcome="ended"), 409, "legal-aid.ask-her-first")
    done(at(mesh, identifier, f"offers/{offer['id']}/answer", {"actor": "lawyer-2", "answer": "not_wanted"}))
    done(mesh.legal_aid.step(identifier, "complete", outcome="ended"))
    until(lambda: mesh.health.read(identifier)["state"] == "completed")
