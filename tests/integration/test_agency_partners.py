"""Partner systems: tokens, scopes, reasons for reading, and a trace of every reading."""

import base64
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.agency.adapters.store import SqlStore
from shared.agency.partners import partner_of
from shared.agency.records import Partner, Visit
from shared.kernel.clock import SystemClock
from shared.kernel.encoding import b64url
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.jws import sign_compact
from shared.seal.keys import SigningKey
from shared.seal.tokens import make_assertion
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
from tests.support.casework import a_case

CLOCK = SystemClock()
GRANT = {"grant_type": "client_credentials"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("world"), "health", "social") as made:
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


@pytest.mark.parametrize("name", ["half of a pair \ud800", "none \x00", "", "x" * 500, 7])
async def test_a_name_that_no_client_can_have_is_refused_like_an_unknown_one(mesh: World, name: object) -> None:
    parts = ({"alg": "ES256", "kid": "k", "typ": "JWT"}, {"sub": name, "iss": name, "exp": 1, "jti": "1"})
    proof = ".".join([*(b64url(json.dumps(part).encode()) for part in parts), "AAAA"])
    basic = base64.b64encode(f"{name}:guess".encode(errors="surrogatepass")).decode()
    async with anonymous(mesh) as http:
        answers = [
            await http.post(
                "/oauth/token", data={**GRANT, "client_assertion_type": ASSERTION, "client_assertion": proof}
            ),
            await http.post("/oauth/token", data=GRANT, headers={"Authorization": f"Basic {basic}"}),
        ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "token.refused")] * 2


async def test_an_assertion_counts_once_whatever_its_jti_is(mesh: World) -> None:
    key = SigningKey.generate()
    await add(mesh, partner_of("odd", secret=None, jwks={"keys": [key.public.public_jwk()]}, at=CLOCK.now()))
    until = int(CLOCK.now().timestamp()) + 60
    claims = {"iss": "odd", "sub": "odd", "aud": mesh.services["health"].settings.issuer, "exp": until, "jti": "\ud800"}
    proof = sign_compact(json.dumps(claims).encode(), key, "JWT")
    form = {**GRANT, "client_assertion_type": ASSERTION, "client_assertion": proof}
    async with anonymous(mesh) as http:
        assert [(await http.post("/oauth/token", data=form)).status_code for _ in range(2)] == [200, 401]


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


async def test_client_id_beside_a_proof_names_the_client_that_the_proof_is_of(mesh: World) -> None:
    key = SigningKey.generate()
    both = partner_of("both-ways", secret="a shared word", jwks={"keys": [key.public.public_jwk()]}, at=CLOCK.now())
    await add(mesh, both)
    issuer = mesh.services["health"].settings.issuer

    async def asked(named: str) -> list[int]:
        ids = Uuid7Factory(CLOCK)
        proof = make_assertion(key, client_id="both-ways", audience=issuer, at=CLOCK.now(), jti=ids.new())
        signed = {**GRANT, "client_assertion_type": ASSERTION, "client_assertion": proof, "client_id": named}
        basic = {**GRANT, "client_id": named}
        async with anonymous(mesh) as http:
            answers = [
                await http.post("/oauth/token", data=signed),
                await http.post("/oauth/token", data=basic, auth=("both-ways", "a shared word")),
            ]
        return [answer.status_code for answer in answers]

    assert await asked("both-ways") == [200, 200]
    assert await asked(PARTNER) == [401, 401]


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
        refused = await http.post("/oauth/token", data=asked, auth=("reader", "s" * 32))
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
        token = (await http.post("/oauth/token", data=GRANT, auth=("reader", "s" * 32))).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        refused = await http.post("/v1/consents", json=a_consent())
    assert (refused.status_code, refused.json()["code"]) == (403, "token.scope")


@pytest.mark.parametrize(("scope", "own", "other"), [("referrals.send", 0, 1), ("referrals.handle", 1, 0)])
async def test_a_token_for_one_side_of_referrals_is_for_no_case_of_the_other(
    mesh: World, scope: str, own: int, other: int
) -> None:
    """Health sends one referral, and is sent another."""
    sent = await referred(mesh["health"], await consented(mesh["health"]))
    parts = {"contact": {"name_to_use": "M."}, "safety": {"band": "R3"}, "preferences": {"staff_gender": "female"}}
    received = await a_case(mesh, "social", "health", "HEA-06", compartments=parts, until="deliver", urgency="urgent")
    ids, name = [sent, received], scope.replace(".", "-")
    await add(mesh, partner_of(name, secret="s" * 32, jwks=None, at=CLOCK.now(), scopes=[scope]))
    async with anonymous(mesh) as http:
        token = (await http.post("/oauth/token", data=GRANT, auth=(name, "s" * 32))).json()["access_token"]
        http.headers.update({"Authorization": f"Bearer {token}", "Access-Reason": "case_work"})
        for path in ("", "/notes", "/chain", "/clocks", "/acts"):
            assert (await http.get(f"/v1/referrals/{ids[own]}{path}")).status_code == 200, path
            refused = await http.get(f"/v1/referrals/{ids[other]}{path}")
            assert (refused.status_code, refused.json()["code"]) == (404, "referral.unknown"), path
        for path, body in (("/withdraw", {"actor": "staff-1"}), ("/notes", {"text": "x"})):
            assert (await http.post(f"/v1/referrals/{ids[other]}{path}", json=body)).status_code == 404, path
        listed = [one["referral_id"] for one in (await http.get("/v1/referrals?limit=200")).json()["items"]]
        assert (ids[own] in listed, ids[other] in listed) == (True, False)
        box = ["sent", "received"][other]
        assert (await http.get(f"/v1/referrals?box={box}")).json()["items"] == []


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


async def test_what_was_taken_in_says_where_it_is_read(mesh: World) -> None:
    health = mesh["health"]
    recorded = await health.post("/v1/consents", a_consent())
    consent = recorded.json()["consent"]
    sent = await health.post("/v1/referrals", a_referral(consent))
    cancelled = await health.post(f"{sent.headers['location']}/cancel", {"reason": "other"})
    taken_back = await health.post(f"/v1/consents/{consent['id']}/revocations", {"by": "survivor"})
    places = [answer.headers.get("location") for answer in (recorded, sent, cancelled, taken_back)]
    read = f"/v1/referrals/{sent.json()['referral']['referral_id']}"
    kept = f"/v1/consents/{consent['id']}"
    assert places == [kept, read, read, f"{kept}/propagation"], [cancelled.text, taken_back.text]
    assert [(await health.get(str(place))).status_code for place in places] == [200] * 4


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
