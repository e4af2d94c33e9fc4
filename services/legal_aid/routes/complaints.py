"""Route of complaints."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.complaints import lodge
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.complaints import ComplaintRequest, ComplaintV1
from services.legal_aid.records import Complaint
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def complaints_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: complaints"])

    @router.post(
        "/referrals/{id}/complaints",
        status_code=201,
        summary="Record a complaint; nobody handles one against themselves",
    )
    async def lodge_complaint(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ComplaintRequest, json_body(ComplaintRequest)],
        response: Response,
    ) -> ComplaintV1:
        done = await lodge(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ComplaintV1.model_validate(
                shown(practice, reading, record_of(reading, Complaint, done.target, id))
            ),
        )

    return router
