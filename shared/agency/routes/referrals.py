"""Routes of referrals: send, read, and the lifecycle in plain words."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from shared.agency.acting import Caller
from shared.agency.handling import VERBS, send_note, take_step
from shared.agency.office import Office
from shared.agency.ports import ReferralFilter
from shared.agency.reading import CaseReader, Visitor
from shared.agency.referring import refer
from shared.agency.requests import NoteRequest, ReferralRequest, StepRequest, step_request
from shared.agency.routes.answers import (
    ChainReadV1,
    NotesV1,
    ReferralReadV1,
    ReferralsV1,
    ReferredV1,
    SteppedV1,
)
from shared.agency.routes.callers import HANDLE, SEND, Doorkeeper, Id, as_json, told, written
from shared.agency.working import SOON
from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import Compartment
from shared.web import listing
from shared.web.body import json_body, maybe_json_body
from shared.web.direct import DirectRoute
from shared.web.listing import Paged
from shared.web.openapi import LOCATED
from shared.wire.fields import CODE_PATTERN

_Due = Annotated[
    Literal["overdue", "soon"] | None, Query(description="Past its next due time, or due within 24 hours.")
]
_State = Annotated[str | None, Query(pattern=CODE_PATTERN, description="The state the referral is in.")]
_LOCATED: dict[int | str, dict[str, Any]] = {202: dict(LOCATED)}
_Names = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z]{1,20}(,[a-z]{1,20}){0,15}$",
        description="Compartments to open and show, separated by commas; all when left out.",
    ),
]


def referrals_router(office: Office, reader: CaseReader, doors: Doorkeeper) -> APIRouter:
    """Make the routes of sending and reading."""
    router = APIRouter(tags=["referrals"])
    _add_sending(router, office, doors)
    _add_reading(router, office, reader, doors)
    return router


def _add_sending(router: APIRouter, office: Office, doors: Doorkeeper) -> None:
    sender = doors.acting(SEND)

    async def send_referral(
        caller: Annotated[Caller, sender], request: Annotated[ReferralRequest, json_body(ReferralRequest)]
    ) -> Response:
        done = await refer(office, caller, request)
        return written(done, _place(done.body["referral"]["referral_id"]))

    router.add_api_route(
        "/v1/referrals",
        send_referral,
        methods=["POST"],
        status_code=202,
        responses=_LOCATED,
        summary="Refer a person: minimised, sealed, signed, sent",
        response_model=ReferredV1,
        route_class_override=DirectRoute,
    )

    @router.post(
        "/v1/referrals/{id}/onward", status_code=202, responses=_LOCATED, summary="Refer on: a child of this referral"
    )
    async def send_onward(
        id: Id,
        caller: Annotated[Caller, sender],
        request: Annotated[ReferralRequest, json_body(ReferralRequest)],
        response: Response,
    ) -> ReferredV1:
        if request.parent_id not in {None, id}:
            message = "Leave this out: the address names the parent."
            fault = FieldFault("/parent_id", "field.same", message)
            raise InputRejected("message.about", message, faults=(fault,))
        child = request.model_copy(update={"parent_id": id})
        done = await refer(office, caller, child)
        return ReferredV1.model_validate(told(done, response, _place(done.body["referral"]["referral_id"])))


def _add_reading(router: APIRouter, office: Office, reader: CaseReader, doors: Doorkeeper) -> None:
    anybody = doors.visiting(SEND, HANDLE)

    async def list_referrals(
        page: Paged,
        visitor: Annotated[Visitor, doors.looking(SEND, HANDLE)],
        box: Literal["sent", "received"] | None = None,
        state: _State = None,
        due: _Due = None,
    ) -> Response:
        wanted = ReferralFilter(
            box=box, state=state, due_before=_due_before(office, due), after=page.after_text(), limit=page.limit
        )
        found = await reader.listed(visitor, wanted)
        return as_json(listing.answer(found.items, last=found.last))

    router.add_api_route(
        "/v1/referrals",
        list_referrals,
        methods=["GET"],
        summary="List referrals: facts and labels, no person",
        response_model=ReferralsV1,
        route_class_override=DirectRoute,
    )

    @router.get("/v1/referrals/{id}", summary="Read one referral; opens what may be opened now")
    async def read_referral(
        id: Id, visitor: Annotated[Visitor, anybody], compartments: _Names = None
    ) -> ReferralReadV1:
        return ReferralReadV1.model_validate(await reader.shown(visitor, id, _names(compartments)))

    @router.get("/v1/referrals/{id}/chain", summary="The chain this agency may see, with proofs")
    async def read_chain(id: Id, visitor: Annotated[Visitor, doors.looking(SEND, HANDLE)]) -> ChainReadV1:
        return ChainReadV1.model_validate(await reader.chain(visitor, id))


def lifecycle_router(office: Office, reader: CaseReader, doors: Doorkeeper) -> APIRouter:
    """Make one route per verb of the lifecycle, and those of notes."""
    router = APIRouter(tags=["lifecycle"])
    either = doors.acting(SEND, HANDLE)
    model = step_request(office.sop)
    for verb, event in VERBS.items():
        router.add_api_route(
            f"/v1/referrals/{{id}}/{verb}",
            _step(office, verb, either, model),
            methods=["POST"],
            status_code=202,
            responses=_LOCATED,
            summary=f"Report that the referral is {event.value.replace('_', ' ')}",
            operation_id=f"step_{verb.replace('-', '_')}",
            response_model=SteppedV1,
            route_class_override=DirectRoute,
        )

    @router.post(
        "/v1/referrals/{id}/notes",
        status_code=202,
        responses=_LOCATED,
        summary="Write to the caseworker on the other side",
    )
    async def write_note(
        id: Id,
        caller: Annotated[Caller, either],
        request: Annotated[NoteRequest, json_body(NoteRequest)],
        response: Response,
    ) -> SteppedV1:
        return SteppedV1.model_validate(told(await send_note(office, caller, id, request), response, _place(id)))

    @router.get("/v1/referrals/{id}/notes", summary="Read the notes of a referral")
    async def read_notes(id: Id, visitor: Annotated[Visitor, doors.visiting(SEND, HANDLE)]) -> NotesV1:
        return NotesV1.model_validate({"items": await reader.notes(visitor, id)})

    return router


def _step(
    office: Office, verb: str, either: Any, model: type[StepRequest]
) -> Callable[..., Coroutine[Any, Any, Response]]:
    body = maybe_json_body(model)

    async def step(id: Id, caller: Annotated[Caller, either], request: Annotated[StepRequest, body]) -> Response:
        return written(await take_step(office, caller, id, verb, request), _place(id))

    step.__name__ = f"step_{verb.replace('-', '_')}"
    return step


def _place(referral_id: str) -> str:
    return f"/v1/referrals/{referral_id}"


def _due_before(office: Office, due: str | None) -> str | None:
    if due is None:
        return None
    now = office.clock.now()
    return to_wire(now if due == "overdue" else now + SOON)


def _names(text: str | None) -> frozenset[Compartment] | None:
    if text is None:
        return None
    try:
        return frozenset(Compartment(name) for name in text.split(","))
    except ValueError:
        message = "Name compartments of the procedure, separated by commas."
        fault = FieldFault("/query/compartments", "field.choice", message)
        raise InputRejected("message.invalid", message, faults=(fault,)) from None
