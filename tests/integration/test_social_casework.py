"""What social services do in a case, at the real service: beds, plans, leads, children, entitlements, bookings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.transport.gateway_client import GatewayClient
from shared.transport.peer import Peer
from tests.support.agency_services import GATEWAY_URL, World, agency_id, keys_of, world
from tests.support.houses import ONE_WOMAN, STAFF, a_house, asks, sheltered
from tests.support.social import clocks, journal, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A health service that refers, and social services."""
    async with world(tmp_path_factory.mktemp("social"), "health", "social") as made:
        yield made


@asynccontextmanager
async def at_the_gateway(mesh: World, kind: str) -> AsyncIterator[GatewayClient]:
    """An agency's own client of the gateway, beside its service."""
    async with mesh.wire.client() as line:
        peer, clock = Peer(GATEWAY_URL, client=line), SystemClock()
        keys = keys_of(kind).signing
        yield GatewayClient(peer, agency_id=agency_id(kind), signing_key=keys, clock=clock, ids=Uuid7Factory(clock))


async def a_lease(mesh: World) -> str:
    """Let social services say that they have a bed, and health lease it; the lease's id."""
    async with at_the_gateway(mesh, "social") as social:
        offer = {"service_type": "SOC-01", "accepting": True, "capacity": 5}
        await social.put(f"/v1/agencies/{agency_id('social')}/availability", offer)
    async with at_the_gateway(mesh, "health") as health:
        asked = {"agency": agency_id("social"), "service_type": "SOC-01", "minutes": 30}
        return str((await health.post("/v1/leases", asked))["lease_id"])


