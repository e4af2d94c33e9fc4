"""Routes of checking what she needs before she is asked what happened."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.needs import check_needs, shown_check
from services.police.messages.needs import NeedsCheckRequest, NeedsCheckV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def needs_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: statements"])

    @router.post(
        "/referrals/{id}/needs-checks", status_code=201, summary="Record what she needs, before she is asked anything"
    )
    async def check(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[NeedsCheckRequest, json_body(NeedsCheckRequest)],
        response: Response,
    ) -> NeedsCheckV1:
        done = await check_needs(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_check(practice, reading, done.target))
        return NeedsCheckV1.model_validate(shown)

    return router
