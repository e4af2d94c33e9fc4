"""Routes of supporting the verification of trafficking."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.verification import record_finding, shown_verification, support_verification
from services.police.messages.verification import FindingRequest, VerificationRequest, VerificationV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def verification_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: trafficking"])
    doors = practice.doors

    @router.post(
        "/referrals/{id}/verifications",
        status_code=201,
        summary="Support a verification that the provincial health authority leads",
    )
    async def support(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[VerificationRequest, json_body(VerificationRequest)],
        response: Response,
    ) -> VerificationV1:
        done = await support_verification(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_verification(practice, reading, done.target))
        return VerificationV1.model_validate(shown)

    @router.post("/referrals/{id}/verifications/{verification_id}/finding", summary="Record what the lead found")
    async def find(
        id: Id,
        verification_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[FindingRequest, json_body(FindingRequest)],
        response: Response,
    ) -> VerificationV1:
        done = await record_finding(practice, caller, id, verification_id, request)
        shown = await practice.told(done, response, lambda reading: shown_verification(practice, reading, done.target))
        return VerificationV1.model_validate(shown)

    return router
