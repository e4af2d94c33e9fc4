"""A partner system refers without consent, has it confirmed by a colleague, and says that she was told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gateway.bootstrap import open_provisioning
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.sop.loader import load_sop
from tests.support.agency import Agency
from tests.support.agency_services import (
    CANARY,
    GATEWAY_URL,
    World,
    agency_id,
    consented,
    contents,
    gateway_settings,
    keys_of,
    referred,
    states,
    world,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

OVERSIGHT = "oversight-test"

BREAK_GLASS = {
    "kind": "vital_interest",
    "article": "Law 91/2025 Art 19",
    "approver": "duty-1",
    "notify_unsafe": False,
}
CASE: dict[str, Any] = {
    "identity": {"name": CANARY, "sex": "female"},
    "contact": {"name_to_use": CANARY},
    "safety": {"band": "R4"},
    "incident": {"ongoing": True},
    "preferences": {"staff_gender": "female"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("overrides"), "health", "police", "social") as made:
        yield made


async def overridden(mesh: World) -> str:
    request = {
        "service_type": "POL-02",
        "recipient": agency_id("police"),
        "basis": BREAK_GLASS,
        "urgency": "urgent",
        "compartments": CASE,
        "area": "38",
    }
    answer = await mesh["health"].done("/v1/referrals", request)
    return str(answer["referral"]["referral_id"])


@asynccontextmanager
async def an_overseer(mesh: World) -> AsyncIterator[Agency]:
    """A body of oversight that calls the gateway."""
    clock, keys = SystemClock(), keys_of(OVERSIGHT)
    desk = open_provisioning(gateway_settings(mesh.folder, mesh.database_url), keys=keys_of("gateway"))
    try:
        desk.register_oversight(OVERSIGHT, keys.public_jwks())
    finally:
        desk.close()
    transport = httpx.ASGITransport(app=mesh.gateway)
    async with httpx.AsyncClient(transport=transport, base_url=GATEWAY_URL) as http:
        yield Agency(OVERSIGHT, keys, http, clock, Uuid7Factory(clock), load_sop(), {})


async def test_a_colleague_confirms_and_she_is_told(mesh: World) -> None:
    referral_id = await overridden(mesh)
    confirmed = await mesh["health"].done(f"/v1/referrals/{referral_id}/confirm-override", {"actor": "duty-2"})
    assert confirmed["override"]["state"] == "awaiting_review"
    assert confirmed["override"]["confirmation"]["by"] == "duty-2"
    told = await mesh["health"].done(f"/v1/referrals/{referral_id}/told", {"actor": "worker-3"})
    assert told["override"]["telling"]["in_time"] is True


async def test_what_the_gateway_refuses_comes_back_as_it_was(mesh: World) -> None:
    referral_id = await overridden(mesh)
    path = f"/v1/referrals/{referral_id}/confirm-override"
    same = await mesh["health"].post(path, {"actor": "duty-1"})
    assert (same.status_code, same.json()["code"]) == (403, "override.same-person")
    assert (await mesh["health"].post(path, {})).json()["code"] == "message.invalid"
    under_consent = await referred(mesh["health"], await consented(mesh["health"]))
    none = await mesh["health"].post(f"/v1/referrals/{under_consent}/told", {"actor": "worker-3"})
    assert (none.status_code, none.json()["code"]) == (404, "override.unknown")


async def test_another_agency_neither_confirms_nor_learns_of_it(mesh: World) -> None:
    referral_id = await overridden(mesh)
    answer = await mesh["social"].post(f"/v1/referrals/{referral_id}/confirm-override", {"actor": "duty-2"})
    assert (answer.status_code, answer.json()["code"]) == (404, "referral.unknown")


async def test_a_lost_answer_can_be_asked_for_again_and_a_key_stands_for_one_request(mesh: World) -> None:
    referral_id = await overridden(mesh)
    path = f"/v1/referrals/{referral_id}/confirm-override"
    at = {"at": "2026-01-01T00:00:00.000Z"}
    early = await mesh["health"].post(path, {"actor": "duty-2", **at}, idempotency_key="k-0")
    assert (early.status_code, early.json()["code"]) == (422, "message.invalid")
    first = await mesh["health"].post(path, {"actor": "duty-2"}, idempotency_key="k-1")
    again = await mesh["health"].post(path, {"actor": "duty-2"}, idempotency_key="k-1")
    other = await mesh["health"].post(path, {"actor": "duty-3"}, idempotency_key="k-1")
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")


async def test_the_recipient_seals_off_what_a_review_put_an_end_to(mesh: World) -> None:
    referral_id = await overridden(mesh)
    for verb in ("acknowledge", "accept"):
        await mesh["police"].until(referral_id, lambda found: True)
        await mesh["police"].done(f"/v1/referrals/{referral_id}/{verb}", {})
    before = await mesh["police"].until(referral_id, lambda found: "identity" in contents(found), query="")
    assert contents(before)["identity"]["name"] == CANARY
    async with an_overseer(mesh) as overseer:
        found = {"outcome": "not_justified", "measures": ["access_ended"]}
        answer = await overseer.call("POST", f"/v1/overrides/{referral_id}/reviews", json=found)
        assert answer.status_code == 200, answer.text
    after = await mesh["police"].until(referral_id, lambda found: found["state"] == "revoked")
    assert set(states(after).values()) == {"destroyed"}
    assert CANARY not in str(after)
    sealed = await mesh["health"].until(
        referral_id, lambda found: any(one["type"] == "sealed" for one in found["history"])
    )
    assert [one["data"] for one in sealed["history"] if one["type"] == "sealed"] == [{"result": "sealed"}]


async def test_the_partner_system_sees_in_the_history_what_is_owed(mesh: World) -> None:
    referral_id = await overridden(mesh)
    seen = await mesh["health"].until(
        referral_id, lambda found: any(one["type"] == "override_review" for one in found["history"])
    )
    (owed,) = [one["data"] for one in seen["history"] if one["type"] == "override_review"]
    assert owed["stage"] == "opened"
    assert owed["basis"] == "vital_interest"
    assert {"confirm_due_at", "access_ends_at", "tell_due_at", "review_due_at"} <= owed.keys()
