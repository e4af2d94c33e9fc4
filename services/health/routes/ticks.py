"""Routes of her ticks: what of HIV, pregnancy and mental health may leave for whom."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.health.acts.ticks import shown_tick, shown_ticks, tick, untick
from services.health.messages.ticks import TickRequest, TicksV1, TickTakenBackRequest, TickV1
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import CONSENT, HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def ticks_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/health", tags=["health: what leaves"])
    acting = practice.doors.acting(CONSENT)

    @router.post("/consents/{id}/ticks", status_code=201, summary="Record her tick for one kind of results")
    async def ticking(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[TickRequest, json_body(TickRequest)],
        response: Response,
    ) -> TickV1:
        done = await tick(practice, caller, id, request)
        return TickV1.model_validate(
            await practice.told(done, response, lambda reading: shown_tick(reading, done.target))
        )

    @router.get("/consents/{id}/ticks", summary="Her ticks under a consent")
    async def ticks(id: Id, visitor: Annotated[Visitor, practice.doors.looking(CONSENT, HANDLE)]) -> TicksV1:
        return TicksV1.model_validate({"items": await shown_ticks(practice, visitor, id)})

    @router.post("/ticks/{id}/taking-back", status_code=200, summary="Take a tick back: it counts at once")
    async def taking_back(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[TickTakenBackRequest, json_body(TickTakenBackRequest)],
        response: Response,
    ) -> TickV1:
        done = await untick(practice, caller, id, request)
        return TickV1.model_validate(
            await practice.told(done, response, lambda reading: shown_tick(reading, done.target))
        )

    return router
