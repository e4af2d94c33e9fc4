"""Routes of first-line support."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.health.acts.support import shown_supports, support
from services.health.messages.support import SupportRequest, SupportsV1
from services.health.messages.windows import CareRecordV1
from services.health.routes.windows import made
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def support_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health/referrals/{id}", tags=["health: first-line support"])

    @router.post("/first-line-supports", status_code=201, summary="Record first-line support: alone, in private")
    async def give(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[SupportRequest, json_body(SupportRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await support(practice, caller, id, request), id, response)

    @router.get("/first-line-supports", summary="The first-line support of a case")
    async def given(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> SupportsV1:
        shown = await practice.visit(
            visitor, "first-line-support", id, lambda reading: shown_supports(practice, reading, id)
        )
        return SupportsV1.model_validate({"items": shown})

    return router
