"""Who acts and who reads: from the token and the headers of a request."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response
from pydantic_core import to_json
from starlette.requests import Request

from shared.agency.acting import Answer, Caller, fingerprint_of, pseudonym_of, read_key
from shared.agency.reading import Visitor
from shared.kernel.identifiers import UUID7_PATTERN
from shared.web.security import Principal, require
from shared.wire.fields import ACTOR_PATTERN, CODE_PATTERN

SEND = "referrals.send"
HANDLE = "referrals.handle"
CONSENT = "consents.write"
WEBHOOKS = "webhooks.write"
SUPERVISE = "conflicts.read"
SUPERVISE_ORDERS = "orders.supervise"

Id = Annotated[str, Path(pattern=UUID7_PATTERN)]
_Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=130, description="A fresh key per act; the same key never acts twice."),
]
_Reason = Annotated[
    str, Header(alias="Access-Reason", pattern=CODE_PATTERN, description="Why this is read, as a code.")
]
_Actor = Annotated[
    str | None, Header(alias="Access-Actor", pattern=ACTOR_PATTERN, description="Pseudonym of the person who reads.")
]


class Doorkeeper:
    """Makes the dependencies of one agency's routes."""

    def __init__(self, agency_id: str) -> None:
        self._agency_id = agency_id

    def acting(self, *scopes: str) -> Any:
        """Declare a route that acts: its caller, with the idempotency key."""
        guard = require(*scopes)

        async def acting(request: Request, principal: Annotated[Principal, guard], key: _Key = None) -> Caller:
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            if key is None:
                return Caller(principal.subject, pseudonym)
            fingerprint = fingerprint_of(request.method, request.url.path, await request.body())
            return Caller(principal.subject, pseudonym, read_key(key), fingerprint)

        return Depends(acting)

    def visiting(self, *scopes: str) -> Any:
        """Declare a route that reads about a person: its visitor, with a reason."""
        guard = require(*scopes)

        async def visiting(principal: Annotated[Principal, guard], reason: _Reason, actor: _Actor = None) -> Visitor:
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            return Visitor(principal.subject, actor or pseudonym, pseudonym, reason)

        return Depends(visiting)

    def looking(self, *scopes: str) -> Any:
        """Declare a route that reads facts and labels only: its visitor, no reason asked."""
        guard = require(*scopes)

        async def looking(principal: Annotated[Principal, guard], actor: _Actor = None) -> Visitor:
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            return Visitor(principal.subject, actor or pseudonym, pseudonym)

        return Depends(looking)


def written(answer: Answer) -> Response:
    """Return an answer as it stands, for the busiest routes: it is documented by a model, and not run through it."""
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return as_json(dict(answer.body), status=answer.status, headers=headers)


def as_json(document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a document that is plain data already."""
    return Response(to_json(document), status_code=status, headers=headers, media_type="application/json")


def told(answer: Answer, response: Response) -> dict[str, Any]:
    """Return the body of an answer after putting status and replay on the response."""
    response.status_code = answer.status
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return dict(answer.body)
