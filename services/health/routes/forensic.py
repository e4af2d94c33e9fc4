"""Routes of evidence: her consent to it, who examines her, what is taken."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.health.acts.forensic import ask_consent, examine, take_specimen
from services.health.messages.forensic import ExaminationRequest, ForensicConsentRequest, SpecimenRequest
from services.health.messages.windows import CareRecordV1
from services.health.routes.windows import made
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def forensic_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health/referrals/{id}", tags=["health: evidence"])
    acting = practice.doors.acting(HANDLE)

    @router.post(
        "/forensic-consents", status_code=201, summary="Record her answer about evidence, apart from treatment"
    )
    async def consent(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[ForensicConsentRequest, json_body(ForensicConsentRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await ask_consent(practice, caller, id, request), id, response)

    @router.post("/examinations", status_code=201, summary="Record a forensic examination and who made it")
    async def examination(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[ExaminationRequest, json_body(ExaminationRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await examine(practice, caller, id, request), id, response)

    @router.post("/specimens", status_code=201, summary="Record a specimen that was taken with her consent")
    async def specimen(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[SpecimenRequest, json_body(SpecimenRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await take_specimen(practice, caller, id, request), id, response)

    return router
