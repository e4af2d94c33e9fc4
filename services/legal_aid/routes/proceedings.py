"""Routes of cases in court, their deadlines, and a court's no-contact order."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.legal_file import shown
from services.legal_aid.acts.proceedings import (
    ask_court,
    change_proceeding,
    end_deadline,
    record_decision,
    record_proceeding,
    set_deadline,
)
from services.legal_aid.messages.proceedings import (
    CourtOrderRequest,
    CourtOrderV1,
    DeadlineEndRequest,
    DeadlineRequest,
    DeadlineV1,
    OrderDecisionRequest,
    ProceedingChangeRequest,
    ProceedingRequest,
    ProceedingV1,
)
from services.legal_aid.records import CourtOrder, Deadline, Proceeding
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def proceedings_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: proceedings"])

    @router.post("/referrals/{id}/proceedings", status_code=201, summary="Record a case in court")
    async def record(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ProceedingRequest, json_body(ProceedingRequest)],
        response: Response,
    ) -> ProceedingV1:
        done = await record_proceeding(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ProceedingV1.model_validate(
                shown(practice, reading, record_of(reading, Proceeding, done.target, id))
            ),
        )

    @router.post(
        "/referrals/{id}/proceedings/{proceeding_id}/changes",
        status_code=201,
        summary="Record how a case in court stands now",
    )
    async def change(
        id: Id,
        proceeding_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ProceedingChangeRequest, json_body(ProceedingChangeRequest)],
        response: Response,
    ) -> ProceedingV1:
        done = await change_proceeding(practice, caller, id, proceeding_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ProceedingV1.model_validate(
                shown(practice, reading, record_of(reading, Proceeding, done.target, id))
            ),
        )

    @router.post("/referrals/{id}/deadlines", status_code=201, summary="Record a deadline, with its reminder")
    async def set_one(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[DeadlineRequest, json_body(DeadlineRequest)],
        response: Response,
    ) -> DeadlineV1:
        done = await set_deadline(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: DeadlineV1.model_validate(
                shown(practice, reading, record_of(reading, Deadline, done.target, id))
            ),
        )

    @router.post("/referrals/{id}/deadlines/{deadline_id}/end", status_code=201, summary="Record how a deadline ended")
    async def end_one(
        id: Id,
        deadline_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[DeadlineEndRequest, json_body(DeadlineEndRequest)],
        response: Response,
    ) -> DeadlineV1:
        done = await end_deadline(practice, caller, id, deadline_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: DeadlineV1.model_validate(
                shown(practice, reading, record_of(reading, Deadline, done.target, id))
            ),
        )

    @router.post(
        "/referrals/{id}/court-orders", status_code=201, summary="Record that a court was asked to forbid contact"
    )
    async def ask(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[CourtOrderRequest, json_body(CourtOrderRequest)],
        response: Response,
    ) -> CourtOrderV1:
        done = await ask_court(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: CourtOrderV1.model_validate(
                shown(practice, reading, record_of(reading, CourtOrder, done.target, id))
            ),
        )

    @router.post(
        "/referrals/{id}/court-orders/{order_id}/decision", status_code=201, summary="Record what the court decided"
    )
    async def decide(
        id: Id,
        order_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[OrderDecisionRequest, json_body(OrderDecisionRequest)],
        response: Response,
    ) -> CourtOrderV1:
        done = await record_decision(practice, caller, id, order_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: CourtOrderV1.model_validate(
                shown(practice, reading, record_of(reading, CourtOrder, done.target, id))
            ),
        )

    return router
