"""Routes of no-contact orders: asked for, decided, handed over."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.orders import ask_for_order, record_decision, shown_order, shown_request
from services.police.acts.supervision import receive_order
from services.police.messages.orders import DecisionRequest, OrderAsked, OrderRequestV1, OrderV1, ReceivedOrderRequest
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def orders_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: no-contact orders"])
    doors = practice.doors

    @router.post(
        "/referrals/{id}/order-requests",
        status_code=201,
        summary="Register a request for a no-contact order; 12 hours run",
    )
    async def ask(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[OrderAsked, json_body(OrderAsked)],
        response: Response,
    ) -> OrderRequestV1:
        done = await ask_for_order(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_request(practice, reading, done.target))
        return OrderRequestV1.model_validate(shown)

    @router.post(
        "/referrals/{id}/order-requests/{request_id}/decision",
        summary="Record what the chair of the commune People's Committee decided",
    )
    async def decide(
        id: Id,
        request_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[DecisionRequest, json_body(DecisionRequest)],
        response: Response,
    ) -> OrderRequestV1:
        done = await record_decision(practice, caller, id, request_id, request)
        shown = await practice.told(done, response, lambda reading: shown_request(practice, reading, done.target))
        return OrderRequestV1.model_validate(shown)

    @router.post(
        "/referrals/{id}/orders", status_code=201, summary="Register an order that was handed over for supervision"
    )
    async def receive(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[ReceivedOrderRequest, json_body(ReceivedOrderRequest)],
        response: Response,
    ) -> OrderV1:
        done = await receive_order(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_order(practice, reading, done.target))
        return OrderV1.model_validate(shown)

    return router
