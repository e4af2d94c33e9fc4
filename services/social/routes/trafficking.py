"""Routes of trafficking: reception, status, what is given."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.trafficking import give, receive, record_status, shown_standing
from services.social.messages.trafficking import ReceptionRequest, StandingV1, StatusRequest, SupportRequest
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def trafficking_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}/trafficking", tags=["social: trafficking"])
    acting = practice.doors.acting(HANDLE)

    async def told(done: Done, response: Response, referral_id: str) -> StandingV1:
        shown = await practice.told(done, response, lambda reading: shown_standing(practice, reading, referral_id))
        return StandingV1.model_validate(shown)

    @router.post("/receptions", status_code=201, summary="She is received, at once; verification is due in three days")
    async def reception(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[ReceptionRequest, json_body(ReceptionRequest)],
        answer: Response,
    ) -> StandingV1:
        return await told(await receive(practice, caller, id, asked), answer, id)

    @router.post("/statuses", status_code=201, summary="Her status as it was decided")
    async def status(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[StatusRequest, json_body(StatusRequest)],
        answer: Response,
    ) -> StandingV1:
        return await told(await record_status(practice, caller, id, asked), answer, id)

    @router.post("/supports", status_code=201, summary="A support was given that her status gives")
    async def support(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[SupportRequest, json_body(SupportRequest)],
        answer: Response,
    ) -> StandingV1:
        return await told(await give(practice, caller, id, asked), answer, id)

    @router.get("", summary="How she stands, what that gives with its basis, and what to offer her")
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> StandingV1:
        shown = await practice.visit(visitor, "trafficking", id, lambda reading: shown_standing(practice, reading, id))
        return StandingV1.model_validate(shown)

    return router
