"""Routes of assessing risk."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.risk import assess_risk, shown_assessments
from services.social.messages.risk import RiskRequest, RisksV1, RiskV1
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def risk_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}", tags=["social: safety"])
    acting, visiting = practice.doors.acting(HANDLE), practice.doors.visiting(HANDLE)

    @router.post("/risk-assessments", status_code=201, summary="What a risk tool says, and how urgent that is at least")
    async def assess(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[RiskRequest, json_body(RiskRequest)],
        answer: Response,
    ) -> RiskV1:
        done = await assess_risk(practice, caller, id, asked)
        all_of_them = await practice.told(done, answer, lambda reading: shown_assessments(practice, reading, id))
        return RiskV1.model_validate(next(one for one in all_of_them if one["id"] == done.target))

    @router.get("/risk-assessments", summary="The assessments of a case, oldest first")
    async def assessments(id: Id, visitor: Annotated[Visitor, visiting]) -> RisksV1:
        items = await practice.visit(visitor, "risk", id, lambda reading: shown_assessments(practice, reading, id))
        return RisksV1.model_validate({"items": items})

    return router
