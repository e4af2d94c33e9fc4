"""Tokens and their discovery: RFC 6749 client credentials with `private_key_jwt` (RFC 7523), RFC 8414 metadata."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.adapters.tokens import TokenDesk
from gateway.domain.credential import AGENCY_SCOPES, OVERSIGHT_SCOPES
from shared.seal.keys import AgencyKeys
from shared.seal.tokens import ACCESS_TOKEN_SECONDS
from shared.web.body import form_body
from shared.web.token_route import REFUSALS, TokenRoute
from shared.wire.answers import TokenV1
from shared.wire.directory import JwksV1

PUBLIC_PATHS = frozenset({"/oauth/token", "/.well-known/oauth-authorization-server", "/.well-known/jwks.json"})
BEARER = "Bearer"
ALGORITHMS = ["ES256", "ES384", "RS384"]


class TokenRequest(BaseModel):
    """A client asks for an access token with an assertion signed by its own key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=16384)]
    client_id: Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")] = None
    scope: Annotated[str | None, Field(pattern=r"^[a-z.]+( [a-z.]+)*$", max_length=512)] = None


class DiscoveryV1(BaseModel):
    """Authorization server metadata (RFC 8414)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    scopes_supported: list[str]
    response_types_supported: list[str]


class TokenRoutes:
    """Tokens and discovery over HTTP."""

    def __init__(self, tokens: TokenDesk, *, keys: AgencyKeys, issuer: str) -> None:
        self._tokens = tokens
        self._keys = keys
        self._issuer = issuer

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["tokens"])
        router.add_api_route(
            "/oauth/token",
            self.issue_token,
            methods=["POST"],
            summary="Get an access token",
            responses=REFUSALS,
            route_class_override=TokenRoute,
        )
        known = "/.well-known"
        router.get(f"{known}/oauth-authorization-server", summary="Discover the token endpoint")(self.discovery)
        router.get(f"{known}/jwks.json", summary="Keys that sign tokens, receipts and notices")(self.jwks)
        return router

    async def issue_token(self, request: Annotated[TokenRequest, form_body(TokenRequest)]) -> TokenV1:
        """Return an access token for a client assertion (RFC 7523)."""
        scopes = None if request.scope is None else request.scope.split()
        token, granted = await self._tokens.issue(request.client_assertion, scopes=scopes)
        scope = " ".join(sorted(granted))
        return TokenV1(access_token=token, token_type=BEARER, expires_in=ACCESS_TOKEN_SECONDS, scope=scope)

    async def discovery(self) -> DiscoveryV1:
        """Return the metadata of this authorization server (RFC 8414)."""
        return DiscoveryV1(
            issuer=self._issuer,
            token_endpoint=f"{self._issuer}/oauth/token",
            jwks_uri=f"{self._issuer}/.well-known/jwks.json",
            grant_types_supported=["client_credentials"],
            token_endpoint_auth_methods_supported=["private_key_jwt"],
            token_endpoint_auth_signing_alg_values_supported=ALGORITHMS,
            scopes_supported=sorted(AGENCY_SCOPES | OVERSIGHT_SCOPES),
            response_types_supported=[],
        )

    async def jwks(self) -> JwksV1:
        """Return the gateway's own signing keys."""
        published: dict[str, Any] = self._keys.public_jwks()
        return JwksV1(keys=tuple(key for key in published["keys"] if key.get("use") == "sig"))
