"""Routes of assigning an officer to her."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.officers import assign_officer, shown_assignment
from services.police.messages.officers import OfficerRequest, OfficerV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def officers_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: officers"])

    @router.post("/referrals/{id}/officers", status_code=201, summary="Assign an officer, of the gender she chose")
    async def assign(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[OfficerRequest, json_body(OfficerRequest)],
        response: Response,
    ) -> OfficerV1:
        done = await assign_officer(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_assignment(practice, reading, done.target))
        return OfficerV1.model_validate(shown)

    return router
