"""Routes of certificates: issued, given to her, her choice."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.health.acts.certificates import choose, give_to_her, issue, shown_certificates
from services.health.messages.certificates import (
    CertificateChoiceRequest,
    CertificateGivenRequest,
    CertificateRequest,
    CertificatesV1,
)
from services.health.messages.windows import CareRecordV1
from services.health.routes.windows import made
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.kernel.identifiers import UUID7_PATTERN
from shared.web.body import json_body

CertificateId = Annotated[str, Path(pattern=UUID7_PATTERN)]


def certificates_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health/referrals/{id}/certificates", tags=["health: what leaves"])
    acting = practice.doors.acting(HANDLE)

    @router.post("", status_code=201, summary="Record an injury certificate")
    async def issuing(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[CertificateRequest, json_body(CertificateRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await issue(practice, caller, id, request), id, response)

    @router.get("", summary="The certificates of a case")
    async def certificates(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> CertificatesV1:
        shown = await practice.visit(
            visitor, "certificates", id, lambda reading: shown_certificates(practice, reading, id)
        )
        return CertificatesV1.model_validate({"items": shown})

    @router.post("/{certificate_id}/given", status_code=201, summary="Record that it is in her hands")
    async def giving(
        id: Id,
        certificate_id: CertificateId,
        caller: Annotated[Caller, acting],
        request: Annotated[CertificateGivenRequest, json_body(CertificateGivenRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await give_to_her(practice, caller, id, certificate_id, request), id, response)

    @router.post("/{certificate_id}/choice", status_code=201, summary="Record whether she wants it sent first")
    async def choosing(
        id: Id,
        certificate_id: CertificateId,
        caller: Annotated[Caller, acting],
        request: Annotated[CertificateChoiceRequest, json_body(CertificateChoiceRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await choose(practice, caller, id, certificate_id, request), id, response)

    return router
