"""Trafficking, interpreters, companions, and reaching her, at the real service."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.support.agency_services import World, world
from tests.support.casework import a_case
from tests.support.houses import sheltered
from tests.support.social import clocks, journal, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECEIVED: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "preferences": {"staff_gender": "female"},
    "documents": {"held": []},
    "demographics": {"age_band": "adult"},
}
MET: Mapping[str, Any] = {"preferences": {"staff_gender": "female"}, "contact": {"name_to_use": "M."}}
HELPED: Mapping[str, Any] = {
    "identity": {"alias": "M."},
    "contact": {"name_to_use": "M."},
    "needs": {"needs": ["training"]},
}
LAN: Mapping[str, Any] = {
    "actor": "staff-7",
    "kind": "interpreter",
    "starts_at": "2026-12-01T02:00:00Z",
    "relation": "none",
    "gender": "female",
    "adult": True,
    "certified": True,
    "confidentiality_signed": True,
    "chosen_by_her": True,
    "escorted": False,
    "details": {"who": "Lan", "language": "hmn"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service that refers, and social services."""
    async with world(tmp_path_factory.mktemp("support"), "health", "social") as made:
        yield made


class TestTrafficking:
    """SOC-08 and SOC-11."""

    @pytest.mark.rule("E5", "R-14")
    async def test_she_is_helped_at_once_and_has_the_allowance_when_she_is_recognised(self, mesh: World) -> None:
        social = mesh["social"]
        referral_id = await a_case(mesh, "health", "social", "SOC-08", compartments=RECEIVED)
        path = f"/v1/social/referrals/{referral_id}/trafficking"
        asked = {"actor": "staff-7", "status": "in_process", "offence_or_immigration": True}
        received = await social.done(f"{path}/receptions", asked)
        assert received["offers"] == ["HEA-08", "POL-08", "LEG-07"]
        assert await clocks(mesh, referral_id) == {"VN-TR-03": "running"}
        await social.done(f"{path}/supports", {"actor": "staff-7", "support": "essential_needs"})
        allowance = {"actor": "staff-7", "support": "hardship_allowance"}
        assert refused(await social.post(f"{path}/supports", allowance), 409, "social.allowance-not-yet") == "E5"
        decided = {"actor": "staff-7", "status": "recognised", "decided_by": "provincial_health_and_police"}
        await social.done(f"{path}/statuses", decided)
        assert await clocks(mesh, referral_id) == {"VN-TR-03": "met"}
        standing = await social.done(f"{path}/supports", allowance)
        assert [one["support"] for one in standing["given"]] == ["essential_needs", "hardship_allowance"]
        assert {one["given"] for one in standing["entitlements"]} == {"yes"}
        assert ("social.give-support", "refused", "social.allowance-not-yet", "E5") in await journal(mesh, referral_id)

    async def test_the_reception_does_not_decide_whether_she_is_a_victim(self, mesh: World) -> None:
        social = mesh["social"]
        referral_id = await a_case(mesh, "health", "social", "SOC-08", compartments=RECEIVED)
        path = f"/v1/social/referrals/{referral_id}/trafficking"
        for what, more in (
            ("receptions", {"offence_or_immigration": False}),
            ("statuses", {"decided_by": "reception"}),
        ):
            body = {"actor": "staff-7", "status": "not_recognised", **more}
            assert refused(await social.post(f"{path}/{what}", body), 422, "social.status-not-theirs")
        unsaid = await social.post(f"{path}/supports", {"actor": "staff-7", "support": "medical"})
        assert refused(unsaid, 409, "social.status-unsaid") == "SOC-TR-STATUS"

    @pytest.mark.rule("E5")
    async def test_an_allowance_is_not_paid_to_who_is_known_to_be_in_process(self, mesh: World) -> None:
        social, facts = mesh["social"], {"trafficking_status": "in_process"}
        referral_id = await a_case(mesh, "health", "social", "SOC-11", compartments=HELPED, facts=facts)
        await social.done(f"/v1/referrals/{referral_id}/start", {})
        answer = await social.post(f"/v1/referrals/{referral_id}/complete", {"outcome": "paid"})
        assert refused(answer, 409, "social.allowance-not-yet") == "E5"
        await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "enrolled"})


