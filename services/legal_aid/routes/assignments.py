"""Route of assigning a legal-aid person."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.assignments import assign
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.assignments import AssignmentRequest, AssignmentV1
from services.legal_aid.records import Assignment
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def assignments_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: intake"])

    @router.post(
        "/referrals/{id}/assignments", status_code=201, summary="Assign a legal-aid person of the gender she chose"
    )
    async def assign_person(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[AssignmentRequest, json_body(AssignmentRequest)],
        response: Response,
    ) -> AssignmentV1:
        done = await assign(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: AssignmentV1.model_validate(
                shown(practice, reading, record_of(reading, Assignment, done.target, id))
            ),
        )

    return router
