"""Routes of the safety plan that is hers."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.safety import give_copy, save_plan, shown_copy, shown_plan, shown_plans
from services.social.messages.safety import CopyRequest, PlanCopyV1, PlanRequest, SafetyPlansV1, SafetyPlanV1
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def safety_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}", tags=["social: safety"])
    acting, visiting = practice.doors.acting(HANDLE), practice.doors.visiting(HANDLE)

    @router.post("/safety-plans", status_code=201, summary="A new version of her safety plan, made with her")
    async def save(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[PlanRequest, json_body(PlanRequest)],
        answer: Response,
    ) -> SafetyPlanV1:
        done = await save_plan(practice, caller, id, asked)
        shown = await practice.told(done, answer, lambda reading: shown_plan(practice, reading, done.target))
        return SafetyPlanV1.model_validate(shown)

    @router.get("/safety-plans", summary="Every version of her safety plan, with who wrote it")
    async def plans(id: Id, visitor: Annotated[Visitor, visiting]) -> SafetyPlansV1:
        items = await practice.visit(visitor, "safety-plan", id, lambda reading: shown_plans(practice, reading, id))
        return SafetyPlansV1.model_validate({"items": items})

    @router.post("/safety-plan-copies", status_code=201, summary="She has a copy of her plan")
    async def copy(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[CopyRequest, json_body(CopyRequest)],
        answer: Response,
    ) -> PlanCopyV1:
        done = await give_copy(practice, caller, id, asked)
        shown = await practice.told(done, answer, lambda reading: shown_copy(practice, reading, done.target))
        return PlanCopyV1.model_validate(shown)

    return router
