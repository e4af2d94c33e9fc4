"""Routes of a child in danger."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.children import end_stay, fill_receipt, fill_risk, record_decision, shown_child, tell_hotline
from services.social.messages.children import (
    ChildV1,
    DecisionRequest,
    EndOfStayRequest,
    HotlineCopyRequest,
    ReceiptRequest,
    RiskFormRequest,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def children_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}/child", tags=["social: children in danger"])
    acting = practice.doors.acting(HANDLE)

    async def told(done: Done, response: Response, referral_id: str) -> ChildV1:
        shown = await practice.told(done, response, lambda reading: shown_child(practice, reading, referral_id))
        return ChildV1.model_validate(shown)

    @router.post("/forms/01", status_code=201, summary="Form 01: what was reported; twelve hours run from its receipt")
    async def receipt(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[ReceiptRequest, json_body(ReceiptRequest)],
        answer: Response,
    ) -> ChildV1:
        return await told(await fill_receipt(practice, caller, id, asked), answer, id)

    @router.post("/forms/02", status_code=201, summary="Form 02: the first assessment of risk")
    async def risk(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[RiskFormRequest, json_body(RiskFormRequest)],
        answer: Response,
    ) -> ChildV1:
        return await told(await fill_risk(practice, caller, id, asked), answer, id)

    @router.post("/decisions", status_code=201, summary="Form 07: what the chair of the commune decided")
    async def decide(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[DecisionRequest, json_body(DecisionRequest)],
        answer: Response,
    ) -> ChildV1:
        return await told(await record_decision(practice, caller, id, asked), answer, id)

    @router.post("/stay-ends", status_code=201, summary="The child is no longer kept apart")
    async def end(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[EndOfStayRequest, json_body(EndOfStayRequest)],
        answer: Response,
    ) -> ChildV1:
        return await told(await end_stay(practice, caller, id, asked), answer, id)

    @router.post("/hotline-copies", status_code=201, summary="Hotline 111 was told")
    async def hotline(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[HotlineCopyRequest, json_body(HotlineCopyRequest)],
        answer: Response,
    ) -> ChildV1:
        return await told(await tell_hotline(practice, caller, id, asked), answer, id)

    @router.get("", summary="Forms, decisions and copies of a child in danger")
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> ChildV1:
        shown = await practice.visit(visitor, "child", id, lambda reading: shown_child(practice, reading, id))
        return ChildV1.model_validate(shown)

    return router
