"""Who is calling, and what they may call.

Owns bearer credentials (RFC 6750), scopes and their place in the OpenAPI document. Promises that a route states
its scope where it is declared and that the same statement is enforced, documented and checked
(`shared.web.routes.undeclared_routes`). Refuses credentials in a URL. How a token is verified is the
deployable's affair: it gives the factory an `Authenticate`.
"""

from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final

from fastapi import Depends
from starlette.requests import Request

from shared.kernel.errors import NotAuthenticated, NotPermitted
from shared.kernel.values import value
from shared.web.rate_limit import RateLimit

#: Name of the security scheme in the OpenAPI document.
SCHEME: Final = "token"
_TOKEN_MOST: Final = 16_384


@value
class Principal:
    """Who is calling, as the token says: an agency, a partner system or a body of oversight."""

    subject: str
    scopes: frozenset[str]


#: Says for whom the text of a token stands, or raises `NotAuthenticated`.
Authenticate = Callable[[str], Principal]


class Callers:
    """Who calls an application, and how often each may (`limit`)."""

    def __init__(self, authenticate: Authenticate, limit: RateLimit | None) -> None:
        self._authenticate = authenticate
        self.limit = limit

    def known(self, scope: MutableMapping[str, Any], credentials: Sequence[str]) -> Principal:
        """Return who calls, whatever it may do, from all its `Authorization` headers.

        Raises `NotAuthenticated`, `TooManyRequests`.
        """
        caller = self._authenticate(bearer_token(credentials))
        if self.limit is not None:
            self.limit.spend(scope, caller.subject)
        return caller


class Guard:
    """What stands before a route. A dependency of this class counts as the declaration of who may call.

    Subclasses are callables that FastAPI resolves; they say in `security` what the OpenAPI document shows.
    """

    security: Sequence[dict[str, list[str]]] = ()


class RequiredScope(Guard):
    """Lets through a caller whose token carries one of `any_of`; with none named, any caller with a token."""

    def __init__(self, *any_of: str) -> None:
        self.any_of = any_of
        self.security = tuple({SCHEME: [scope]} for scope in any_of) or ({SCHEME: []},)

    async def __call__(self, request: Request) -> Principal:
        """Return the caller. Raises `NotAuthenticated`, `NotPermitted` (`token.scope`), `TooManyRequests`."""
        callers: Callers = request.app.state.callers
        caller = callers.known(request.scope, request.headers.getlist("authorization"))
        self.check(caller)
        return caller

    def check(self, principal: Principal) -> None:
        """Raise `NotPermitted` (`token.scope`) for a caller that carries none of the scopes."""
        if self.any_of and principal.scopes.isdisjoint(self.any_of):
            wanted = " or ".join(self.any_of)
            raise NotPermitted("token.scope", f"This call needs a token with the scope {wanted}.")


def require(*any_of: str) -> Any:
    """Declare the scopes of a route, any one of which suffices.

    `caller: Annotated[Principal, require("referrals.send")]`, or `dependencies=[require("ledger.read")]`.
    """
    return Depends(RequiredScope(*any_of))


def bearer_token(credentials: Sequence[str]) -> str:
    """Return the token of the one `Authorization: Bearer` header (RFC 6750 section 2.1).

    Raises `NotAuthenticated`: `token.missing` without credentials, `token.invalid` for what is not a bearer token.
    """
    if not credentials:
        raise NotAuthenticated("token.missing", "Send a token: Authorization: Bearer <token>.")
    scheme, _, token = credentials[0].partition(" ")
    token = token.strip(" ")
    if (
        len(credentials) > 1
        or scheme.lower() != "bearer"
        or not token
        or len(token) > _TOKEN_MOST
        or not token.isascii()
    ):
        raise NotAuthenticated("token.invalid", "Send one header of the form Authorization: Bearer <token>.")
    return token


def challenge(code: str) -> str:
    """Write the `WWW-Authenticate` header for an error code (RFC 6750 section 3)."""
    if code == "token.missing":
        return 'Bearer realm="mesh"'
    if code == "token.scope":
        return 'Bearer realm="mesh", error="insufficient_scope"'
    return 'Bearer realm="mesh", error="invalid_token"'
