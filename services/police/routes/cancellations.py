"""Routes of cancelling a no-contact order."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.cancellations import ask_to_cancel, decide_cancellation, shown_cancellation
from services.police.messages.cancellations import CancellationDecision, CancellationRequest, CancellationV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def cancellations_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: no-contact orders"])
    doors = practice.doors

    @router.post(
        "/referrals/{id}/orders/{order_id}/cancellations",
        status_code=201,
        summary="Ask to cancel an order; 12 hours run",
    )
    async def cancel(
        id: Id,
        order_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[CancellationRequest, json_body(CancellationRequest)],
        response: Response,
    ) -> CancellationV1:
        done = await ask_to_cancel(practice, caller, id, order_id, request)
        shown = await practice.told(done, response, lambda reading: shown_cancellation(practice, reading, done.target))
        return CancellationV1.model_validate(shown)

    @router.post(
        "/referrals/{id}/cancellations/{cancellation_id}/decision", summary="Record what was decided about cancelling"
    )
    async def decide_cancel(
        id: Id,
        cancellation_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[CancellationDecision, json_body(CancellationDecision)],
        response: Response,
    ) -> CancellationV1:
        done = await decide_cancellation(practice, caller, id, cancellation_id, request)
        shown = await practice.told(done, response, lambda reading: shown_cancellation(practice, reading, done.target))
        return CancellationV1.model_validate(shown)

    return router
