"""Routes of sitting down with her."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.interviews import begin_interview, end_interview, shown_interview
from services.police.messages.interviews import (
    ChecklistItemV1,
    ChecklistV1,
    EndingRequest,
    InterviewRequest,
    InterviewV1,
)
from services.police.rules.checklist import checklist
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def interviews_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: statements"])
    doors = practice.doors

    @router.get("/interview-checklist", summary="What a gender-sensitive interview is checked against")
    async def read_checklist(_visitor: Annotated[Visitor, doors.looking(HANDLE)]) -> ChecklistV1:
        items = [
            ChecklistItemV1(code=one.code, vi=one.says.vi, en=one.says.en, basis=one.basis.citation)
            for one in checklist()
        ]
        return ChecklistV1(items=items)

    @router.post("/referrals/{id}/interviews", status_code=201, summary="Sit down with her: who is there, and how")
    async def begin(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[InterviewRequest, json_body(InterviewRequest)],
        response: Response,
    ) -> InterviewV1:
        done = await begin_interview(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_interview(practice, reading, done.target))
        return InterviewV1.model_validate(shown)

    @router.post("/referrals/{id}/interviews/{interview_id}/end", summary="End a session, with its checklist")
    async def end(
        id: Id,
        interview_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[EndingRequest, json_body(EndingRequest)],
        response: Response,
    ) -> InterviewV1:
        done = await end_interview(practice, caller, id, interview_id, request)
        shown = await practice.told(done, response, lambda reading: shown_interview(practice, reading, done.target))
        return InterviewV1.model_validate(shown)

    return router