class TestSupport:
    """SOC-12."""

    @pytest.mark.rule("R-05", "R-06")
    async def test_an_interpreter_she_can_trust_is_booked_and_was_there(self, mesh: World) -> None:
        social = mesh["social"]
        referral_id = await a_case(mesh, "health", "social", "SOC-12", compartments=MET)
        await social.seen(referral_id)
        path = f"/v1/social/referrals/{referral_id}/support-bookings"
        for change, code, rule in (
            ({"relation": "perpetrators_circle"}, "social.interpreter-unfit", "R-05"),
            ({"gender": "male"}, "social.gender-unmet", "R-01"),
            ({"kind": "companion", "chosen_by_her": False}, "social.companion-unfit", "R-06"),
        ):
            assert refused(await social.post(path, {**LAN, **change}), 409, code) == rule
        booked = await social.done(path, LAN)
        assert (booked["details"]["who"], booked["details"]["language"]) == ("Lan", "hmn")
        await social.done(f"/v1/referrals/{referral_id}/start", {})
        complete = f"/v1/referrals/{referral_id}/complete"
        early = await social.post(complete, {"outcome": "provided"})
        assert refused(early, 409, "social.nothing-provided") == "R-06"
        settle = f"{path}/{booked['id']}/settlement"
        await social.done(settle, {"actor": "staff-7", "provided": True})
        again = await social.post(settle, {"actor": "staff-7", "provided": False})
        assert refused(again, 409, "social.booking-absent") == "R-06"
        await social.done(complete, {"outcome": "provided"})
        assert [one["provided"] for one in (await social.get(path)).json()["items"]] == [True]


class TestReachingHer:
    """R-03 and R-25."""

    @pytest.mark.rule("R-03", "R-25")
    async def test_she_is_tried_three_times_inside_her_safe_hours_and_no_more(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        path = f"/v1/referrals/{referral_id}/attempt-contact"
        outside = await social.post(path, {"method": "phone", "inside_safe_hours": False})
        assert refused(outside, 409, "contact.outside-safe-hours") == "R-03"
        for _ in range(3):
            await social.done(path, {"method": "phone", "inside_safe_hours": True})
        fourth = await social.post(path, {"method": "phone", "inside_safe_hours": True})
        assert refused(fourth, 403, "social.attempts-spent") == "R-25"
        assert ("step.attempt-contact", "refused", "social.attempts-spent", "R-25") in await journal(mesh, referral_id)
        await social.done(f"/v1/referrals/{referral_id}/fail", {"reason": "unable_to_contact"})

    @pytest.mark.rule("R-03")
    async def test_an_attempt_is_held_against_her_words_for_the_time_at_which_it_was_made(self, mesh: World) -> None:
        social = mesh["social"]
        contact = {"name_to_use": "M.", "channels": ["phone", "relay"], "safe_hours": ["03:00-03:01"]}
        referral_id = await a_case(mesh, "health", "social", "SOC-12", compartments={**MET, "contact": contact})
        path = f"/v1/referrals/{referral_id}/attempt-contact"
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        outside, inside = f"{yesterday}T05:00:00+07:00", f"{yesterday}T03:00:30+07:00"
        await social.seen(referral_id)
        called = await social.post(path, {"method": "phone", "at": outside, "inside_safe_hours": True})
        assert refused(called, 409, "social.outside-safe-hours") == "R-03"
        written = await social.post(path, {"method": "text", "at": inside})
        assert refused(written, 409, "social.channel-unsafe") == "R-03"
        refusals = [line[2] for line in await journal(mesh, referral_id) if line[1] == "refused"]
        assert refusals == ["social.outside-safe-hours", "social.channel-unsafe"]
        await social.done(path, {"method": "phone", "at": inside})

    @pytest.mark.rule("R-03")
    async def test_whoever_asks_before_dialling_is_told_by_her_own_words(self, mesh: World) -> None:
        social = mesh["social"]
        number = {"number": "0900 000 001", "may_text": False}
        contact = {"name_to_use": "M.", "safe_hours": ["00:00-24:00"], "phones": [number]}
        referral_id = await a_case(mesh, "health", "social", "SOC-03", compartments={**MET, "contact": contact})
        path = f"/v1/social/referrals/{referral_id}/contact-checks"
        unread = await social.post(path, {"actor": "staff-7", "method": "phone"})
        assert refused(unread, 409, "social.contact-unread") == "R-03"
        await social.seen(referral_id)
        assert (await social.done(path, {"actor": "staff-7", "method": "phone"}))["allowed"] is True
        text = await social.post(path, {"actor": "staff-7", "method": "text"})
        assert refused(text, 409, "social.channel-unsafe") == "R-03"
        other = {"actor": "staff-7", "method": "phone", "telephone": "0900 000 009"}
        answer = await social.post(path, other)
        assert refused(answer, 409, "social.telephone-unknown") == "R-03"
        assert answer.json()["errors"][0]["pointer"] == "/telephone"
        assert (await social.done(path, {**other, "telephone": "+84 900 000 001"}))["allowed"] is True
