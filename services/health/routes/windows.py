"""Routes of working against time: when it happened, what she needs, what was given, and the live countdown."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.health.acts.windows import assess, give_dose, record_follow_up, record_incident, shown_windows
from services.health.messages.windows import (
    AssessmentRequest,
    CareRecordV1,
    DoseRequest,
    FollowUpRequest,
    IncidentTimeRequest,
    WindowsV1,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def windows_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health/referrals/{id}", tags=["health: care against time"])
    _add_before(router, practice)
    _add_care(router, practice)

    @router.get("/windows", summary="Clinical windows as a live countdown: what is open, what helps once it is not")
    async def windows(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> WindowsV1:
        shown = await practice.visit(visitor, "windows", id, lambda reading: shown_windows(practice, reading, id))
        return WindowsV1.model_validate(shown)

    return router


def _add_before(router: APIRouter, practice: Practice) -> None:
    acting = practice.doors.acting(HANDLE)

    @router.post("/incident-times", status_code=201, summary="Record when it happened, as said here")
    async def incident(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[IncidentTimeRequest, json_body(IncidentTimeRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await record_incident(practice, caller, id, request), id, response)

    @router.post("/assessments", status_code=201, summary="Record what she needs against time; starts the clocks")
    async def assessment(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[AssessmentRequest, json_body(AssessmentRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await assess(practice, caller, id, request), id, response)


def _add_care(router: APIRouter, practice: Practice) -> None:
    acting = practice.doors.acting(HANDLE)

    @router.post("/doses", status_code=201, summary="Record a dose; refused only where it is clinically too late")
    async def dose(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[DoseRequest, json_body(DoseRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await give_dose(practice, caller, id, request), id, response)

    @router.post("/follow-ups", status_code=201, summary="Record a test, the end of a course or an observation")
    async def follow_up(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[FollowUpRequest, json_body(FollowUpRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await record_follow_up(practice, caller, id, request), id, response)


def made(done: Done, referral_id: str, response: Response) -> CareRecordV1:
    """Return the answer to an act that made a record; one that was done before is marked as such."""
    if done.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return CareRecordV1(id=done.target, referral_id=referral_id)
