"""Routes of hearings, and of the calendar of them all."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from services.legal_aid.acts.hearings import calendar_for, change_hearing, plan_hearing
from services.legal_aid.acts.legal_file import shown
from services.legal_aid.messages.hearings import HearingChangeRequest, HearingRequest, HearingV1
from services.legal_aid.records import Hearing
from services.legal_aid.rules.icalendar import MEDIA_TYPE
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.casefile import record_of
from shared.agency.sector.practice import Practice
from shared.kernel.encoding import sha256_b64url
from shared.web.body import json_body
from shared.web.conditional import knows

_Known = Annotated[
    str | None, Header(alias="If-None-Match", max_length=500, description="The ETag of the calendar that is known.")
]


def hearings_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: hearings"])

    @router.post("/referrals/{id}/hearings", status_code=201, summary="Plan a hearing, with its reminder")
    async def plan(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[HearingRequest, json_body(HearingRequest)],
        response: Response,
    ) -> HearingV1:
        done = await plan_hearing(practice, caller, id, request)
        return await practice.told(
            done,
            response,
            lambda reading: HearingV1.model_validate(
                shown(practice, reading, record_of(reading, Hearing, done.target, id))
            ),
        )

    @router.post(
        "/referrals/{id}/hearings/{hearing_id}/changes",
        status_code=201,
        summary="Record that a hearing was moved, held or cancelled",
    )
    async def change(
        id: Id,
        hearing_id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        request: Annotated[HearingChangeRequest, json_body(HearingChangeRequest)],
        response: Response,
    ) -> HearingV1:
        done = await change_hearing(practice, caller, id, hearing_id, request)
        return await practice.told(
            done,
            response,
            lambda reading: HearingV1.model_validate(
                shown(practice, reading, record_of(reading, Hearing, done.target, id))
            ),
        )

    @router.get(
        "/hearings.ics",
        summary="The calendar of hearings: when, and nothing else",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}, 304: {"description": "Unchanged"}},
    )
    async def read_calendar(
        visitor: Annotated[Visitor, practice.doors.looking(HANDLE)], if_none_match: _Known = None
    ) -> Response:
        text = await practice.look(lambda reading: calendar_for(practice, reading, visitor))
        tag = f'"{sha256_b64url(text.encode())}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Access-Actor"}
        if if_none_match is not None and knows([if_none_match], tag):
            return Response(status_code=304, headers=headers)
        return Response(text, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)

    return router
