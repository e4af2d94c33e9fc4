"""Routes of supervising an order, and the one of its supervisor, who sees the order and its zone only."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.supervision import assign_supervisor, hold_meeting, order_to_supervise, shown_supervision
from services.police.messages.supervision import MeetingRequest, SupervisedOrderV1, SupervisionV1, SupervisorRequest
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, SUPERVISE_ORDERS, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def supervision_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: supervision"])
    doors = practice.doors

    @router.post(
        "/referrals/{id}/orders/{order_id}/supervisions", status_code=201, summary="Assign who supervises an order"
    )
    async def assign(
        id: Id,
        order_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[SupervisorRequest, json_body(SupervisorRequest)],
        response: Response,
    ) -> SupervisionV1:
        done = await assign_supervisor(practice, caller, id, order_id, request)
        shown = await practice.told(done, response, lambda reading: shown_supervision(practice, reading, done.target))
        return SupervisionV1.model_validate(shown)

    @router.post(
        "/referrals/{id}/supervisions/{supervision_id}/meeting",
        summary="Record the meeting that announced the supervision",
    )
    async def announce(
        id: Id,
        supervision_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[MeetingRequest, json_body(MeetingRequest)],
        response: Response,
    ) -> SupervisionV1:
        done = await hold_meeting(practice, caller, id, supervision_id, request)
        shown = await practice.told(done, response, lambda reading: shown_supervision(practice, reading, done.target))
        return SupervisionV1.model_validate(shown)

    @router.get("/supervised-orders/{order_id}", summary="For its supervisor: the order and its zone, nothing else")
    async def read_order(
        order_id: Id, visitor: Annotated[Visitor, doors.visiting(SUPERVISE_ORDERS)]
    ) -> SupervisedOrderV1:
        return SupervisedOrderV1.model_validate(await order_to_supervise(practice, visitor, order_id))

    return router
