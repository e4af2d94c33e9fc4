"""Routes of leading a case."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.cases import close_case, hand_over, open_case, review_case, set_plan, shown_case
from services.social.messages.cases import (
    CasePlanRequest,
    CaseRequest,
    CaseV1,
    ClosureRequest,
    FoundCaseV1,
    HandOverRequest,
    ReviewRequest,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def cases_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}/case", tags=["social: case management"])
    acting = practice.doors.acting(HANDLE)

    async def told(done: Done, response: Response, referral_id: str) -> CaseV1:
        shown = await practice.told(done, response, lambda reading: shown_case(practice, reading, referral_id))
        return CaseV1.model_validate(shown)

    @router.post("", status_code=201, summary="Open the case with its one lead worker")
    async def start(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[CaseRequest, json_body(CaseRequest)],
        answer: Response,
    ) -> CaseV1:
        return await told(await open_case(practice, caller, id, asked), answer, id)

    @router.get("", summary="The case: who leads, plans, reviews")
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> FoundCaseV1:
        case = await practice.visit(visitor, "case", id, lambda reading: shown_case(practice, reading, id))
        return FoundCaseV1.model_validate({"case": case})

    @router.post("/leads", status_code=201, summary="Another worker leads from now on")
    async def hand(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[HandOverRequest, json_body(HandOverRequest)],
        answer: Response,
    ) -> CaseV1:
        return await told(await hand_over(practice, caller, id, asked), answer, id)

    @router.post("/plans", status_code=201, summary="A plan with goals in her words")
    async def plan(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[CasePlanRequest, json_body(CasePlanRequest)],
        answer: Response,
    ) -> CaseV1:
        return await told(await set_plan(practice, caller, id, asked), answer, id)

    @router.post("/reviews", status_code=201, summary="How far it has come, and whether she was heard")
    async def review(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[ReviewRequest, json_body(ReviewRequest)],
        answer: Response,
    ) -> CaseV1:
        return await told(await review_case(practice, caller, id, asked), answer, id)

    @router.post("/closure", status_code=201, summary="Close the case, for one of the reasons there are")
    async def close(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[ClosureRequest, json_body(ClosureRequest)],
        answer: Response,
    ) -> CaseV1:
        return await told(await close_case(practice, caller, id, asked), answer, id)

    return router
