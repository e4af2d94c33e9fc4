"""Signed messages over HTTP: one hot route per kind, and batches of all kinds (wire section 6).

The routes are below the framework's parameter solving, because the exact bytes are what counts and
admission is the hot path; they stand in the OpenAPI document like all others. What a known agency is refused at the
door, for want of a scope, is in the ledger like every other refusal.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from gateway.web.intake import SCOPES, Answer, Intake, Submission, check_kind
from shared.kernel.errors import InputRejected, InternalFault, MeshError, NotPermitted, PeerUnavailable, TooLarge
from shared.seal.compartments import decode_hub_shares
from shared.telemetry.context import current_trace_id
from shared.web.body import checked, read
from shared.web.factory import MeshApp, document_route
from shared.web.hot import Call, HotHandler, Reply, json_reply
from shared.web.openapi import operation
from shared.web.security import Principal, RequiredScope
from shared.wire.answers import ConsentRecordedV1, ConsentRevokedV1, OpeningAnswerV1, ReferralAnswerV1
from shared.wire.delivery import ITEMS_MOST, BatchItemV1, BatchResultsV1, BatchV1
from shared.wire.fields import Closed
from shared.wire.messages import MESSAGE_MOST, ConsentV1, EventV1, NoteV1, OpeningV1, ReferralV1, RevocationV1
from shared.wire.problem import status_of, to_problem

#: In all messages of a batch together: a hundred referrals with everything they may have are half of it.
_COMMAS_MOST: Final = 40_000
_REPLAYED: Final = (b"idempotent-replayed", b"true")
#: Where is read what came of a message; the id is that in its path, or its own.
_PLACES: Final[Mapping[str, bytes]] = {
    "referral": b"/v1/referrals/%b",
    "event": b"/v1/referrals/%b",
    "note": b"/v1/referrals/%b",
    "consent": b"/v1/consents/%b",
    "revocation": b"/v1/consents/%b/propagation",
}
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


class _Batch(Closed):
    """A batch whose items are not read yet, so that one that cannot be read is refused on its own."""

    items: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=ITEMS_MOST)]


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
            guard=RequiredScope(*sorted(SCOPES[kind])),
            refused=partial(_refused, intake, kind),
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
        guard=RequiredScope(*sorted(frozenset().union(*SCOPES.values()))),
        refused=partial(_refused, intake, "batch"),
        operation={
            **operation("Send many signed messages", body=BatchV1, answers={200: BatchResultsV1}),
            "tags": ["messages"],
        },
        models=[BatchV1, BatchResultsV1],
    )


async def _refused(intake: Intake, kind: str, caller: Principal, error: MeshError) -> MeshError:
    """Record what a known caller is refused at the door."""
    return await intake.refuse(kind=kind, caller=caller.subject, error=error)


def _handler(intake: Intake, kind: str) -> HotHandler:
    place = _PLACES.get(kind)

    async def handle(call: Call) -> Reply:
        try:
            submission = _submission(call, kind, await call.read_json())
        except (InternalFault, PeerUnavailable):
            raise
        except MeshError as error:
            raise await _refused(intake, kind, call.caller, error) from error
        answer = await intake.admit(submission)
        marks = [(b"mesh-receipt", answer.receipt.encode())]
        if place is not None:
            marks.append((b"location", place % (call.about or answer.message_id).encode()))
        if answer.replayed:
            marks.append(_REPLAYED)
        return json_reply(answer.text, *marks, status=answer.status)

    handle.__name__ = f"post_{kind}"
    return handle


def _submission(call: Call, kind: str, body: bytes) -> Submission:
    header = call.only(b"hub-shares")
    return Submission(
        kind=kind,
        caller=call.caller.subject,
        body=body,
        signature=call.only(b"referral-signature") or "",
        hub_shares=decode_hub_shares(header) if header else {},
        path_id=call.about,
    )


def _batch_handler(intake: Intake) -> HotHandler:
    async def post_batch(call: Call) -> Reply:
        batch = read(await call.read_json(), _Batch)
        if sum(str(item.get("body")).count(",") for item in batch.items) > _COMMAS_MOST:
            raise InputRejected("message.invalid", "These messages have too many values for one call. Send fewer.")
        # submitted in order, so an event may follow its referral in one batch; committed together
        results = await asyncio.gather(*[_one(intake, item, call.caller) for item in batch.items])
        return json_reply(json.dumps({"results": results}, separators=(",", ":")))

    return post_batch


async def _one(intake: Intake, item: Mapping[str, Any], caller: Principal) -> dict[str, Any]:
    try:
        answer = await _admit_item(intake, item, caller)
    except InternalFault:
        raise
    except MeshError as error:
        trace_id = current_trace_id()
        problem = to_problem(error, instance=f"urn:mesh:trace:{trace_id}", trace_id=trace_id)
        return {"status": status_of(type(error)), "body": problem.model_dump(exclude_none=True), "receipt": None}
    return {"status": answer.status, "body": json.loads(answer.text), "receipt": answer.receipt}


async def _admit_item(intake: Intake, found: Mapping[str, Any], caller: Principal) -> Answer:
    try:
        _check_size(found)
        item = checked(BatchItemV1, found)
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


def _check_size(found: Mapping[str, Any]) -> None:
    """Refuse a message that is too large as it would be alone. Raises `TooLarge`."""
    body = found.get("body")
    if isinstance(body, str) and len(body) > MESSAGE_MOST:
        raise TooLarge("message.too-large", f"Send at most {MESSAGE_MOST} bytes as one message.")
