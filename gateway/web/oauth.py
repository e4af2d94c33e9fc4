"""Tokens: RFC 6749 client credentials with `private_key_jwt` (RFC 7523), and the keys that they are checked with."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from gateway.adapters.tokens import TokenDesk
from shared.seal.keys import AgencyKeys
from shared.seal.tokens import ACCESS_TOKEN_SECONDS
from shared.web.body import form_body
from shared.web.conditional import ConditionalRoute
from shared.web.token_route import REFUSALS, TokenRoute
from shared.wire.answers import TokenV1
from shared.wire.directory import JwksV1

PUBLIC_PATHS = frozenset({"/oauth/token", "/.well-known/jwks.json"})
BEARER = "Bearer"


class TokenRequest(BaseModel):
    """A client asks for an access token with an assertion signed by its own key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=16384)]
    client_id: Annotated[str | None, Field(pattern=r"^[a-z0-9][a-z0-9-]{2,62}$")] = None
    scope: Annotated[str | None, Field(pattern=r"^[a-z.]+( [a-z.]+)*$", max_length=512)] = None


class TokenRoutes:
    """Tokens over HTTP."""

    def __init__(self, tokens: TokenDesk, *, keys: AgencyKeys) -> None:
        self._tokens = tokens
        self._keys = keys

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
        router.add_api_route(
            "/.well-known/jwks.json",
            self.jwks,
            summary="Keys that sign tokens, receipts and notices",
            route_class_override=ConditionalRoute,
        )
        return router

    async def issue_token(self, request: Annotated[TokenRequest, form_body(TokenRequest)]) -> TokenV1:
        """Return an access token for a client assertion (RFC 7523)."""
        scopes = None if request.scope is None else request.scope.split()
        token, granted = await self._tokens.issue(request.client_assertion, client_id=request.client_id, scopes=scopes)
        scope = " ".join(sorted(granted))
        return TokenV1(access_token=token, token_type=BEARER, expires_in=ACCESS_TOKEN_SECONDS, scope=scope)

    async def jwks(self) -> JwksV1:
        """Return the gateway's own signing keys."""
        published: dict[str, Any] = self._keys.public_jwks()
        return JwksV1(keys=tuple(key for key in published["keys"] if key.get("use") == "sig"))
