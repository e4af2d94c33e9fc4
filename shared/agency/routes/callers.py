"""Who acts and who reads: from the token and the headers of a request."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Response
from pydantic_core import to_json
from starlette.requests import Request

from shared.agency.acting import Answer, Caller, fingerprint_of, pseudonym_of, read_key
from shared.agency.office import unknown_referral
from shared.agency.reading import Visitor
from shared.agency.records import Box
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


#: What a token with one of these scopes and not the other is for.
_BOXES: Final[Mapping[str, str]] = {SEND: Box.SENT.value, HANDLE: Box.RECEIVED.value}


class Doorkeeper:
    """Makes the dependencies of one agency's routes.

    A route that takes either side of a referral (`referrals.send`, `referrals.handle`) is open for the side of the
    token alone: `box_of` says on which side of a referral this agency is, None where it has none of that id. Whoever
    asks about the other side does not learn that there is such a referral.
    """

    def __init__(self, agency_id: str, box_of: Callable[[str], Awaitable[str | None]]) -> None:
        self._agency_id = agency_id
        self._box_of = box_of

    def acting(self, *scopes: str) -> Any:
        """Declare a route that acts: its caller, with the idempotency key."""
        guard = require(*scopes)

        async def acting(request: Request, principal: Annotated[Principal, guard], key: _Key = None) -> Caller:
            await self._box(request, principal, scopes)
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            if key is None:
                return Caller(principal.subject, pseudonym)
            fingerprint = fingerprint_of(request.method, request.url.path, await request.body())
            return Caller(principal.subject, pseudonym, read_key(key), fingerprint)

        return Depends(acting)

    def visiting(self, *scopes: str) -> Any:
        """Declare a route that reads about a person: its visitor, with a reason."""
        guard = require(*scopes)

        async def visiting(
            request: Request, principal: Annotated[Principal, guard], reason: _Reason, actor: _Actor = None
        ) -> Visitor:
            box = await self._box(request, principal, scopes)
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            return Visitor(principal.subject, actor or pseudonym, pseudonym, reason, box)

        return Depends(visiting)

    def looking(self, *scopes: str) -> Any:
        """Declare a route that reads facts and labels only: its visitor, no reason asked."""
        guard = require(*scopes)

        async def looking(request: Request, principal: Annotated[Principal, guard], actor: _Actor = None) -> Visitor:
            box = await self._box(request, principal, scopes)
            pseudonym = pseudonym_of(self._agency_id, principal.subject)
            return Visitor(principal.subject, actor or pseudonym, pseudonym, box=box)

        return Depends(looking)

    async def _box(self, request: Request, principal: Principal, scopes: Collection[str]) -> str | None:
        """Return the one side that a token is for, None for both. Raises `NotFound` where the call is about the other.

        A route of one side alone says so by its scope.
        """
        if not _BOXES.keys() <= set(scopes):
            return None
        boxes = [box for scope, box in _BOXES.items() if scope in principal.scopes]
        if len(boxes) > 1:
            return None
        referral_id = request.path_params.get("id")
        if referral_id is not None and await self._box_of(str(referral_id)) not in {None, *boxes}:
            raise unknown_referral()
        return boxes[0] if boxes else None


def written(answer: Answer, place: str) -> Response:
    """Return an answer as it stands, for the busiest routes: it is documented by a model, and not run through it.

    `place` is where what came of it is read.
    """
    headers = {"Location": place}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return as_json(dict(answer.body), status=answer.status, headers=headers)


def as_json(document: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a document that is plain data already."""
    return Response(to_json(document), status_code=status, headers=headers, media_type="application/json")


def told(answer: Answer, response: Response, place: str | None = None) -> dict[str, Any]:
    """Return the body of an answer after putting status, replay and `place` (see `written`) on the response."""
    response.status_code = answer.status
    if place is not None:
        response.headers["Location"] = place
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return dict(answer.body)
