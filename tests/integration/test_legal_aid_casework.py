"""Legal aid at work: her request answered, somebody at her side, courts, hearings, compensation, non-punishment."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.sop.calendar import ZONE
from tests.support.agency_services import World, agency_id, world
from tests.support.legal_aid import case, taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED: Mapping[str, Any] = {
    "actor": "clerk-1",
    "groups": [],
    "domestic_violence": True,
    "hardship": "none",
    "trafficking_status": "in_process",
    "papers": ["request", "case_papers"],
    "haste": "general",
}
ASSIGNED: Mapping[str, Any] = {
    "actor": "head-1",
    "assigned": "lawyer-1",
    "staff_gender": "female",
    "answer": "not_asked",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service and a legal-aid centre."""
    async with world(tmp_path_factory.mktemp("legal"), "health", "legal_aid") as made:
        yield made


def path(referral_id: str, rest: str) -> str:
    return f"/v1/legal-aid/referrals/{referral_id}/{rest}"


async def told(mesh: World, referral_id: str, rest: str, **body: Any) -> dict[str, Any]:
    return await mesh["legal_aid"].done(path(referral_id, rest), {"actor": "lawyer-1", **body})


async def refused(mesh: World, referral_id: str, rest: str, **body: Any) -> tuple[int, str, str]:
    """Status, code and rule of a refusal."""
    answer = await mesh["legal_aid"].post(path(referral_id, rest), {"actor": "lawyer-1", **body})
    return of(answer)


def of(answer: httpx.Response) -> tuple[int, str, str]:
    said = answer.json()
    return answer.status_code, said["code"], said["reasons"][0]["rule"]


async def clocks(mesh: World, referral_id: str) -> dict[str, str]:
    items = (await mesh["legal_aid"].get(f"/v1/referrals/{referral_id}/clocks")).json()["items"]
    return {one["rule"]: one["state"] for one in items}


def day(*, ahead: int) -> str:
    return (datetime.now(ZONE).date() + timedelta(days=ahead)).isoformat()


