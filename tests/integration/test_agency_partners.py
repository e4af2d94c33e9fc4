"""Partner systems: tokens, scopes, reasons for reading, webhooks, and a trace of every reading."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.agency.adapters.store import SqlStore
from shared.agency.partners import partner_of
from shared.agency.records import Partner, Visit
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import SigningKey
from shared.seal.tokens import make_assertion
from shared.transport.peer import Peer
from shared.transport.webhooks import Webhooks
from shared.web.routes import unbounded_parameters, undeclared_routes
from tests.support.agency_services import (
    CANARY,
    PARTNER,
    World,
    a_consent,
    a_referral,
    consented,
    referred,
    world,
)

CLOCK = SystemClock()
GRANT = {"grant_type": "client_credentials"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def empty(tmp_path: Path) -> AsyncIterator[World]:
    """A mesh in which no partner system wants to be told anything yet."""
    async with world(tmp_path, "health", "social") as made:
        yield made


async def add(mesh: World, partner: Partner) -> None:
    store = SqlStore(mesh.services["health"].settings.database_url.get_secret_value())
    try:
        await store.write(lambda desk: desk.add(partner))
    finally:
        store.close()


async def records(mesh: World, kind: type[Any], *keys: str) -> Any:
    store = SqlStore(mesh.services["health"].settings.database_url.get_secret_value())
    try:
        return await store.read(lambda reading: reading.many(kind, keys))
    finally:
        store.close()


def anonymous(mesh: World) -> httpx.AsyncClient:
    app = mesh.services["health"].app
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://health-test.test")


async def test_a_wrong_secret_an_unknown_client_and_no_proof_are_refused_alike(mesh: World) -> None:
    async with anonymous(mesh) as http:
        answers = [
            await http.post("/oauth/token", data=GRANT, auth=(PARTNER, "guess")),
            await http.post("/oauth/token", data=GRANT, auth=("nobody", "guess")),
            await http.post("/oauth/token", data=GRANT),
            await http.post("/oauth/token", data=GRANT, headers={"Authorization": "Basic !!"}),
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert {answer.json()["error"] for answer in answers} == {"invalid_client"}
    schemes = [answer.headers["www-authenticate"] for answer in answers]
    assert schemes == ['Basic realm="mesh"', 'Basic realm="mesh"', 'Bearer realm="mesh"', 'Basic realm="mesh"']


async def test_only_a_digest_of_the_secret_is_kept(mesh: World) -> None:
    (partner,) = await records(mesh, Partner, PARTNER)
    assert len(partner.secret_hash) == 64


async def test_a_signed_assertion_gives_a_token_once(mesh: World) -> None:
    key = SigningKey.generate()
    partner = partner_of("signer", secret=None, jwks={"keys": [key.public.public_jwk()]}, at=CLOCK.now())
    await add(mesh, partner)
    issuer = mesh.services["health"].settings.issuer
    proof = make_assertion(key, client_id="signer", audience=issuer, at=CLOCK.now(), jti=Uuid7Factory(CLOCK).new())
    form = {**GRANT, "client_assertion_type": ASSERTION, "client_assertion": proof}
    async with anonymous(mesh) as http:
        first = await http.post("/oauth/token", data=form)
        replayed = await http.post("/oauth/token", data=form)
    assert first.status_code == 200
    assert set(first.json()["scope"].split()) == set(partner.scopes)
    assert replayed.status_code == 401


async def test_an_assertion_signed_by_another_key_is_refused(mesh: World) -> None:
    partner = partner_of(
        "other", secret=None, jwks={"keys": [SigningKey.generate().public.public_jwk()]}, at=CLOCK.now()
    )
    await add(mesh, partner)
    issuer = mesh.services["health"].settings.issuer
    forged = make_assertion(SigningKey.generate(), client_id="other", audience=issuer, at=CLOCK.now(), jti="1")
    async with anonymous(mesh) as http:
        form = {**GRANT, "client_assertion_type": ASSERTION, "client_assertion": forged}
        assert (await http.post("/oauth/token", data=form)).status_code == 401


async def test_a_scope_that_was_not_given_is_not_had(mesh: World) -> None:
    await add(mesh, partner_of("reader", secret="s" * 32, jwks=None, at=CLOCK.now(), scopes=["referrals.handle"]))
    async with anonymous(mesh) as http:
        asked = {**GRANT, "scope": "consents.write"}
        assert (await http.post("/oauth/token", data=asked, auth=("reader", "s" * 32))).status_code == 403
        token = (await http.post("/oauth/token", data=GRANT, auth=("reader", "s" * 32))).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        refused = await http.post("/v1/consents", json=a_consent())
    assert (refused.status_code, refused.json()["code"]) == (403, "token.scope")


@pytest.mark.rule("R-24")
async def test_no_case_is_read_without_a_reason(mesh: World) -> None:
    referral_id = await referred(mesh["health"], await consented(mesh["health"]))
    response = await mesh["health"].http.get(f"/v1/referrals/{referral_id}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/header/Access-Reason"
    told = await mesh["health"].get(f"/v1/referrals/{referral_id}", Access_Reason="her name is Mau")
    assert told.status_code == 422
    assert "Mau" not in told.text


@pytest.mark.rule("R-24")
async def test_every_reading_is_on_record_with_who_why_and_what(mesh: World) -> None:
    referral_id = await referred(mesh["health"], await consented(mesh["health"]))
    await mesh["health"].seen(referral_id, query="?compartments=safety", Access_Actor="staff-7")
    await mesh["health"].get("/v1/referrals")
    store = SqlStore(mesh.services["health"].settings.database_url.get_secret_value())
    try:
        visits = await store.read(lambda reading: reading.visits(referral_id))
    finally:
        store.close()
    (visit,) = visits
    assert isinstance(visit, Visit)
    assert (visit.client, visit.actor, visit.reason, visit.what) == (PARTNER, "staff-7", "case_work", "referral")
    assert visit.compartments == ["safety"]


async def test_nothing_about_a_person_is_in_files_logs_or_addresses(
    mesh: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    health, social = mesh["health"], mesh["social"]
    referral_id = await referred(health, await consented(health))
    await social.until(referral_id, lambda seen: seen["state"] == "delivered")
    await social.done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await social.done(f"/v1/referrals/{referral_id}/accept", {})
    assert CANARY in str(await social.seen(referral_id))
    await social.done(f"/v1/referrals/{referral_id}/notes", {"text": CANARY})
    wrong = {**a_referral({"id": "x"}), "compartments": {"identity": {"invented": CANARY}}}
    assert CANARY not in (await health.post("/v1/referrals", wrong)).text
    for file in mesh.folder.iterdir():
        assert CANARY.encode() not in file.read_bytes(), file.name
    assert CANARY not in capsys.readouterr().err + caplog.text
    assert not [request for request in mesh.wire.requests if CANARY in str(request.url)]
    assert not [request for request in mesh.wire.requests if CANARY.encode() in request.content]


class Listener:
    """A partner system that is told."""

    def __init__(self) -> None:
        self.told: list[httpx.Request] = []
        self.status = 204

    def peer(self, base_url: str) -> Peer:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._take))
        return Peer(base_url, client=client)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.told.append(request)
        return httpx.Response(self.status)

    async def until(self, number: int) -> None:
        async with asyncio.timeout(30):
            while len(self.told) < number:
                await asyncio.sleep(0.05)


@pytest.mark.rule("R-07")
async def test_a_partner_system_is_told_in_cloudevents_with_ids_only(empty: World) -> None:
    listener = Listener()
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    made = await empty["health"].done("/v1/webhooks", {"url": "http://his.test/hooks?a=1", "types": ["referral.sent"]})
    assert made["secret"].startswith("whsec_")
    (listed,) = (await empty["health"].get("/v1/webhooks")).json()["items"]
    assert "secret" not in listed
    referral_id = await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
    request = listener.told[0]
    event = json.loads(request.content)
    assert Webhooks((made["secret"],)).verify(request.content, request.headers, at=CLOCK.now()) == event["id"]
    assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "referral.sent", referral_id)
    assert event["data"] == {"referral_id": referral_id, "state": "sent"}
    assert str(request.url) == "http://his.test/hooks?a=1"


async def test_a_notification_that_is_not_taken_is_repeated_under_the_same_id(empty: World) -> None:
    listener = Listener()
    listener.status = 503
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    await empty["health"].done("/v1/webhooks", {"url": "http://his.test/hooks"})
    await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
    listener.status = 204
    await listener.until(2)
    first, second = listener.told[:2]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content


@pytest.mark.parametrize(
    "change", [{"url": "ftp://his.test"}, {"url": "http://user:pw@his.test/"}, {"types": ["made.up"]}, {"more": 1}]
)
async def test_a_webhook_that_cannot_be_is_refused(mesh: World, change: dict[str, Any]) -> None:
    response = await mesh["health"].post("/v1/webhooks", {"url": "http://his.test/hooks", **change})
    assert response.status_code == 422


async def test_ready_means_keys_database_and_clock(mesh: World) -> None:
    async with anonymous(mesh) as http:
        ready = await http.get("/readyz")
        assert ready.json() == {
            "status": "ready",
            "checks": {"accepting": "ok", "keys": "ok", "database": "ok", "clock": "ok"},
        }
        jwks = (await http.get("/.well-known/jwks.json")).json()["keys"]
        assert {key["use"] for key in jwks} == {"sig", "enc"}
        assert not [key for key in jwks if "d" in key]
        assert (await http.get("/.well-known/oauth-authorization-server")).status_code == 200
        assert (await http.get("/openapi.json")).json()["openapi"].startswith("3.1")


async def test_no_route_is_open_and_no_parameter_is_unbounded(mesh: World) -> None:
    for service in mesh.services.values():
        assert undeclared_routes(service.app) == []
        assert unbounded_parameters(service.app) == []
