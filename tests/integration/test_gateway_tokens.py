"""Tokens: one assertion, one token; what OAuth clients read of a refusal; discovery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.kernel.clock import ManualClock
from tests.support.agency import Agency
from tests.support.mesh import HEALTH, OVERSIGHT, SOCIAL, URL, Mesh, enrolment, keys_of

Asking = Callable[[Mesh], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def mesh(shared_mesh: Mesh) -> Mesh:
    return shared_mesh


async def replayed(mesh: Mesh) -> httpx.Response:
    assertion = mesh[HEALTH].assertion()
    assert (await mesh[HEALTH].ask_token(client_assertion=assertion)).status_code == 200
    return await mesh[HEALTH].ask_token(client_assertion=assertion)


async def for_another_audience(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(client_assertion=mesh[HEALTH].assertion(audience="http://elsewhere.test"))


async def expired(mesh: Mesh) -> httpx.Response:
    late = mesh[HEALTH].assertion(at=mesh.clock.now() - timedelta(minutes=10))
    return await mesh[HEALTH].ask_token(client_assertion=late)


async def signed_by_another(mesh: Mesh) -> httpx.Response:
    forged = Agency(HEALTH, keys_of(OVERSIGHT), mesh[HEALTH].http, mesh.clock, mesh[HEALTH].ids, None, {})
    return await mesh[HEALTH].ask_token(client_assertion=forged.assertion())


async def of_an_unknown_client(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(client_assertion=mesh[HEALTH].assertion(client_id="nobody-th"))


async def in_anothers_name(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(client_id=SOCIAL)


async def of_a_disabled_agency(mesh: Mesh) -> httpx.Response:
    mesh.provision(lambda desk: desk.disable(HEALTH))
    return await mesh[HEALTH].ask_token()


async def not_a_token(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(client_assertion="a.b.c")


async def by_another_grant(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(grant_type="authorization_code")


async def for_anothers_scope(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(scope="oversight.read")


async def with_an_unknown_field(mesh: Mesh) -> httpx.Response:
    return await mesh[HEALTH].ask_token(client_secret="hunter2")


@pytest.mark.parametrize(
    ("asking", "status", "code", "error"),
    [
        (replayed, 401, "client.replayed", "invalid_client"),
        (for_another_audience, 401, "client.invalid", "invalid_client"),
        (expired, 401, "client.invalid", "invalid_client"),
        (signed_by_another, 401, "client.invalid", "invalid_client"),
        (of_an_unknown_client, 401, "client.invalid", "invalid_client"),
        (in_anothers_name, 401, "client.invalid", "invalid_client"),
        (of_a_disabled_agency, 403, "agency.disabled", "unauthorized_client"),
        (not_a_token, 401, "client.invalid", "invalid_client"),
        (by_another_grant, 400, "message.invalid", "unsupported_grant_type"),
        (for_anothers_scope, 400, "token.scope-unknown", "invalid_scope"),
        (with_an_unknown_field, 400, "message.invalid", "invalid_request"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_token_is_refused(own_mesh: Mesh, asking: Asking, status: int, code: str, error: str) -> None:
    answer = await asking(own_mesh)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["error"]) == (status, code, error), answer.text
    assert (problem["status"], bool(problem["error_description"])) == (status, True)
    assert answer.headers["cache-control"] == "no-store"
    assert "hunter2" not in answer.text
    assert answer.headers.get("www-authenticate") == ('Bearer realm="mesh"' if status == 401 else None)


async def test_token_is_a_bearer_token_of_five_minutes(mesh: Mesh) -> None:
    answer = await mesh[HEALTH].ask_token(scope="referrals.send directory.read oversight.read")
    token: dict[str, Any] = answer.json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 300)
    assert token["scope"] == "directory.read referrals.send"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    read = mesh[HEALTH].http.get
    assert (await read("/v1/agencies", headers=headers)).status_code == 200
    refused = await read("/v1/inbox", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "token.scope")
    assert isinstance(mesh.clock, ManualClock)
    mesh.advance(timedelta(minutes=7))
    assert (await read("/v1/agencies", headers=headers)).status_code == 401


@pytest.mark.parametrize("jti", ["a\x00b", "/", "x" * 200, "nước mắm"])
async def test_any_text_identifies_an_assertion(mesh: Mesh, jti: str) -> None:
    assertion = mesh[HEALTH].assertion(jti=jti)
    statuses = [(await mesh[HEALTH].ask_token(client_assertion=assertion)).status_code for _ in range(2)]
    assert statuses == [200, 401]


async def test_refused_assertion_is_told_what_one_must_be(mesh: Mesh) -> None:
    answer = await mesh[HEALTH].ask_token(client_assertion="a.b.c")
    for needed in ("alg", "kid", "iss", "sub", "aud", "jti", "exp"):
        assert f" {needed}" in answer.json()["detail"]


async def test_client_id_may_stand_beside_an_assertion_of_the_same_client(mesh: Mesh) -> None:
    assert (await mesh[HEALTH].ask_token(client_id=HEALTH)).status_code == 200


async def test_audience_may_be_the_issuer(mesh: Mesh) -> None:
    answer = await mesh[HEALTH].ask_token(client_assertion=mesh[HEALTH].assertion(audience=URL))
    assert answer.status_code == 200


async def test_discovery_leads_to_the_token_endpoint(mesh: Mesh) -> None:
    http = mesh[HEALTH].http
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    assert (metadata["issuer"], metadata["token_endpoint"]) == (URL, f"{URL}/oauth/token")
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    keys = (await http.get(metadata["jwks_uri"])).json()["keys"]
    assert [key["kid"] for key in keys] == [keys_of("gateway").signing.kid]
    assert "d" not in keys[0]


async def test_three_documents_of_discovery_tell_the_same(mesh: Mesh) -> None:
    http = mesh[HEALTH].http
    metadata = (await http.get("/.well-known/oauth-authorization-server")).json()
    smart = (await http.get("/.well-known/smart-configuration")).json()
    assert smart["capabilities"] == ["client-confidential-asymmetric"]
    assert {name: metadata[name] for name in smart.keys() - {"capabilities"}} == {
        name: value for name, value in smart.items() if name != "capabilities"
    }
    resource = (await http.get("/.well-known/oauth-protected-resource")).json()
    assert (resource["resource"], resource["authorization_servers"]) == (URL, [URL])
    assert resource["scopes_supported"] == metadata["scopes_supported"]
    assert resource["bearer_methods_supported"] == ["header"]


async def test_what_is_asked_often_and_has_not_changed_is_not_sent_again(mesh: Mesh) -> None:
    paths = ("/v1/sop", "/v1/sop/service-types/SOC-01", "/.well-known/jwks.json", "/v1/agencies", "/hsds/services")
    for path in paths:
        first = await mesh[HEALTH].get(path)
        headers = {"If-None-Match": first.headers["etag"]}
        again = await mesh[HEALTH].call("GET", path, headers=headers)
        assert (again.status_code, again.content) == (304, b""), path
    mesh.provision(lambda desk: desk.enroll(enrolment("another-house", "social", "SOC-")))
    assert (await mesh[HEALTH].call("GET", "/hsds/services", headers=headers)).status_code == 200


async def test_enrolled_agency_is_known_at_once(mesh: Mesh) -> None:
    from dataclasses import replace

    newcomer = replace(mesh[HEALTH], id="new-house", keys=keys_of("new-house"), _tokens={})
    assert (await newcomer.ask_token()).status_code == 401
    mesh.provision(lambda desk: desk.enroll(enrolment("new-house", "social", "SOC-")))
    assert (await newcomer.ask_token()).status_code == 200


@pytest.mark.parametrize("path", ["/v1/inbox", "/v1/agencies", "/v1/referrals"])
async def test_token_of_an_agency_that_was_disabled_opens_nothing_any_more(own_mesh: Mesh, path: str) -> None:
    assert (await own_mesh[HEALTH].get(path)).status_code == 200
    own_mesh.provision(lambda desk: desk.disable(HEALTH))
    async with asyncio.timeout(30):
        while (answer := await own_mesh[HEALTH].get(path)).status_code == 200:
            await asyncio.sleep(0.1)
    assert (answer.status_code, answer.json()["code"]) == (403, "agency.disabled")
