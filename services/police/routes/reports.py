"""Routes of crime reports."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.reports import classify, decide_report, pass_on, shown_report, take_report
from services.police.messages.reports import (
    ClassificationRequest,
    CrimeReportDecision,
    CrimeReportRequest,
    CrimeReportV1,
    TransferRequest,
)
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def reports_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: crime reports"])
    doors = practice.doors

    @router.post("/referrals/{id}/crime-reports", status_code=201, summary="Take a crime report; its clocks run")
    async def take(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[CrimeReportRequest, json_body(CrimeReportRequest)],
        response: Response,
    ) -> CrimeReportV1:
        done = await take_report(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_report(practice, reading, done.target))
        return CrimeReportV1.model_validate(shown)

    @router.post("/referrals/{id}/crime-reports/{report_id}/transfer", summary="Record that a report was passed on")
    async def transfer(
        id: Id,
        report_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[TransferRequest, json_body(TransferRequest)],
        response: Response,
    ) -> CrimeReportV1:
        done = await pass_on(practice, caller, id, report_id, request)
        shown = await practice.told(done, response, lambda reading: shown_report(practice, reading, done.target))
        return CrimeReportV1.model_validate(shown)

    @router.post("/referrals/{id}/crime-reports/{report_id}/classification", summary="Record what a report is")
    async def classify_report(
        id: Id,
        report_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[ClassificationRequest, json_body(ClassificationRequest)],
        response: Response,
    ) -> CrimeReportV1:
        done = await classify(practice, caller, id, report_id, request)
        shown = await practice.told(done, response, lambda reading: shown_report(practice, reading, done.target))
        return CrimeReportV1.model_validate(shown)

    @router.post("/referrals/{id}/crime-reports/{report_id}/decision", summary="Record what was decided on a report")
    async def decide(
        id: Id,
        report_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[CrimeReportDecision, json_body(CrimeReportDecision)],
        response: Response,
    ) -> CrimeReportV1:
        done = await decide_report(practice, caller, id, report_id, request)
        shown = await practice.told(done, response, lambda reading: shown_report(practice, reading, done.target))
        return CrimeReportV1.model_validate(shown)

    return router