def hour(*, ahead: int) -> str:
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=ahead)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.rule("E5")
async def test_her_request_is_answered_at_once_and_the_clock_of_assigning_starts_and_stops(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Mai", until="acknowledge")
    answer = await mesh["legal_aid"].done(path(referral_id, "eligibility"), ASKED)
    assert (answer["decision"], answer["details"]["groups"]) == ("complete", ["trafficking"])
    assert "SOC-05" in answer["details"]["opens"]
    assert "SOC-11" not in answer["details"]["opens"]
    assert await clocks(mesh, referral_id) == {"VN-LA-03": "running"}
    await mesh["legal_aid"].done(path(referral_id, "assignments"), ASSIGNED)
    assert await clocks(mesh, referral_id) == {"VN-LA-03": "met"}


async def test_where_a_hearing_is_near_papers_follow_under_a_clock_that_stops_when_they_came(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Đào", until="acknowledge")
    near = {**ASKED, "papers": [], "hearing_on": day(ahead=1), "haste": "within_12_hours"}
    assert (await mesh["legal_aid"].done(path(referral_id, "eligibility"), near))["decision"] == "papers_follow"
    assert await clocks(mesh, referral_id) == {"VN-LA-02-PAPERS": "running", "VN-LA-03-12H": "running"}
    await mesh["legal_aid"].done(path(referral_id, "eligibility"), {**near, "papers": ASKED["papers"]})
    assert (await clocks(mesh, referral_id))["VN-LA-02-PAPERS"] == "met"


@pytest.mark.rule("E1")
async def test_whoever_was_found_eligible_is_not_declined_as_not_eligible(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Lê", until="acknowledge")
    await mesh["legal_aid"].done(path(referral_id, "eligibility"), ASKED)
    declined = await mesh["legal_aid"].post(
        f"/v1/referrals/{referral_id}/decline", {"reason": "D02", "article": "7", "actor": "clerk-1"}
    )
    assert of(declined) == (409, "legal-aid.found-eligible", "E1")


@pytest.mark.rule("R-01", "R-10")
async def test_her_no_to_a_man_costs_her_nothing_and_acceptance_carries_what_is_on_record(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Mận", until="acknowledge")
    for answer in ("not_asked", "refused"):
        man = {**ASSIGNED, "staff_gender": "male", "answer": answer}
        assert of(await mesh["legal_aid"].post(path(referral_id, "assignments"), man)) == (
            409,
            "legal-aid.gender-choice",
            "R-01",
        )
    await mesh["legal_aid"].done(path(referral_id, "assignments"), ASSIGNED)
    differs = await mesh["legal_aid"].post(f"/v1/referrals/{referral_id}/accept", {"staff_gender": "male"})
    assert (differs.status_code, differs.json()["code"]) == (422, "step.differs")
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/accept", {"actor": "clerk-1"})
    seen = await mesh["health"].until(referral_id, lambda seen: seen["state"] == "accepted", query="")
    said = next(one["data"] for one in seen["history"] if one["type"] == "accepted")
    assert said == {"assigned": "lawyer-1", "staff_gender": "female"}


@pytest.mark.rule("R-11")
async def test_nobody_who_declared_a_conflict_is_assigned(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Ổi", until="acknowledge")
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": "lawyer-1"})
    answer = await mesh["legal_aid"].post(path(referral_id, "assignments"), ASSIGNED)
    assert of(answer) == (409, "legal-aid.kept-from-case", "R-11")
    await mesh["legal_aid"].done(path(referral_id, "assignments"), {**ASSIGNED, "assigned": "lawyer-2"})


@pytest.mark.rule("R-11")
async def test_nobody_acts_for_her_before_the_parties_were_compared(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Cam")
    for rest, body in (
        ("proceedings", {"kind": "civil", "between_parties": True, "pending": True, "stage": "brought"}),
        ("deadlines", {"term": "appeal", "due_on": day(ahead=10)}),
        ("hearings", {"starts_at": hour(ahead=48), "ends_at": hour(ahead=50), "companion": "coming"}),
        ("claims", {"way": "civil_suit", "heads": [{"head": "care", "amount_vnd": 1}]}),
    ):
        assert await refused(mesh, referral_id, rest, **body) == (409, "legal-aid.intake-first", "R-11"), rest


@pytest.mark.rule("R-11")
async def test_after_acceptance_a_case_goes_back_in_one_way_only(mesh: World) -> None:
    referral_id = await case(mesh, "Nguyễn Thị Quýt")
    for reason in ("D01", "D05", "D06"):
        declined = await mesh["legal_aid"].post(f"/v1/referrals/{referral_id}/decline", {"reason": reason})
        assert of(declined) == (409, "legal-aid.hand-over-instead", "R-11")


@pytest.mark.rule("E2")
async def test_a_court_order_needs_a_pending_civil_case_and_says_what_helps_meanwhile(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Na", service="LEG-04")
    answer = await mesh["legal_aid"].post(path(referral_id, "court-orders"), {"actor": "lawyer-1"})
    assert of(answer) == (409, "legal-aid.no-pending-case", "E2")
    assert "LEG-04" in answer.json()["detail"]
    assert "POL-04" in answer.json()["detail"]
    civil = {"kind": "civil", "between_parties": True, "pending": True, "stage": "brought", "number": "12/2026/TLST"}
    await told(mesh, referral_id, "proceedings", **civil)
    order = await told(mesh, referral_id, "court-orders")
    granted = {"state": "granted", "reference": "3/2026", "valid_from": "2026-11-24", "valid_to": "2027-03-25"}
    decision = f"court-orders/{order['id']}/decision"
    assert await refused(mesh, referral_id, decision, **granted) == (422, "legal-aid.order-too-long", "VN-DV-09")
    done = await told(mesh, referral_id, decision, **{**granted, "valid_to": "2027-03-24"})
    assert (done["state"], done["valid_to"]) == ("granted", "2027-03-24")
    assert (await clocks(mesh, referral_id))["LEG-ORDER-ENDS"] == "running"


async def test_a_day_at_either_end_of_the_calendar_is_answered_like_any_other(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Roi", service="LEG-04", facts={"pending_civil_case": True})
    for day in ("0001-01-01", "9999-12-31"):
        assert (await told(mesh, referral_id, "deadlines", term="appeal", due_on=day))["due_on"] == day
    times = {"starts_at": "9999-12-31T22:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}
    await told(mesh, referral_id, "hearings", **times, companion="coming")
    assert "DTEND:99991231T235959Z" in (await mesh["legal_aid"].get("/v1/legal-aid/hearings.ics")).text
    order = await told(mesh, referral_id, "court-orders")
    decision = f"court-orders/{order['id']}/decision"
    granted = {"state": "granted", "reference": "3/2026", "valid_from": "9999-11-01", "valid_to": "9999-12-31"}
    assert (await told(mesh, referral_id, decision, **granted))["valid_to"] == "9999-12-31"


@pytest.mark.rule("E3")
async def test_an_order_that_was_granted_is_told_with_its_number_and_last_day_and_no_other_is(mesh: World) -> None:
    facts = {"trafficking_status": "possible", "pending_civil_case": True}
    referral_id = await taken(mesh, "Nguyễn Thị Dừa", "Ngô Văn Dừa", service="LEG-03", facts=facts)
    order = await told(mesh, referral_id, "court-orders")
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/start", {"actor": "lawyer-1"})
    complete = f"/v1/referrals/{referral_id}/complete", {"outcome": "granted", "actor": "lawyer-1"}
    assert of(await mesh["legal_aid"].post(*complete)) == (409, "legal-aid.order-not-made", "E3")
    granted = {"state": "granted", "valid_from": "2026-11-24", "valid_to": "2027-03-24"}
    named = path(referral_id, f"court-orders/{order['id']}/decision"), {"actor": "lawyer-1", **granted}
    answer = await mesh["legal_aid"].post(named[0], {**named[1], "reference": "NguyenThiDua1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "message.invalid")
    await mesh["legal_aid"].done(named[0], {**named[1], "reference": "12/2026/QD-TA"})
    await mesh["legal_aid"].done(*complete)
    seen = await mesh["health"].until(referral_id, lambda seen: seen["state"] == "completed", query="")
    said = next(one["data"] for one in seen["history"] if one["type"] == "completed")
    assert said == {"outcome": "granted", "order_reference": "12/2026/QD-TA", "order_valid_to": "2027-03-24"}


@pytest.mark.rule("E2")
async def test_work_on_a_court_order_does_not_start_once_the_civil_case_is_over(mesh: World) -> None:
    facts = {"trafficking_status": "possible", "pending_civil_case": True}
    referral_id = await taken(mesh, "Nguyễn Thị Lựu", "Ngô Văn Lựu", service="LEG-03", facts=facts)
    civil = {"kind": "civil", "between_parties": True, "pending": True, "stage": "brought"}
    made = await told(mesh, referral_id, "proceedings", **civil)
    await told(mesh, referral_id, f"proceedings/{made['id']}/changes", pending=False, stage="over")
    started = await mesh["legal_aid"].post(f"/v1/referrals/{referral_id}/start", {"actor": "lawyer-1"})
    assert of(started) == (409, "legal-aid.no-pending-case", "E2")


@pytest.mark.rule("R-14", "R-10")
async def test_a_trafficked_person_who_could_be_punished_is_offered_help_before_her_case_is_closed(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Bưởi")
    recorded = await told(mesh, referral_id, "exposures", indicators=["papers_taken"], issues=["immigration"])
    assert recorded["details"]["indicators"] == ["papers_taken", "status_of_victim"]
    (offer,) = recorded["offers"]
    assert (offer["service_type"], offer["answer"]) == ("LEG-07", None)
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/start", {"actor": "lawyer-1"})
    complete = f"/v1/referrals/{referral_id}/complete", {"outcome": "case_ended", "actor": "lawyer-1"}
    assert of(await mesh["legal_aid"].post(*complete)) == (409, "legal-aid.ask-her-first", "R-14")
    await told(mesh, referral_id, f"offers/{offer['id']}/answer", answer="not_wanted")
    assert (await told(mesh, referral_id, f"offers/{offer['id']}/answer", answer="later"))["answer"] == "later"
    await mesh["legal_aid"].done(*complete)


@pytest.mark.rule("R-14")
async def test_nothing_is_offered_where_nothing_points_to_trafficking(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Khế", facts={})
    assert (await told(mesh, referral_id, "exposures", indicators=[], issues=["offence"]))["offers"] == []


async def test_compensation_is_claimed_head_by_head_and_amounts_are_not_in_clear(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Xoài", service="LEG-05")
    heads = [{"head": "treatment", "amount_vnd": 7_654_321}, {"head": "mental_suffering", "amount_vnd": 20_000_000}]
    made = await told(mesh, referral_id, "claims", way="in_criminal_case", heads=heads)
    steps = f"claims/{made['id']}/steps"
    awarded = {"state": "awarded", "awarded_vnd": 15_000_000}
    assert await refused(mesh, referral_id, steps, **awarded) == (409, "legal-aid.claim-step", "LEG-COMPENSATION")
    await told(mesh, referral_id, steps, state="filed")
    assert (await told(mesh, referral_id, steps, **awarded))["details"]["awarded_vnd"] == 15_000_000
    stored = b"".join(one.read_bytes() for one in mesh.folder.glob("legal_aid.db*"))
    assert b"7654321" not in stored


@pytest.mark.rule("R-11")
async def test_nobody_who_declared_a_conflict_handles_a_complaint_in_the_case(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Mận", service="LEG-08")
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": "lawyer-9"})
    complaint = {"matter": "inaction", "against_agency": agency_id("health")}
    kept = await refused(mesh, referral_id, "complaints", handler="lawyer-9", **complaint)
    assert kept == (409, "legal-aid.kept-from-case", "R-11")
    await told(mesh, referral_id, "complaints", handler="lawyer-2", **complaint)


@pytest.mark.rule("R-11")
async def test_nobody_handles_a_complaint_against_themselves_or_their_centre(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Sim", service="LEG-08")
    own = {"handler": "lawyer-1", "matter": "inaction", "against_agency": agency_id("legal_aid")}
    assert await refused(mesh, referral_id, "complaints", **own) == (403, "legal-aid.own-body", "R-11")
    against = {"handler": "lawyer-1", "matter": "delay", "against_person": "lawyer-1"}
    assert await refused(mesh, referral_id, "complaints", **against) == (403, "legal-aid.own-body", "R-11")
    await told(mesh, referral_id, "complaints", **{**against, "handler": "lawyer-2"})
    answer = await mesh["legal_aid"].post(path(referral_id, "assignments"), ASSIGNED)
    assert of(answer) == (403, "legal-aid.own-body", "R-11")


async def test_a_deadline_warns_before_it_runs_out_and_ends_once(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Bần")
    made = await told(mesh, referral_id, "deadlines", term="appeal", due_on=day(ahead=20))
    assert await clocks(mesh, referral_id) == {"LEG-DEADLINE": "running", "LEG-DEADLINE-WARNING": "running"}
    end = f"deadlines/{made['id']}/end"
    assert (await told(mesh, referral_id, end, ended="not_wanted_by_her"))["ended"] == "not_wanted_by_her"
    assert await clocks(mesh, referral_id) == {"LEG-DEADLINE": "met", "LEG-DEADLINE-WARNING": "met"}
    assert await refused(mesh, referral_id, end, ended="done") == (409, "legal-aid.over-already", "LEG-DEADLINE")


@pytest.mark.rule("R-06")
async def test_a_hearing_is_not_recorded_as_held_before_she_was_asked_who_goes_with_her(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Vải")
    times = {"starts_at": hour(ahead=240), "ends_at": hour(ahead=242)}
    made = await told(mesh, referral_id, "hearings", **times, companion="to_be_asked", measures=["closed_hearing"])
    changes = f"hearings/{made['id']}/changes"
    assert await refused(mesh, referral_id, changes, state="held") == (409, "legal-aid.companion-unasked", "R-06")
    assert (await told(mesh, referral_id, changes, state="held", companion="coming"))["state"] == "held"


@pytest.mark.rule("R-07", "R-11")
async def test_the_calendar_says_when_and_nothing_else_and_only_to_those_who_may_know(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Nhãn")
    times = {"starts_at": hour(ahead=100), "ends_at": hour(ahead=101)}
    made = await told(mesh, referral_id, "hearings", **times, companion="coming", court="Tòa án nhân dân khu vực 1")
    ics = "/v1/legal-aid/hearings.ics"
    first = await mesh["legal_aid"].get(ics, Access_Actor="lawyer-1")
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "private, no-cache"
    assert times["starts_at"][:13].replace("-", "") in first.text.replace(":", "").replace("-", "")
    for word in ("Nhãn", "Tòa", referral_id, made["id"], "health"):
        assert word not in first.text.replace("\r\n ", "")
    again = await mesh["legal_aid"].get(ics, Access_Actor="lawyer-1", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": "lawyer-9"})
    kept = await mesh["legal_aid"].get(ics, Access_Actor="lawyer-9", If_None_Match=first.headers["etag"])
    assert kept.status_code == 200
    assert kept.text.count("BEGIN:VEVENT") == first.text.count("BEGIN:VEVENT") - 1
    without = await mesh["legal_aid"].http.get(ics, headers={"Authorization": ""})
    assert without.status_code == 401


@pytest.mark.rule("R-24", "R-16")
async def test_her_file_is_read_with_a_reason_on_record_and_is_empty_of_details_once_sealed_off(mesh: World) -> None:
    referral_id = await taken(mesh, "Nguyễn Thị Chanh")
    civil = {"kind": "civil", "between_parties": True, "pending": True, "stage": "brought", "number": "7/2026"}
    await told(mesh, referral_id, "proceedings", **civil)
    file = (await mesh["legal_aid"].get(path(referral_id, "file"))).json()
    assert file["proceedings"][0]["details"]["number"] == "7/2026"
    assert (await mesh["legal_aid"].http.get(path(referral_id, "file"))).status_code == 422
    await mesh["legal_aid"].done(f"/v1/referrals/{referral_id}/withdraw", {"reason": "survivor_asked"})
    await mesh["legal_aid"].until(referral_id, lambda seen: seen["sealed_off_at"] is not None)
    after = (await mesh["legal_aid"].get(path(referral_id, "file"))).json()
    assert after["proceedings"][0]["details"] is None


@pytest.mark.rule("R-15", "R-16")
async def test_taking_one_part_back_leaves_what_was_recorded_for_her_readable(mesh: World) -> None:
    """The part that was taken back loses its key; the case goes on under a new one, and its casework with it."""
    referral_id = await taken(mesh, "Nguyễn Thị Gấc", "Ngô Văn Gấc")
    civil = {"kind": "civil", "between_parties": True, "pending": True, "stage": "brought", "number": "9/2026"}
    made = await told(mesh, referral_id, "proceedings", **civil)
    consent = (await mesh["health"].seen(referral_id))["basis"]["consent_id"]
    taking_back = {"by": "survivor", "compartments": ["perpetrator"]}
    await mesh["health"].done(f"/v1/consents/{consent}/revocations", taking_back)
    await mesh["legal_aid"].until(
        referral_id, lambda seen: any(one["state"] == "destroyed" for one in seen["compartments"]), query=""
    )
    changed = await told(mesh, referral_id, f"proceedings/{made['id']}/changes", pending=True, stage="first_instance")
    assert changed["details"] == {"stage": "first_instance", "number": "9/2026", "court": None}
