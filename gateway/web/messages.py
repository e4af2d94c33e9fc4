"""Signed messages over HTTP: one hot route per kind, and batches of all kinds (wire section 6).

The routes are below the framework's parameter solving, because the exact bytes are what counts and
admission is the hot path; they stand in the OpenAPI document like all others. What a known agency is refused at the
door, for want of a scope, is in the ledger like every other refusal.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.web.intake import SCOPES, Answer, Intake, Submission, check_kind
from shared.kernel.errors import InputRejected, InternalFault, MeshError, NotPermitted, PeerUnavailable
from shared.seal.compartments import decode_hub_shares
from shared.telemetry.context import current_trace_id
from shared.web.body import read_bytes, read_json
from shared.web.factory import MeshApp, document_route
from shared.web.openapi import operation
from shared.web.security import Principal, RequiredScope
from shared.wire.answers import ConsentRecordedV1, ConsentRevokedV1, OpeningAnswerV1, ReferralAnswerV1
from shared.wire.delivery import BatchItemV1, BatchResultsV1, BatchV1
from shared.wire.messages import ConsentV1, EventV1, NoteV1, OpeningV1, ReferralV1, RevocationV1
from shared.wire.problem import status_of, to_problem

JSON = "application/json"

_SIGNATURE_HEADER = {
    "name": "Referral-Signature",
    "in": "header",
    "required": True,
    "description": "Detached JWS (RFC 7515 appendix F) over the exact bytes of the body: <protected>..<signature>.",
    "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$", "maxLength": 2048},
}
_SHARES_HEADER = {
    "name": "Hub-Shares",
    "in": "header",
    "required": True,
    "description": 'The gateway\'s halves: base64url of {"<compartment>": "<base64url half>"}.',
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 8192},
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id of the record that the message is about (UUIDv7).",
    "schema": {"type": "string", "format": "uuid"},
}

#: Path, kind, what it is, body, answers, whether it carries halves.
_ROUTES: Sequence[tuple[str, str, str, type[BaseModel], Mapping[int, type[BaseModel]], bool]] = (
    ("/v1/referrals", "referral", "Send a referral", ReferralV1, {202: ReferralAnswerV1}, True),
    ("/v1/referrals/{id}/events", "event", "Report an event", EventV1, {202: ReferralAnswerV1}, False),
    ("/v1/referrals/{id}/openings", "opening", "Open compartments", OpeningV1, {200: OpeningAnswerV1}, False),
    ("/v1/referrals/{id}/notes", "note", "Send a note", NoteV1, {202: ReferralAnswerV1}, True),
    ("/v1/consents", "consent", "Record a consent", ConsentV1, {201: ConsentRecordedV1}, False),
    ("/v1/consents/{id}/revocations", "revocation", "Take consent back", RevocationV1, {202: ConsentRevokedV1}, False),
)


class _Door(RequiredScope):
    """Lets through who has one of the scopes, and has it recorded when an agency that is known has not."""

    def __init__(self, intake: Intake, kind: str, *any_of: str) -> None:
        super().__init__(*any_of)
        self._intake = intake
        self._kind = kind

    async def __call__(self, request: Request) -> Principal:
        """Return the caller. Raises as `RequiredScope` does; by then a refusal for want of a scope is recorded."""
        caller = await self.known(request)
        try:
            self.check(caller)
        except NotPermitted as error:
            raise await self._intake.refuse(kind=self._kind, caller=caller.subject, error=error) from error
        return caller


def add_message_routes(app: MeshApp, intake: Intake) -> None:
    """Add the routes of signed messages and of batches; each goes in front, so the busiest is added last."""
    _add_batch_route(app, intake)
    for path, kind, summary, body, answers, has_halves in reversed(_ROUTES):
        headers = [_SIGNATURE_HEADER, *([_SHARES_HEADER] if has_halves else []), *([_ID] if "{id}" in path else [])]
        document_route(
            app,
            path,
            _handler(intake, kind),
            method="POST",
            guard=_Door(intake, kind, *sorted(SCOPES[kind])),
            operation={
                **operation(summary, body=body, answers=answers, headers=headers, description=body.__doc__ or ""),
                "tags": ["messages"],
            },
            models=[body, *answers.values()],
        )


def _add_batch_route(app: MeshApp, intake: Intake) -> None:
    document_route(
        app,
        "/v1/batches",
        _batch_handler(intake),
        method="POST",
        guard=_Door(intake, "batch", *sorted(frozenset().union(*SCOPES.values()))),
        operation={
            **operation("Send many signed messages", body=BatchV1, answers={200: BatchResultsV1}),
            "tags": ["messages"],
        },
        models=[BatchV1, BatchResultsV1],
    )


def _handler(intake: Intake, kind: str) -> Any:
    async def handle(request: Request, caller: Principal) -> Response:
        try:
            body = await read_bytes(request)
            submission = _submission(request, caller, kind, body)
        except (InternalFault, PeerUnavailable):
            raise
        except MeshError as error:
            raise await intake.refuse(kind=kind, caller=caller.subject, error=error) from error
        return _response(await intake.admit(submission))

    handle.__name__ = f"post_{kind}"
    return handle


def _submission(request: Request, caller: Principal, kind: str, body: bytes) -> Submission:
    header = request.headers.get("hub-shares")
    return Submission(
        kind=kind,
        caller=caller.subject,
        body=body,
        signature=request.headers.get("referral-signature", ""),
        hub_shares=decode_hub_shares(header) if header else {},
        path_id=request.path_params.get("id"),
    )


def _response(answer: Answer) -> Response:
    headers = {"Mesh-Receipt": answer.receipt}
    if answer.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(answer.text, status_code=answer.status, media_type=JSON, headers=headers)


def _batch_handler(intake: Intake) -> Any:
    async def post_batch(request: Request, caller: Principal) -> Response:
        batch = await read_json(request, BatchV1)
        # submitted in order, so an event may follow its referral in one batch; committed together
        results = await asyncio.gather(*[_one(intake, item, caller) for item in batch.items])
        return Response(json.dumps({"results": results}, separators=(",", ":")), media_type=JSON)

    return post_batch


async def _one(intake: Intake, item: BatchItemV1, caller: Principal) -> dict[str, Any]:
    try:
        answer = await _admit_item(intake, item, caller)
    except InternalFault:
        raise
    except MeshError as error:
        problem = to_problem(error, instance="/v1/batches", trace_id=current_trace_id())
        return {"status": status_of(type(error)), "body": problem.model_dump(exclude_none=True), "receipt": None}
    return {"status": answer.status, "body": json.loads(answer.text), "receipt": answer.receipt}


async def _admit_item(intake: Intake, item: BatchItemV1, caller: Principal) -> Answer:
    try:
        check_kind(item.kind)
        if caller.scopes.isdisjoint(SCOPES[item.kind]):
            wanted = " or ".join(sorted(SCOPES[item.kind]))
            raise NotPermitted("token.scope", f"This message needs a token with the scope {wanted}.")
    except (InputRejected, NotPermitted) as error:
        raise await intake.refuse(kind="batch", caller=caller.subject, error=error) from error
    submission = Submission(
        kind=item.kind,
        caller=caller.subject,
        body=item.body.encode(),
        signature=item.signature,
        hub_shares=item.hub_shares,
    )
    return await intake.admit(submission)
