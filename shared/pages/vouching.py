"""Signing in with the account of one's institution: to the identity provider and back.

What the browser keeps in between is encrypted and read once: whatever comes of it, the cookie is dropped. Both routes
are reached by links, because a form may lead to no other site here (`form-action 'self'`).
"""

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import MeshError, NotAuthenticated
from shared.pages.entrance import Entrance, Next
from shared.pages.guard import token_of
from shared.pages.paths import VOUCHED, VOUCHING
from shared.pages.routes import own_path, page_router
from shared.people.registration import ATTEMPT_LASTS, Attempt, not_vouched
from shared.people.sealing import seal, unseal
from shared.seal.at_rest import Vault

if TYPE_CHECKING:
    from shared.people.provider import Provider

PUBLIC_PATHS: Final = frozenset({VOUCHING, VOUCHED})
_PLACE: Final = "sign-in/attempt"


def vouching_router(entrance: Entrance, provider: "Provider", *, vault: Vault) -> APIRouter:
    """Make the two routes; only a deployable with a provider has them."""
    router = page_router()
    cookies = entrance.pages.cookies

    @router.get(VOUCHING)
    async def start(request: Request, next: Next = None) -> Response:
        try:
            address, attempt = await provider.begin(wanted=own_path(next, otherwise=""))
        except NotAuthenticated as error:
            return entrance.sign_in_page(request, next, error=error)
        response = RedirectResponse(address, 303)
        kept = b64url(seal(vault, attempt.to_bytes(), place=_PLACE))
        cookies.put(response, cookies.attempt, kept, lasts=int(ATTEMPT_LASTS.total_seconds()))
        return response

    @router.get(VOUCHED)
    async def back(request: Request) -> Response:
        try:
            attempt = _attempt(request.cookies.get(cookies.attempt), vault)
            subject = await provider.finish(attempt, dict(request.query_params))
            token, person = await entrance.door.vouched(subject, instead_of=token_of(request))
        except NotAuthenticated as error:
            error = error if error.code == "sign-in.provider" else not_vouched()
            response: Response = entrance.sign_in_page(request, None, error=error)
        else:
            response = entrance.entered(token, attempt.wanted, person)
        cookies.drop(response, cookies.attempt)
        return response

    return router


def _attempt(kept: str | None, vault: Vault) -> Attempt:
    try:
        return Attempt.from_bytes(unseal(vault, from_b64url(kept or ""), place=_PLACE))
    except (MeshError, TypeError, ValueError) as fault:
        raise not_vouched() from fault
