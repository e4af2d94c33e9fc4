"""No-contact orders at the police: asked for, decided by the chair, supervised, renewed, cancelled."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from services.police.routes.reading import LISTED
from shared.kernel.clock import from_wire, to_wire
from tests.support.agency_services import World, world
from tests.support.police_cases import (
    CHAIR,
    OFFICER,
    ORDER,
    SHE,
    ago,
    an_order,
    asked,
    case,
    clocks,
    decided,
    ordered,
    refused,
    supervisor,
    visits,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Social services that refer, and the police."""
    async with world(tmp_path_factory.mktemp("police"), "social", "police") as made:
        yield made


class TestOrders:
    """POL-04: R-28, E4."""

    async def test_the_chair_decides_within_12_hours_of_the_request_and_no_later_for_being_registered_late(
        self, mesh: World
    ) -> None:
        referral_id = await case(mesh, "POL-04")
        sent_at = (await mesh["police"].seen(referral_id))["sent_at"]
        request_id = (await asked(mesh, referral_id, asked_at=ago(seconds=0))).json()["id"]
        clock = (await clocks(mesh, referral_id))["VN-DV-05"]
        assert clock["due_at"] <= to_wire(from_wire(sent_at) + timedelta(hours=12))
        now = ago(seconds=0)
        late = {"decided_at": now, "order": an_order(effective_at=now, received_at=now)}
        answer = await decided(mesh, referral_id, request_id, **late)
        assert answer.status_code == 200, answer.text
        assert (await clocks(mesh, referral_id))["VN-DV-05"]["state"] == "met"
        assert answer.json()["authority"] == CHAIR
        again = await decided(mesh, referral_id, request_id, **late)
        refused(again, 409, "police.decided-already", "POL-ONCE")

    @pytest.mark.rule("R-28")
    async def test_a_refusal_without_written_reasons_is_neither_recorded_nor_reported(self, mesh: World) -> None:
        police, referral_id = mesh["police"], await case(mesh, "POL-04")
        request_id = (await asked(mesh, referral_id)).json()["id"]
        no: dict[str, Any] = {"decided": "refused", "order": None}
        refused(await decided(mesh, referral_id, request_id, **no), 422, "police.reasons-missing", "R-28")
        await police.done(f"/v1/referrals/{referral_id}/start", {})
        complete = f"/v1/referrals/{referral_id}/complete"
        refused(await police.post(complete, {"outcome": "refused"}), 422, "police.reasons-missing", "R-28")
        reasons = {"code": "no_family_tie", "text": "They never lived together, and are not related."}
        written = await decided(mesh, referral_id, request_id, reasons=reasons, **no)
        assert written.json()["reasons"] == reasons
        for yes in ("granted", "completed_full"):
            refused(await police.post(complete, {"outcome": yes}), 409, "police.outcome-differs", "POL-ONCE")
        await police.done(complete, {"outcome": "refused"})

    @pytest.mark.rule("R-28")
    async def test_nothing_is_completed_in_place_of_the_chairs_decision_and_she_may_take_her_request_back(
        self, mesh: World
    ) -> None:
        police, referral_id = mesh["police"], await case(mesh, "POL-04")
        await police.done(f"/v1/referrals/{referral_id}/start", {})
        complete = f"/v1/referrals/{referral_id}/complete"
        yes = {"outcome": "granted", "order_reference": "12/QD-UBND", "order_valid_to": "2026-12-01"}
        refused(await police.post(complete, yes), 409, "police.order-undecided", "VN-DV-05")
        await asked(mesh, referral_id)
        for said in (yes, {"outcome": "completed_full"}, {"outcome": "not_eligible_after_assessment"}):
            refused(await police.post(complete, said), 409, "police.order-undecided", "VN-DV-05")
        await police.done(complete, {"outcome": "survivor_declined"})

    @pytest.mark.rule("E4")
    async def test_an_agency_asks_without_her_only_where_her_life_is_threatened_and_she_can_have_it_cancelled(
        self, mesh: World
    ) -> None:
        basis = {"kind": "vital_interest", "article": "19", "approver": "duty-1", "notify_unsafe": False}
        request = {
            "service_type": "POL-04",
            "recipient": "police-test",
            "basis": basis,
            "compartments": ORDER,
            "preferences": SHE,
            "age_band": "adult",
        }
        sent = await mesh["social"].post("/v1/referrals", request)
        assert sent.status_code == 202, sent.text
        referral_id = sent.json()["referral"]["referral_id"]
        await mesh["police"].until(referral_id, lambda seen: seen["state"] == "delivered")
        await mesh["police"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
        await mesh["police"].done(f"/v1/referrals/{referral_id}/accept", SHE)
        refused(await asked(mesh, referral_id, asked_by="agency"), 403, "police.order-consent", "E4")
        made = (await asked(mesh, referral_id, asked_by="agency", life_threat=True)).json()
        assert made["ex_officio"] is True
        order_id = (await decided(mesh, referral_id, made["id"])).json()["order"]["id"]
        path = f"/v1/police/referrals/{referral_id}"
        wish = {"actor": OFFICER, "asked_at": ago(seconds=1), "ground": "she_disagrees"}
        asking = await mesh["police"].done(f"{path}/orders/{order_id}/cancellations", wish)
        decision = {"actor": OFFICER, "authority": CHAIR, "decided_at": ago(seconds=0), "decided": "upheld"}
        answer = f"{path}/cancellations/{asking['id']}/decision"
        refused(await mesh["police"].post(answer, decision), 422, "police.reasons-missing", "R-28")
        await mesh["police"].done(answer, {**decision, "decided": "cancelled"})
        over = await mesh["police"].post(f"{path}/orders/{order_id}/supervisions", supervisor())
        refused(over, 409, "police.order-over", "VN-DV-06")

    async def test_an_order_says_who_decided_and_holds_for_three_days_at_most(self, mesh: World) -> None:
        referral_id = await case(mesh, "POL-04")
        request_id = (await asked(mesh, referral_id)).json()["id"]
        police = {"office": "commune_police", "commune": "14845"}
        wrong = await decided(mesh, referral_id, request_id, authority=police)
        refused(wrong, 403, "police.order-authority", "VN-DV-07")
        signed = datetime.now(UTC) - timedelta(hours=1)
        long = an_order(effective_at=to_wire(signed), valid_to=to_wire(signed + timedelta(days=3, milliseconds=1)))
        answer = await decided(mesh, referral_id, request_id, order=long)
        refused(answer, 422, "police.order-too-long", "VN-DV-06")
        hidden = an_order(zone=[{"kind": "shelter", "place": "nha Mau"}])
        refused(await decided(mesh, referral_id, request_id, order=hidden), 422, "police.zone-shelter", "R-18")
        whole = an_order(effective_at=to_wire(signed), valid_to=to_wire(signed + timedelta(days=3)))
        made = (await decided(mesh, referral_id, request_id, order=whole)).json()["order"]
        assert (made["metres"], made["authority"]) == (100, CHAIR)

    async def test_completing_names_the_order_that_is_on_record(self, mesh: World) -> None:
        referral_id, _ = await ordered(mesh)
        await mesh["police"].done(f"/v1/referrals/{referral_id}/start", {})
        complete = f"/v1/referrals/{referral_id}/complete"
        other = await mesh["police"].post(complete, {"outcome": "granted", "order_reference": "99/QD-UBND"})
        assert (other.status_code, other.json()["code"]) == (422, "step.differs")
        await mesh["police"].done(complete, {"outcome": "granted"})
        seen = await mesh["social"].until(referral_id, lambda one: one["state"] == "completed")
        (event,) = [one for one in seen["history"] if one["type"] == "completed"]
        assert event["data"]["order_reference"] == "12/QD-UBND"

    async def test_an_order_is_renewed_by_a_new_decision_with_twelve_hours_of_its_own(self, mesh: World) -> None:
        referral_id, order_id = await ordered(mesh)
        made = (await asked(mesh, referral_id, asked_at=ago(minutes=5), renews=order_id)).json()
        order = an_order(reference="14/QD-UBND", effective_at=ago(minutes=1), received_at=ago(seconds=30))
        answer = await decided(mesh, referral_id, made["id"], decided_at=ago(minutes=2), order=order)
        assert answer.json()["order"]["renews"] == order_id
        shown = (await mesh["police"].get(f"/v1/referrals/{referral_id}/clocks")).json()["items"]
        starts = {one["target"]: one["started_at"] for one in shown if one["rule"] == "VN-DV-05"}
        assert len(starts) == 2
        assert starts[made["id"]] == made["asked_at"]


class TestSupervision:
    """POL-05 and what a supervisor sees: R-19."""

    async def test_the_supervisor_and_the_meeting_are_each_due_within_the_hour(self, mesh: World) -> None:
        referral_id, order_id = await ordered(mesh)
        path = f"/v1/police/referrals/{referral_id}"
        assert (await clocks(mesh, referral_id))["VN-DV-12"]["state"] == "running"
        made = await mesh["police"].done(f"{path}/orders/{order_id}/supervisions", supervisor())
        held = {"actor": OFFICER, "held_at": ago(seconds=1)}
        shown = await mesh["police"].done(f"{path}/supervisions/{made['id']}/meeting", held)
        assert shown["announced_at"] == held["held_at"]
        states = {rule: clock["state"] for rule, clock in (await clocks(mesh, referral_id)).items()}
        assert (states["VN-DV-12"], states["VN-DV-13"]) == ("met", "met")

    @pytest.mark.rule("R-19")
    async def test_a_supervisor_of_the_community_sees_the_order_and_its_zone_and_it_is_on_record(
        self, mesh: World
    ) -> None:
        referral_id, order_id = await ordered(mesh)
        assign = f"/v1/police/referrals/{referral_id}/orders/{order_id}/supervisions"
        await mesh["police"].done(assign, supervisor())
        shown = await mesh["police"].get(f"/v1/police/supervised-orders/{order_id}", Access_Actor="village-3")
        assert shown.status_code == 200, shown.text
        assert shown.json() == {
            **{name: an_order()[name] for name in ("reference", "keeps_away", "protects", "zone")},
            "id": order_id,
            "authority": CHAIR,
            "metres": 100,
            "effective_at": shown.json()["effective_at"],
            "valid_to": shown.json()["valid_to"],
        }
        for somebody in ("village-4", OFFICER):
            other = await mesh["police"].get(f"/v1/police/supervised-orders/{order_id}", Access_Actor=somebody)
            assert (other.status_code, other.json()["code"]) == (404, "record.unknown")
        looked = {(one.actor, one.what, one.reason) for one in await visits(mesh, referral_id)}
        assert ("village-3", "order", "case_work") in looked

    async def test_contact_on_a_special_occasion_is_signed_first_and_lasts_four_hours(self, mesh: World) -> None:
        referral_id, order_id = await ordered(mesh)
        path = f"/v1/police/referrals/{referral_id}/orders/{order_id}"
        begins = datetime.now(UTC) + timedelta(hours=1)
        contact = {
            "actor": OFFICER,
            "occasion": "wedding_or_funeral",
            "begins_at": to_wire(begins),
            "ends_at": to_wire(begins + timedelta(hours=4)),
            "written_notice": True,
            "supervisor_signed_at": ago(minutes=1),
            "chair_told_at": ago(seconds=1),
        }
        early = await mesh["police"].post(f"{path}/contacts", contact)
        refused(early, 409, "police.contact-unsigned", "VN-DV-11")
        await mesh["police"].done(f"{path}/supervisions", supervisor())
        longer = {**contact, "ends_at": to_wire(begins + timedelta(hours=4, milliseconds=1))}
        refused(await mesh["police"].post(f"{path}/contacts", longer), 422, "police.contact-too-long", "VN-DV-11")
        never = {**contact, "begins_at": "9999-12-31T23:00:00Z", "ends_at": "9999-12-31T23:59:59Z"}
        refused(await mesh["police"].post(f"{path}/contacts", never), 422, "police.contact-too-long", "VN-DV-11")
        made = await mesh["police"].done(f"{path}/contacts", contact)
        assert made["details"]["occasion"] == "wedding_or_funeral"

    async def test_contacts_in_a_row_are_no_way_round_four_hours_and_nobody_signs_before_being_assigned(
        self, mesh: World
    ) -> None:
        referral_id, order_id = await ordered(mesh)
        path = f"/v1/police/referrals/{referral_id}/orders/{order_id}"
        begins = datetime.now(UTC) + timedelta(hours=1)

        def contact(hours: float, **changes: Any) -> dict[str, Any]:
            return {
                "actor": OFFICER,
                "occasion": "wedding_or_funeral",
                "begins_at": to_wire(begins + timedelta(hours=hours)),
                "ends_at": to_wire(begins + timedelta(hours=hours + 4)),
                "written_notice": True,
                "supervisor_signed_at": ago(minutes=1),
                "chair_told_at": ago(seconds=1),
                **changes,
            }

        await mesh["police"].done(f"{path}/supervisions", supervisor(assigned_at=ago(minutes=40)))
        before = await mesh["police"].post(f"{path}/contacts", contact(0, supervisor_signed_at=ago(minutes=45)))
        refused(before, 422, "police.times", "POL-TIMES")
        await mesh["police"].done(f"{path}/contacts", contact(0))
        for hours in (2, 4):
            joined = await mesh["police"].post(f"{path}/contacts", contact(hours))
            refused(joined, 409, "police.contact-prolonged", "VN-DV-11")
        await mesh["police"].done(f"{path}/contacts", contact(20))

    async def test_a_breach_is_recorded_with_what_was_done_for_her(self, mesh: World) -> None:
        referral_id, order_id = await ordered(mesh)
        breach = {
            "actor": OFFICER,
            "happened_at": ago(minutes=10),
            "kind": "came_near",
            "measures": ["stopped", "chair_told"],
            "her_safety": "checked_safe",
        }
        path = f"/v1/police/referrals/{referral_id}/orders/{order_id}/breaches"
        assert (await mesh["police"].done(path, breach))["details"]["her_safety"] == "checked_safe"
        before = await mesh["police"].post(path, {**breach, "happened_at": ago(days=2)})
        refused(before, 422, "police.times", "POL-TIMES")


@pytest.mark.rule("R-24")
async def test_every_list_of_a_case_is_read_with_a_reason_and_logged(mesh: World) -> None:
    referral_id, order_id = await ordered(mesh)
    await mesh["police"].done(f"/v1/police/referrals/{referral_id}/orders/{order_id}/supervisions", supervisor())
    counts = {}
    for one in LISTED:
        path = f"/v1/police/referrals/{referral_id}/{one.path}"
        assert (await mesh["police"].http.get(path)).status_code == 422, "no reason"
        counts[one.path] = len((await mesh["police"].get(path)).json()["items"])
    assert {path for path, count in counts.items() if count} == {"order-requests", "orders", "supervisions"}
    assert {one.what for one in await visits(mesh, referral_id)} >= counts.keys()


async def test_a_record_of_another_case_is_not_found(mesh: World) -> None:
    _, order_id = await ordered(mesh)
    other = await case(mesh, "POL-04")
    answer = await mesh["police"].post(f"/v1/police/referrals/{other}/orders/{order_id}/supervisions", supervisor())
    assert (answer.status_code, answer.json()["code"]) == (404, "record.unknown")
