"""Route of taking a case or handing it over."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.intake import take_in
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.intake import IntakeRequest, IntakeV1
from services.legal_aid.records import Intake
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def intake_router(practice: Practice) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: intake"])

    @router.post("/referrals/{id}/intake", status_code=201, summary="Take a case, or hand it over without saying why")
    async def intake(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[IntakeRequest, json_body(IntakeRequest)],
        response: Response,
    ) -> IntakeV1:
        done = await take_in(practice, caller, id, request)

        return await practice.told(
            done,
            response,
            lambda reading: IntakeV1.model_validate(
                shown(practice, reading, record_of(reading, Intake, done.target, id))
            ),
        )

    return router