class TestBeds:
    """SOC-01, SOC-02, SOC-09."""

    async def test_she_is_admitted_into_the_bed_that_was_held_and_the_stay_has_a_limit(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        place_id = await a_house(social, beds={"woman": 1, "child": 1, "accessible": 0})
        both = {"woman": 1, "child": 1, "accessible": 0}
        held = await social.done(f"/v1/social/referrals/{referral_id}/bed-holds", asks(place_id, both, minutes=60))
        assert (held["state"], held["beds"]) == ("held", both)
        came = await social.done(f"/v1/social/referrals/{referral_id}/admissions", asks(place_id, both))
        assert (came["state"], came["until"]) == ("admitted", None)
        assert await clocks(mesh, referral_id) == {"VN-SO-01": "running"}
        left = await social.done(
            f"/v1/social/referrals/{referral_id}/departures", {"actor": STAFF, "leaving": "planned"}
        )
        assert left["state"] == "left"
        assert await clocks(mesh, referral_id) == {"VN-SO-01": "met"}
        (place,) = [one for one in (await social.get("/v1/social/places")).json()["items"] if one["id"] == place_id]
        assert place["beds"]["woman"] == {"all": 1, "free": 1}

    async def test_no_bed_is_given_for_a_referral_that_was_not_accepted(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh, until="acknowledge")
        place_id = await a_house(social)
        path = f"/v1/social/referrals/{referral_id}"
        for what, body in (("bed-holds", asks(place_id, minutes=30)), ("admissions", asks(place_id))):
            answer = await social.post(f"{path}/{what}", body)
            assert refused(answer, 409, "social.bed-before-acceptance") == "SOC-BED"
        assert [line[2] for line in await journal(mesh, referral_id)] == ["social.bed-before-acceptance"] * 2

    async def test_a_bed_is_held_before_acceptance_for_a_referral_that_came_with_a_lease(self, mesh: World) -> None:
        lease = await a_lease(mesh)
        referral_id = await sheltered(mesh, until="deliver", facts={"lease_id": lease})
        place_id = await a_house(mesh["social"])
        path = f"/v1/social/referrals/{referral_id}"
        held = await mesh["social"].done(f"{path}/bed-holds", asks(place_id, minutes=30, lease_id=lease))
        assert (held["state"], held["lease_id"]) == ("held", lease)
        early = await mesh["social"].post(f"{path}/admissions", asks(place_id))
        assert refused(early, 409, "social.bed-before-acceptance") == "SOC-BED"

    async def test_a_bed_is_not_given_twice_and_comes_free_when_it_is_let_go(self, mesh: World) -> None:
        social, place_id = mesh["social"], await a_house(mesh["social"])
        first, second = await sheltered(mesh), await sheltered(mesh)
        await social.done(f"/v1/social/referrals/{first}/bed-holds", asks(place_id, minutes=5))
        answer = await social.post(f"/v1/social/referrals/{second}/admissions", asks(place_id))
        assert refused(answer, 409, "social.no-bed") == "SOC-BED"
        again = await social.post(f"/v1/social/referrals/{first}/bed-holds", asks(place_id, minutes=5))
        assert refused(again, 409, "social.bed-already") == "SOC-BED"
        await social.done(f"/v1/social/referrals/{first}/bed-releases", {"actor": STAFF})
        await social.done(f"/v1/social/referrals/{second}/admissions", asks(place_id))

    @pytest.mark.rule("R-08")
    @pytest.mark.parametrize("paper", ["police_letter", "police_report_no", "residence_paper", "id_card", "fee"])
    async def test_a_paper_as_condition_is_refused_as_unknown(self, mesh: World, paper: str) -> None:
        absent = "01900000-0000-7000-8000-000000000000"
        body = asks(absent, **{paper: "38/2026"})
        answer = await mesh["social"].post(f"/v1/social/referrals/{absent}/admissions", body)
        assert answer.status_code == 422
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/{paper}"]

    async def test_more_than_sixty_minutes_and_another_lease_are_refused(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        place_id = await a_house(social)
        path = f"/v1/social/referrals/{referral_id}/bed-holds"
        answer = await social.post(path, asks(place_id, minutes=61))
        assert refused(answer, 422, "social.hold-too-long") == "SOC-HOLD"
        answer = await social.post(path, asks(place_id, minutes=60, lease_id=place_id))
        assert refused(answer, 422, "social.lease-other") == "SOC-HOLD"

    async def test_a_house_that_does_not_serve_her_referral_is_refused(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        place_id = await a_house(social, kind="trusted_address")
        answer = await social.post(f"/v1/social/referrals/{referral_id}/admissions", asks(place_id))
        assert refused(answer, 422, "social.place-other") == "SOC-BED"

    async def test_an_outcome_that_the_record_contradicts_is_refused(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        place_id = await a_house(social)
        await social.done(f"/v1/social/referrals/{referral_id}/bed-holds", asks(place_id, ONE_WOMAN, minutes=5))
        await social.done(f"/v1/referrals/{referral_id}/start", {})
        answer = await social.post(f"/v1/referrals/{referral_id}/complete", {"outcome": "admitted"})
        assert refused(answer, 409, "social.not-admitted") == "SOC-BED"
        await social.done(f"/v1/social/referrals/{referral_id}/admissions", asks(place_id))
        answer = await social.post(f"/v1/referrals/{referral_id}/complete", {"outcome": "bed_elsewhere"})
        assert refused(answer, 409, "social.still-admitted") == "SOC-BED"
        await social.done(f"/v1/referrals/{referral_id}/complete", {"outcome": "admitted"})
        assert ("step.complete", "refused", "social.not-admitted", "SOC-BED") in await journal(mesh, referral_id)


PLAN: dict[str, Any] = {
    "signals": ["he counts the money"],
    "steps": [{"situation": "leaving", "what": "through the kitchen", "with_whom": "Lan"}],
    "take_along": ["papers"],
}


def risk(**changes: Any) -> dict[str, Any]:
    return {"actor": STAFF, "tool": "danger_assessment", "version": "2019", "score": 14, "signs": [], **changes}


def plan(based_on: int, **changes: Any) -> dict[str, Any]:
    return {"actor": STAFF, "based_on": based_on, "made_with_her": True, "plan": PLAN, **changes}


class TestSafety:
    """Risk assessments and the plan that is hers."""

    async def test_high_risk_asks_for_a_plan_within_a_day_and_a_plan_answers_it(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        path = f"/v1/social/referrals/{referral_id}"
        made = await social.done(f"{path}/risk-assessments", risk())
        assert (made["result"]["band"], made["result"]["urgency_at_least"]) == ("R3", "urgent")
        assert made["result"]["offers"] == ["COO-01"]
        assert await clocks(mesh, referral_id) == {"I32": "running"}
        await social.done(f"{path}/safety-plans", plan(0))
        assert await clocks(mesh, referral_id) == {"I32": "met"}

    async def test_a_low_score_does_not_lower_what_a_person_set(self, mesh: World) -> None:
        social, referral_id = (
            mesh["social"],
            await sheltered(mesh, facts={"risk_band": "R3"}, urgency="immediate", phoned_first=True),
        )
        path = f"/v1/social/referrals/{referral_id}/risk-assessments"
        first = (await social.done(path, risk(score=1)))["result"]
        assert (first["band"], first["urgency_at_least"]) == ("R3", "immediate")
        await social.done(path, risk(score=1, judgement="R4"))
        assert (await social.done(path, risk(score=9)))["result"]["band"] == "R4"
        assert [one["result"]["score"] for one in (await social.get(path)).json()["items"]] == [1, 1, 9]

    async def test_a_tool_without_its_score_is_refused(self, mesh: World) -> None:
        referral_id = await sheltered(mesh)
        path = f"/v1/social/referrals/{referral_id}/risk-assessments"
        answer = await mesh["social"].post(path, risk(score=None))
        assert refused(answer, 422, "social.reading-missing") == "SOC-RISK"

    async def test_every_version_is_kept_with_who_wrote_it_and_none_overwrites_another(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        path = f"/v1/social/referrals/{referral_id}/safety-plans"
        await social.done(path, plan(0))
        late = await social.post(path, plan(0, actor="staff-8"))
        assert refused(late, 409, "social.plan-moved-on") == "SOC-PLAN-HERS"
        await social.done(path, plan(1, actor="staff-8", plan={**PLAN, "signals": []}))
        items = (await social.get(path)).json()["items"]
        assert [(one["version"], one["actor"], one["plan"]["signals"]) for one in items] == [
            (1, STAFF, PLAN["signals"]),
            (2, "staff-8", []),
        ]

    async def test_a_plan_that_was_not_made_with_her_is_refused(self, mesh: World) -> None:
        referral_id = await sheltered(mesh)
        path = f"/v1/social/referrals/{referral_id}/safety-plans"
        answer = await mesh["social"].post(path, plan(0, made_with_her=False))
        assert refused(answer, 422, "social.plan-not-hers") == "SOC-PLAN-HERS"

    @pytest.mark.rule("R-20")
    async def test_she_has_a_copy_where_she_can_keep_it_safely(self, mesh: World) -> None:
        social, referral_id = mesh["social"], await sheltered(mesh)
        path = f"/v1/social/referrals/{referral_id}"
        await social.done(f"{path}/safety-plans", plan(0))
        asked = {"actor": STAFF, "version": 1, "way": "taken_along", "safe_to_keep": True}
        copy = await social.done(f"{path}/safety-plan-copies", asked)
        assert copy["lines"] == ["he counts the money", "through the kitchen (Lan)", "papers"]
        unsafe = await social.post(f"{path}/safety-plan-copies", {**asked, "safe_to_keep": False})
        assert refused(unsafe, 409, "social.copy-unsafe") == "R-20"
        absent = await social.post(f"{path}/safety-plan-copies", {**asked, "version": 2})
        assert refused(absent, 409, "social.plan-absent") == "SOC-PLAN-HERS"
