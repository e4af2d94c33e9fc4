"""Routes of the chain of custody: hand a specimen over, and see the whole chain with its proof."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.health.acts.custody import hand_over, shown_custody
from services.health.messages.custody import CustodyV1, HandOverRequest
from services.health.messages.windows import CareRecordV1
from services.health.routes.windows import made
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def custody_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health/referrals/{id}", tags=["health: evidence"])

    @router.post("/hand-overs", status_code=201, summary="Hand specimens over: signed, linked, in the ledger by digest")
    async def handing(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[HandOverRequest, json_body(HandOverRequest)],
        response: Response,
    ) -> CareRecordV1:
        return made(await hand_over(practice, caller, id, request), id, response)

    @router.get("/custody", summary="The chain of custody, verified: order, links, signatures, ledger")
    async def custody(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> CustodyV1:
        return CustodyV1.model_validate(await shown_custody(practice, visitor, id))

    return router
