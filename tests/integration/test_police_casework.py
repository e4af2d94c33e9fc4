"""The casework of the police: officers, statements, crime reports, the verification of trafficking."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.kernel.clock import from_wire
from tests.support.agency_services import World, world
from tests.support.police_cases import (
    CHECKED,
    OFFICER,
    SHE,
    ago,
    an_ending,
    assigned,
    case,
    clocks,
    journal,
    ready,
    refused,
    sat,
    told,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Social services that refer, and the police."""
    async with world(tmp_path_factory.mktemp("police"), "social", "police") as made:
        yield made


class TestOfficers:
    """R-01."""

    @pytest.mark.rule("R-01")
    async def test_a_man_is_not_assigned_where_she_chose_a_woman_and_did_not_answer(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        answer = await assigned(mesh, referral_id, gender="male")
        refused(answer, 422, "police.officer-gender", "R-01")
        assert answer.json()["errors"][0]["pointer"] == "/her_answer"
        assert await journal(mesh, referral_id) == [("police.assign-officer", "refused", "R-01")]

    @pytest.mark.rule("R-01")
    async def test_accepting_takes_the_facts_from_the_assignment_and_tells_the_sender(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        offered = {"gender": "male", "alternative": "accompanied", "her_answer": "alternative_accepted"}
        made = (await assigned(mesh, referral_id, **offered)).json()
        assert (made["wanted"], made["honoured"]) == ("female", "alternative")
        accept = f"/v1/referrals/{referral_id}/accept"
        for fact, value in (("staff_gender", "female"), ("assigned", "officer-8"), ("staff_gender_answer", "waived")):
            refused(await mesh["police"].post(accept, {fact: value}), 409, "police.officer-differs", "R-01")
        await mesh["police"].done(accept, {"actor": "desk-1"})
        seen = await mesh["social"].until(referral_id, lambda one: one["state"] == "accepted")
        (event,) = [one for one in seen["history"] if one["type"] == "accepted"]
        facts = {"assigned": OFFICER, "staff_gender": "male", "staff_gender_answer": "alternative_accepted"}
        assert event["data"] == facts

    @pytest.mark.rule("R-01")
    async def test_nobody_accepts_with_the_officer_she_said_no_to(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        offered = {"gender": "male", "alternative": "another_day", "her_answer": "refused"}
        assert (await assigned(mesh, referral_id, **offered)).json()["honoured"] == "refused"
        accept = f"/v1/referrals/{referral_id}/accept"
        refused(await mesh["police"].post(accept, SHE), 409, "police.officer-refused", "R-01")
        assert (await assigned(mesh, referral_id, officer="officer-9")).json()["honoured"] == "met"
        await mesh["police"].done(accept, {})

    @pytest.mark.rule("R-01")
    async def test_a_wish_that_only_her_preferences_tell_of_counts(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge", preferences={"staff_gender": "any"})
        refused(await assigned(mesh, referral_id, gender="male"), 422, "police.officer-gender", "R-01")

    @pytest.mark.rule("R-11")
    async def test_an_officer_who_declared_a_conflict_is_not_assigned(self, mesh: World) -> None:
        referral_id = await case(mesh, until="acknowledge")
        await mesh["police"].done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": "officer-5"})
        refused(await assigned(mesh, referral_id, officer="officer-5"), 403, "police.officer-kept", "R-11")

    @pytest.mark.rule("R-11")
    async def test_nobody_accepts_with_an_officer_who_declared_a_conflict_after_being_assigned(
        self, mesh: World
    ) -> None:
        referral_id = await case(mesh, until="acknowledge")
        assert (await assigned(mesh, referral_id, officer="officer-6")).status_code == 201
        await mesh["police"].done(f"/v1/referrals/{referral_id}/declare-conflict", {"actor": "officer-6"})
        accept = f"/v1/referrals/{referral_id}/accept"
        refused(await mesh["police"].post(accept, {}), 403, "police.officer-kept", "R-11")

    @pytest.mark.rule("R-03")
    async def test_an_attempt_outside_her_safe_hours_is_refused_here_too(self, mesh: World) -> None:
        referral_id = await case(mesh)
        outside = {"method": "phone", "inside_safe_hours": False}
        answer = await mesh["police"].post(f"/v1/referrals/{referral_id}/attempt-contact", outside)
        refused(answer, 409, "contact.outside-safe-hours", "R-03")
        assert ("step.attempt-contact", "refused", "R-03") in await journal(mesh, referral_id)

    @pytest.mark.rule("R-11")
    async def test_nobody_hears_her_from_whom_the_case_is_kept(self, mesh: World) -> None:
        referral_id = await ready(mesh, blocked=["worker-2"])
        who = {"agency": "social-test", "sector": "social", "worker": "worker-2"}
        refused(await sat(mesh, referral_id, joint_with=[who]), 403, "police.officer-kept", "R-11")


class TestStatements:
    """R-02, R-05, R-06, R-13, R-27."""

    @pytest.mark.rule("R-13")
    async def test_nobody_asks_her_before_her_needs_are_seen_to(self, mesh: World) -> None:
        referral_id = await case(mesh)
        await assigned(mesh, referral_id)
        refused(await sat(mesh, referral_id), 409, "police.needs-first", "R-13")
        await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", {**CHECKED, "child": "open"})
        refused(await sat(mesh, referral_id), 409, "police.needs-first", "R-13")
        await mesh["police"].done(f"/v1/police/referrals/{referral_id}/needs-checks", CHECKED)
        assert (await sat(mesh, referral_id)).status_code == 201

    @pytest.mark.rule("R-13")
    async def test_a_statement_is_not_reported_where_her_needs_were_not_seen_to(self, mesh: World) -> None:
        referral_id = await case(mesh)
        start = f"/v1/referrals/{referral_id}/start"
        refused(await mesh["police"].post(start, {"statement_taken": True}), 409, "police.needs-first", "R-13")
        await mesh["police"].done(start, {})

    async def test_only_the_officer_who_is_assigned_asks_her(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        refused(await sat(mesh, referral_id, officer="officer-9"), 409, "police.officer-other", "R-01")

    @pytest.mark.rule("R-02")
    async def test_she_tells_it_once_and_it_is_counted_by_itself(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        made = await told(mesh, referral_id, joint_with=[
            {"agency": "social-test", "sector": "social", "worker": "worker-2"}
        ])  # fmt: skip
        assert (made["number"], made["joint"], made["reference"]) == (1, True, "HS 14/2026, trang 3")
        refused(await sat(mesh, referral_id), 409, "police.statement-exists", "R-02")
        again = {"again": "she_wants_to_add", "prior_reference": "HS 14/2026"}
        assert (await sat(mesh, referral_id, **again)).status_code == 201
        started = await mesh["police"].done(f"/v1/referrals/{referral_id}/start", {})
        assert started["referral"]["statements"] == {"taken": True, "count": 1}
        listed = (await mesh["police"].get(f"/v1/police/referrals/{referral_id}/statements")).json()["items"]
        assert [one["id"] for one in listed] == [made["id"]]

    @pytest.mark.rule("R-02")
    async def test_a_session_belongs_to_one_statement_and_has_to_have_ended(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        session = (await sat(mesh, referral_id)).json()["id"]
        path = f"/v1/police/referrals/{referral_id}"
        kept = {"actor": OFFICER, "reference": "HS 15/2026", "sha256": None, "interviews": [session]}
        refused(await mesh["police"].post(f"{path}/statements", kept), 409, "police.statement-sessions", "R-02")
        partly = an_ending(checklist={"private_place": "done"})
        end = f"{path}/interviews/{session}/end"
        refused(await mesh["police"].post(end, partly), 422, "police.checklist", "R-02")
        await mesh["police"].done(end, an_ending())
        refused(await mesh["police"].post(end, an_ending()), 409, "police.interview-ended", "POL-ONCE")
        await mesh["police"].done(f"{path}/statements", kept)
        refused(await mesh["police"].post(f"{path}/statements", kept), 409, "police.statement-sessions", "R-02")

    @pytest.mark.rule("R-05")
    async def test_no_relative_interprets_for_her(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        who = {"interpreter": "int-1", "gender": "female", "adult": True, "certified": True}
        who |= {"tie": "relative", "confidentiality_signed": True}
        refused(await sat(mesh, referral_id, interpreter=who), 422, "police.interpreter", "R-05")

    @pytest.mark.rule("R-06")
    async def test_she_is_asked_who_should_be_with_her(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        refused(await sat(mesh, referral_id, support_person="not_offered"), 422, "police.support-person", "R-06")

    @pytest.mark.rule("R-27")
    async def test_a_girl_of_16_is_asked_twice_a_day_with_a_lawyer_and_no_longer_than_two_hours(
        self, mesh: World
    ) -> None:
        referral_id = await ready(mesh, age_band="16_17")
        refused(await sat(mesh, referral_id), 422, "police.child-alone", "R-27")
        beside = {"present_for_child": ["lawyer"]}
        begun = ago(seconds=1)  # all of one day, unless midnight in Viet Nam falls into this very second
        first = await sat(mesh, referral_id, started_at=begun, **beside)
        assert first.status_code == 201, first.text
        assert (await clocks(mesh, referral_id))["VN-CR-04"]["state"] == "running"
        assert (await sat(mesh, referral_id, started_at=begun, **beside)).status_code == 201
        refused(await sat(mesh, referral_id, started_at=begun, **beside), 409, "police.child-sessions", "VN-CR-04")

    @pytest.mark.rule("R-27")
    async def test_a_session_that_was_too_long_for_her_stays_on_record_as_such(self, mesh: World) -> None:
        referral_id = await ready(mesh, age_band="unknown")
        begun = ago(hours=2, minutes=1)
        session = await sat(mesh, referral_id, started_at=begun, present_for_child=["guardian"])
        end = f"/v1/police/referrals/{referral_id}/interviews/{session.json()['id']}/end"
        assert (await mesh["police"].done(end, an_ending()))["over_time"] is True
        assert (await clocks(mesh, referral_id))["VN-CR-04"]["state"] == "met_late"

    async def test_who_was_there_is_gone_once_the_case_is_sealed_off(self, mesh: World) -> None:
        referral_id = await ready(mesh)
        await told(mesh, referral_id)
        await mesh["police"].done(f"/v1/referrals/{referral_id}/withdraw", {"reason": "survivor_asked"})
        await mesh["police"].until(referral_id, lambda seen: seen["sealed_off_at"] is not None)
        (left,) = (await mesh["police"].get(f"/v1/police/referrals/{referral_id}/statements")).json()["items"]
        assert (left["number"], left["reference"], left["interviews"]) == (1, None, None)
        assert (await sat(mesh, referral_id)).status_code == 403


class TestReports:
    """POL-03: VN-CR-01 to 03."""

    @pytest.mark.parametrize(("remote", "hours"), [(False, 24), (True, 48)])
    async def test_a_report_is_passed_on_within_24_hours_or_48_from_a_remote_commune(
        self, mesh: World, remote: bool, hours: int
    ) -> None:
        referral_id = await case(mesh, facts={"remote_area": remote})
        path = f"/v1/police/referrals/{referral_id}/crime-reports"
        taken = {"actor": OFFICER, "channel": "by_referral", "own_decision": True, "rights_told": True}
        report = await mesh["police"].done(path, {**taken, "received_at": ago(hours=1)})
        clock = (await clocks(mesh, referral_id))["VN-CR-01"]
        assert clock["started_at"] == report["received_at"]
        assert from_wire(clock["due_at"]) - from_wire(clock["started_at"]) == timedelta(hours=hours)
        on = {"actor": OFFICER, "passed_on_at": ago(seconds=1), "to": "provincial_police"}
        await mesh["police"].done(f"{path}/{report['id']}/transfer", on)
        classified = {"actor": OFFICER, "classified_at": ago(seconds=1), "competence": "crime_report"}
        await mesh["police"].done(f"{path}/{report['id']}/classification", classified)
        states = {rule: clock["state"] for rule, clock in (await clocks(mesh, referral_id)).items()}
        assert states == {"VN-CR-01": "met", "VN-CR-02": "met", "VN-CR-03": "running"}

    @pytest.mark.rule("R-10")
    async def test_a_report_is_hers_to_make_and_is_answered_with_reasons(self, mesh: World) -> None:
        referral_id = await case(mesh)
        path = f"/v1/police/referrals/{referral_id}/crime-reports"
        report = {"actor": OFFICER, "received_at": ago(hours=1), "channel": "by_referral", "rights_told": True}
        without = await mesh["police"].post(path, {**report, "own_decision": False})
        refused(without, 403, "police.report-her-decision", "R-10")
        made = await mesh["police"].done(path, {**report, "own_decision": True})
        no = {"actor": OFFICER, "decided_at": ago(seconds=1), "found": "not_opened", "complaint_told": True}
        decide = f"{path}/{made['id']}/decision"
        refused(await mesh["police"].post(decide, no), 422, "police.report-reasons", "VN-CR-03")
        await mesh["police"].done(decide, {**no, "reasons": "No sign of a crime was found."})
        await mesh["police"].done(f"/v1/referrals/{referral_id}/start", {})
        complete = f"/v1/referrals/{referral_id}/complete"
        other = await mesh["police"].post(complete, {"outcome": "case_opened"})
        refused(other, 409, "police.outcome-differs", "POL-ONCE")
        await mesh["police"].done(complete, {"outcome": "not_opened"})


class TestVerification:
    """POL-08: VN-TR-03."""

    async def test_the_police_support_what_the_provincial_health_authority_leads_within_three_days(
        self, mesh: World
    ) -> None:
        facts = {"needs_check_done": True, "trafficking_status": "possible"}
        referral_id = await case(mesh, "POL-08", facts=facts)
        path = f"/v1/police/referrals/{referral_id}/verifications"
        health = {"authority": "provincial_health_authority", "province": "38"}
        support = {"actor": OFFICER, "asked_at": ago(hours=1), "lead": {**health, "authority": "provincial_police"}}
        refused(await mesh["police"].post(path, support), 403, "police.verification-lead", "VN-TR-03")
        made = await mesh["police"].done(path, {**support, "lead": health})
        assert made["lead"] == health
        assert (await clocks(mesh, referral_id))["VN-TR-03"]["state"] == "running"
        finding = {
            "actor": OFFICER,
            "found_at": ago(seconds=1),
            "found_by": "provincial_health_authority",
            "found": "enough_grounds",
            "parts": ["identity_checked"],
        }
        await mesh["police"].done(f"{path}/{made['id']}/finding", finding)
        assert (await clocks(mesh, referral_id))["VN-TR-03"]["state"] == "met"
