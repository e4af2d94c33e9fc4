"""Route of answering her request."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.eligibility import answer_request
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.eligibility import EligibilityRequest, EligibilityV1
from services.legal_aid.records import Eligibility
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def eligibility_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: intake"])

    @router.post(
        "/referrals/{id}/eligibility",
        status_code=201,
        summary="Answer her request at once: complete, or exactly what is missing",
    )
    async def answer(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[EligibilityRequest, json_body(EligibilityRequest)],
        response: Response,
    ) -> EligibilityV1:
        done = await answer_request(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: EligibilityV1.model_validate(
                shown(practice, reading, record_of(reading, Eligibility, done.target, id))
            ),
        )

    return router
