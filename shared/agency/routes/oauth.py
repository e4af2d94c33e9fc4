"""Tokens for partner systems: RFC 6749 client credentials, and the keys that the tokens are checked with."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from starlette.requests import Request

from shared.agency.partners import Partners
from shared.kernel.errors import NotAuthenticated
from shared.seal.keys import AgencyKeys
from shared.seal.tokens import ACCESS_TOKEN_SECONDS
from shared.web.body import form_body
from shared.web.conditional import ConditionalRoute
from shared.web.security import Guard
from shared.web.token_route import REFUSALS, TokenRoute
from shared.wire.answers import TokenV1
from shared.wire.directory import JwksV1
from shared.wire.fields import Closed

PUBLIC_PATHS: Final = frozenset({"/.well-known/jwks.json"})
_BEARER: Final = "Bearer"


class PartnerTokenRequest(Closed):
    """A partner system asks for a token: with HTTP Basic credentials, or with a signed assertion."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"] | None = None
    client_assertion: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=16_384)] | None = None
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,62}$")] | None = None
    scope: Annotated[str, Field(pattern=r"^[a-z.]+( [a-z.]+)*$", max_length=512)] | None = None


class ClientProof(Guard):
    """Stands before the token route: takes the client's credentials, whatever they are worth."""

    async def __call__(self, request: Request) -> str | None:
        """Return the one `Authorization` header. Raises `NotAuthenticated` (`token.refused`) for several."""
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:
            raise NotAuthenticated("token.refused", "Send one Authorization header.")
        return headers[0] if headers else None


def oauth_router(partners: Partners, keys: AgencyKeys) -> APIRouter:
    """Make the routes of tokens and of the keys that they are checked with."""
    router = APIRouter(tags=["tokens"])

    async def issue_token(
        request: Annotated[PartnerTokenRequest, form_body(PartnerTokenRequest)],
        credentials: Annotated[str | None, Depends(ClientProof())],
        response: Response,
    ) -> TokenV1:
        scopes = None if request.scope is None else request.scope.split()
        if request.client_assertion is not None:
            granted = await partners.by_assertion(request.client_assertion, named=request.client_id, scopes=scopes)
        else:
            granted = await partners.by_secret(credentials or "", named=request.client_id, scopes=scopes)
        response.headers["Cache-Control"] = "no-store"
        scope = " ".join(sorted(granted.scopes))
        return TokenV1(access_token=granted.token, token_type=_BEARER, expires_in=ACCESS_TOKEN_SECONDS, scope=scope)

    router.add_api_route(
        "/oauth/token",
        issue_token,
        methods=["POST"],
        summary="Get an access token",
        operation_id="issue_token",
        responses=REFUSALS,
        route_class_override=TokenRoute,
    )

    async def jwks() -> JwksV1:
        published: list[dict[str, Any]] = [dict(key) for key in keys.public_jwks()["keys"]]
        return JwksV1(keys=tuple(published))

    router.add_api_route(
        "/.well-known/jwks.json", jwks, summary="This agency's public keys", route_class_override=ConditionalRoute
    )
    return router
