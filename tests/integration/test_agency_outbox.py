"""Nothing is lost and nothing happens twice: the gateway away, answers lost, the service stopped in between."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.agency.acting import fingerprint_of
from tests.support.agency_services import World, a_consent, a_referral, agency_id, consented, referred, world

SOON = 0.2


@pytest.fixture
async def mesh(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, "health", "social") as made:
        yield made


async def received(mesh: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await mesh["social"].get("/v1/referrals?box=received&limit=200")).json()["items"]
    return found


async def met(mesh: World, consent: dict[str, Any]) -> None:
    """Let one referral through, so that health knows social's keys from then on."""
    referral_id = await referred(mesh["health"], consent)
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")


async def impatient(mesh: World) -> None:
    """Start the health service anew, so that callers hear soon when the gateway is away."""
    await mesh.stop("health")
    await mesh.start("health", answer_within=SOON)


async def test_while_the_gateway_is_away_everything_is_queued_and_arrives_once_in_order(mesh: World) -> None:
    await impatient(mesh)
    await met(mesh, await consented(mesh["health"]))
    mesh.wire.cut = True
    queued = await mesh["health"].post("/v1/consents", a_consent())
    assert (queued.status_code, queued.json()["receipt"]) == (202, None)
    consent = queued.json()["consent"]
    assert consent["state"] == "queued"
    sent = await mesh["health"].done("/v1/referrals", a_referral(consent))
    referral_id = sent["referral"]["referral_id"]
    assert (sent["referral"]["state"], sent["receipt"]) == ("queued", None)
    assert (await mesh["health"].seen(referral_id))["state"] == "queued"
    mesh.wire.cut = False
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    seen = await mesh["health"].until(referral_id, lambda one: one["state"] in {"sent", "delivered"})
    assert seen["due"]["acknowledge"] is not None
    assert len(await received(mesh)) == 2


async def test_what_was_queued_survives_the_end_of_the_process(mesh: World) -> None:
    await impatient(mesh)
    consent = await consented(mesh["health"])
    await met(mesh, consent)
    mesh.wire.cut = True
    ids = [await referred(mesh["health"], consent) for _ in range(3)]
    await mesh.stop("health")
    mesh.wire.cut = False
    await mesh.start("health")
    for referral_id in ids:
        await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    assert len(await received(mesh)) == 4


async def test_an_answer_lost_on_the_way_is_asked_for_again_and_nothing_happens_twice(mesh: World) -> None:
    consent = await consented(mesh["health"])
    mesh.wire.answers_lost = 2
    sent = await mesh["health"].done("/v1/referrals", a_referral(consent))
    assert sent["receipt"]["message_id"] == sent["referral"]["referral_id"]
    assert mesh.wire.batches() == 4
    await mesh["social"].until(sent["referral"]["referral_id"], lambda seen: seen["state"] == "delivered")
    assert len(await received(mesh)) == 1


async def test_letters_queued_at_the_same_time_travel_together(mesh: World) -> None:
    consent = await consented(mesh["health"])
    before = mesh.wire.batches()
    await asyncio.gather(*(referred(mesh["health"], consent) for _ in range(12)))
    assert mesh.wire.batches() - before < 12


async def test_the_same_key_is_the_same_act(mesh: World) -> None:
    request = a_referral(await consented(mesh["health"]))
    first = await mesh["health"].post("/v1/referrals", request, Idempotency_Key='"one"')
    again = await mesh["health"].post("/v1/referrals", request, Idempotency_Key='"one"')
    assert again.json()["referral"]["referral_id"] == first.json()["referral"]["referral_id"]
    assert again.json()["receipt"] == first.json()["receipt"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await mesh["health"].post("/v1/referrals", {**request, "strict": True}, Idempotency_Key='"one"')
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.reused")


async def test_one_key_used_by_many_at_once_acts_once(mesh: World) -> None:
    request = a_referral(await consented(mesh["health"]))
    answers = await asyncio.gather(
        *(mesh["health"].done("/v1/referrals", request, Idempotency_Key="same") for _ in range(8))
    )
    assert len({answer["referral"]["referral_id"] for answer in answers}) == 1
    assert len((await mesh["health"].get("/v1/referrals?box=sent")).json()["items"]) == 1


async def test_a_key_outlives_the_process_and_replays_a_refusal_as_a_refusal(mesh: World) -> None:
    consent = await consented(mesh["health"])
    request = a_referral(consent, service_type="SOC-02")
    first = await mesh["health"].post("/v1/referrals", request, Idempotency_Key="no")
    assert first.status_code == 403
    await mesh.stop("health")
    await mesh.start("health")
    again = await mesh["health"].post("/v1/referrals", request, Idempotency_Key="no")
    assert (again.status_code, again.json()["ledger_index"]) == (403, first.json()["ledger_index"])


@pytest.mark.parametrize("key", ["", "a" * 200, "two words"])
async def test_a_key_that_is_none_is_refused(mesh: World, key: str) -> None:
    response = await mesh["health"].post("/v1/consents", a_consent(), Idempotency_Key=key)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_an_agency_never_met_cannot_be_referred_to_while_the_gateway_is_away(mesh: World) -> None:
    consent = await consented(mesh["health"])
    mesh.wire.cut = True
    response = await mesh["health"].post("/v1/referrals", a_referral(consent, area="38"))
    assert response.status_code == 503
    assert "Retry-After" in response.headers


async def test_openings_asked_while_the_gateway_is_away_are_said_to_be_so(mesh: World) -> None:
    await mesh.stop("social")
    await mesh.start("social", answer_within=SOON)
    referral_id = await referred(mesh["health"], await consented(mesh["health"]))
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await mesh["social"].done(f"/v1/referrals/{referral_id}/accept", {})
    mesh.wire.cut = True
    away = await mesh["social"].seen(referral_id, query="?compartments=identity")
    assert away["compartments"] == [
        {"name": "identity", "stage": "accepted", "state": "sealed", "code": "peer.unreachable", "content": None}
    ]
    mesh.wire.cut = False
    await mesh["social"].until(
        referral_id, lambda seen: seen["compartments"][0]["state"] == "opened", query="?compartments=identity"
    )


def test_a_fingerprint_tells_requests_apart() -> None:
    one = fingerprint_of("POST", "/v1/referrals", b"{}")
    assert one != fingerprint_of("POST", "/v1/consents", b"{}")
    assert one != fingerprint_of("POST", "/v1/referrals", b"{ }")
    assert agency_id("legal_aid") == "legal-aid-test"
