"""Routes of compensation."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.legal_aid.acts.claims import claim, take_claim_on
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.claims import ClaimRequest, ClaimStepRequest, ClaimV1
from services.legal_aid.records import Claim
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def claims_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: compensation"])

    @router.post("/referrals/{id}/claims", status_code=201, summary="Record what is claimed, head by head")
    async def make(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ClaimRequest, json_body(ClaimRequest)],
        response: Response,
    ) -> ClaimV1:
        done = await claim(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ClaimV1.model_validate(
                shown(practice, reading, record_of(reading, Claim, done.target, id))
            ),
        )

    @router.post("/referrals/{id}/claims/{claim_id}/steps", status_code=201, summary="Record the next step of a claim")
    async def take_on(
        id: Id,
        claim_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[ClaimStepRequest, json_body(ClaimStepRequest)],
        response: Response,
    ) -> ClaimV1:
        done = await take_claim_on(practice, caller, id, claim_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: ClaimV1.model_validate(
                shown(practice, reading, record_of(reading, Claim, done.target, id))
            ),
        )

    return router
