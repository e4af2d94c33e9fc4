"""Wire contract, section 2: who may have a token, as seen by a client that knows the page alone."""

from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.e2e.conftest import World
from tests.e2e.outside import keys, messages
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.problems import problem

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

AGENCY_SCOPES = {
    "referrals.send",
    "referrals.handle",
    "consents.write",
    "directory.read",
    "directory.write",
    "ledger.read",
}
OAUTH_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
}


def refused_token(answer: httpx.Response) -> None:
    """A refusal of the token endpoint: a problem document that is an OAuth error too (RFC 6749 section 5.2)."""
    assert answer.status_code in {400, 401, 403, 422}, answer.text
    document = problem(answer, answer.status_code)
    assert "access_token" not in document
    assert document["error"] in OAUTH_ERRORS


def test_discovery_names_what_a_client_needs(world: World) -> None:
    found = httpx.get(f"{world.url}/.well-known/oauth-authorization-server").json()
    assert found["issuer"] == world.url
    assert found["token_endpoint"] == f"{world.url}/oauth/token"
    assert found["jwks_uri"] == f"{world.url}/.well-known/jwks.json"
    assert "client_credentials" in found["grant_types_supported"]
    assert "private_key_jwt" in found["token_endpoint_auth_methods_supported"]
    assert {"ES256", "ES384", "RS384"} <= set(found["token_endpoint_auth_signing_alg_values_supported"])
    assert set(found["scopes_supported"]) == AGENCY_SCOPES | {"oversight.read", "oversight.review"}


def test_access_token_is_what_rfc_9068_says(world: World) -> None:
    answer = world.health.ask_token()
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 300
    jwks = httpx.get(f"{world.url}/.well-known/jwks.json").json()
    token = jwt.decode(body["access_token"], KeySet.import_key_set(jwks), algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    assert claims["iss"] == world.url
    assert claims["sub"] == claims["client_id"] == "out-health"
    assert claims["exp"] - claims["iat"] == 300
    assert {"aud", "jti"} <= claims.keys()
    assert set(claims["scope"].split()) == AGENCY_SCOPES


def test_public_key_set_holds_no_private_key(world: World) -> None:
    for jwk in httpx.get(f"{world.url}/.well-known/jwks.json").json()["keys"]:
        assert "d" not in jwk
        if jwk.get("kty") in {"EC", "OKP"}:
            assert jwk["kid"] == keys.thumbprint(jwk)


@pytest.mark.parametrize("audience", ["/oauth/token", ""])
def test_audience_is_the_endpoint_or_the_issuer(world: World, audience: str) -> None:
    assert world.health.ask_token(world.health.assertion(aud=world.url + audience)).status_code == 200


def test_fewer_scopes_are_given_when_asked_for(world: World) -> None:
    answer = world.health.ask_token(scope="directory.read ledger.read")
    assert answer.status_code == 200
    assert set(answer.json()["scope"].split()) == {"directory.read", "ledger.read"}
    bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert world.health.http.get("/v1/agencies", headers=bearer).status_code == 200
    problem(world.health.http.get("/v1/inbox", headers=bearer), 403)


@pytest.mark.parametrize("scope", ["oversight.read", "everything"])
def test_scopes_that_are_not_ones_own_are_not_given(world: World, scope: str) -> None:
    refused_token(world.health.ask_token(scope=scope))


def test_body_of_oversight_has_its_own_scopes(world: World) -> None:
    answer = world.oversight.ask_token()
    assert answer.status_code == 200
    assert "oversight.read" in answer.json()["scope"].split()
    assert not {"referrals.send", "referrals.handle", "consents.write"} & set(answer.json()["scope"].split())


def test_assertion_counts_once(world: World) -> None:
    assertion = world.health.assertion()
    assert world.health.ask_token(assertion).status_code == 200
    refused_token(world.health.ask_token(assertion))


def test_same_jti_counts_once_even_in_another_assertion(world: World) -> None:
    jti = messages.new_id()
    assert world.health.ask_token(world.health.assertion(jti=jti)).status_code == 200
    refused_token(world.health.ask_token(world.health.assertion(jti=jti, aud=world.url)))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_700_000_000},
        {"exp": 4_000_000_000},
        {"exp": None},
        {"jti": None},
        {"aud": None},
        {"iss": None},
        {"sub": None},
        {"aud": "https://elsewhere.example"},
        {"iss": "out-social"},
        {"sub": "out-social"},
        {"iss": "out-social", "sub": "out-social"},
        {"iss": "nobody-here", "sub": "nobody-here"},
        {"iss": "out-gone", "sub": "out-gone"},
        {"exp": "soon"},
        {"exp": True},
        {"jti": 7},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
def test_assertion_with_wrong_claims_is_refused(world: World, claims: dict[str, Any]) -> None:
    refused_token(world.health.ask_token(world.health.assertion(**claims)))


def test_audience_is_one_string(world: World) -> None:
    refused_token(world.health.ask_token(world.health.assertion(aud=[world.url, "https://elsewhere.example"])))


@pytest.mark.parametrize(
    "header",
    [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES512"}, {"kid": "unknown"}, {"crit": ["exp"]}, {"jku": "http://x"}],
    ids=str,
)
def test_header_that_names_another_algorithm_or_key_is_refused(world: World, header: dict[str, Any]) -> None:
    refused_token(world.health.ask_token(world.health.assertion(header=header)))


def test_disabled_agency_gets_no_token(world: World) -> None:
    refused_token(world.gone.ask_token())


def test_key_that_was_never_enrolled_is_refused(world: World) -> None:
    stranger = keys.EcSigner()
    refused_token(world.health.ask_token(world.health.assertion(signer=stranger)))
    refused_token(
        world.health.ask_token(world.health.assertion(signer=stranger, header={"kid": world.health.signer.kid}))
    )


def test_smart_clients_may_sign_with_their_own_algorithms(world: World) -> None:
    signers: tuple[keys.Signer, ...] = (keys.EcSigner("ES384"), keys.RsaSigner())
    smart = world.enrolled(Agency("out-smart", world.url, extra_signers=signers), sector="health")
    for signer in signers:
        assert smart.ask_token(smart.assertion(signer=signer)).status_code == 200, signer.alg


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password"},
        {"grant_type": ""},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion": "not-a-jwt"},
        {"client_assertion": "a.b.c"},
        {"client_assertion": ""},
    ],
    ids=str,
)
def test_malformed_token_request_is_refused(world: World, form: dict[str, str]) -> None:
    refused_token(world.health.http.post("/oauth/token", data={**ready(world.health), **form}))


def ready(agency: Agency) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": agency.assertion(),
    }


def test_token_endpoint_takes_forms_alone(world: World) -> None:
    problem(world.health.http.post("/oauth/token", json=ready(world.health)), 415)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x.y.z", "Basic YTpi", "bearer"])
def test_without_a_good_token_the_answer_is_401(world: World, value: str) -> None:
    answer = world.health.http.get("/v1/agencies", headers={"Authorization": value} if value else {})
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_client_assertion_is_no_access_token(world: World) -> None:
    bearer = {"Authorization": f"Bearer {world.health.assertion(aud=world.url)}"}
    problem(world.health.http.get("/v1/agencies", headers=bearer), 401)


def test_scheme_of_the_token_is_case_insensitive(world: World) -> None:
    bearer = {"Authorization": f"bearer {world.health.token}"}
    assert world.health.http.get("/v1/agencies", headers=bearer).status_code == 200
