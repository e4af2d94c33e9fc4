"""Who may read and tell at the gateway: a client with a scope that is active in the directory now.

A token lives for minutes, and an agency may be disabled meanwhile. Signed messages and acts that the ledger records
do not stand behind this guard: there the refusal is decided with the act and recorded like any other.
"""

from typing import Any, Protocol

from fastapi import Depends
from starlette.requests import Request

from shared.web.security import Principal, RequiredScope


class Members(Protocol):
    """Who takes part in the mesh."""

    async def active(self, client_id: str) -> object:
        """Return an active client. Raises `NotAuthenticated` (`client.unknown`), `NotPermitted` (`agency.disabled`)."""
        ...


class ActiveMember(RequiredScope):
    """Lets through a caller with one of the scopes who is not disabled; `app.state.members` knows."""

    async def __call__(self, request: Request) -> Principal:
        """Return the caller. Raises as `RequiredScope` and `Members.active` do."""
        principal = await super().__call__(request)
        members: Members = request.app.state.members
        await members.active(principal.subject)
        return principal


def require(*any_of: str) -> Any:
    """Declare the scopes of a route, any one of which suffices, as `shared.web.security.require` does."""
    return Depends(ActiveMember(*any_of))
