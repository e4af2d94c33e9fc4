"""Routes of case conferences, alike in all four sectors: call, invite, minutes, actions and their reports."""

from typing import Annotated

from fastapi import APIRouter, Response

from shared.agency.acting import Caller
from shared.agency.conference.calling import call_conference, conference_here, invite
from shared.agency.conference.messages import (
    ConferenceActionsV1,
    ConferenceActionV1,
    ConferenceRequest,
    ConferencesV1,
    ConferenceV1,
    InvitationRequest,
    MinutesRequest,
    ReportRequest,
)
from shared.agency.conference.minutes import record_minutes, report_action
from shared.agency.conference.showing import actions_seen, conferences_seen, shown_actions, shown_conference
from shared.agency.ports import Reading
from shared.agency.reading import Visitor
from shared.agency.records import ConferenceAction
from shared.agency.routes.answers import ReferredV1
from shared.agency.routes.callers import HANDLE, SEND, Id, told
from shared.agency.sector.practice import Practice
from shared.web.body import json_body

_TAG = "case conferences"


def conferences_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=[_TAG])
    _add_calling(router, practice)
    _add_reading(router, practice)
    _add_actions(router, practice)
    return router


def _add_calling(router: APIRouter, practice: Practice) -> None:
    acting = practice.doors.acting(SEND)

    def shown(reading: Reading, conference_id: str) -> ConferenceV1:
        return ConferenceV1.model_validate(shown_conference(reading, conference_id, now=practice.now()))

    @router.post("/v1/conferences", status_code=201, summary="Call a case conference about a case you work on")
    async def call(
        caller: Annotated[Caller, acting],
        request: Annotated[ConferenceRequest, json_body(ConferenceRequest)],
        response: Response,
    ) -> ConferenceV1:
        done = await call_conference(practice, caller, request)
        return await practice.told(done, response, lambda reading: shown(reading, done.target))

    @router.post(
        "/v1/conferences/{id}/invitations",
        status_code=202,
        summary="Invite an agency: a referral of its own, with what her consent lets it see",
    )
    async def invite_agency(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[InvitationRequest, json_body(InvitationRequest)],
        response: Response,
    ) -> ReferredV1:
        return ReferredV1.model_validate(told(await invite(practice, caller, id, request), response))

    @router.post(
        "/v1/conferences/{id}/minutes",
        status_code=201,
        summary="Record who was there and what was agreed: actions with owner and day, nothing else",
    )
    async def minutes(
        id: Id,
        caller: Annotated[Caller, acting],
        request: Annotated[MinutesRequest, json_body(MinutesRequest)],
        response: Response,
    ) -> ConferenceV1:
        done = await record_minutes(practice, caller, id, request)
        return await practice.told(done, response, lambda reading: shown(reading, done.target))


def _add_reading(router: APIRouter, practice: Practice) -> None:
    looking = practice.doors.looking(SEND, HANDLE)

    @router.get("/v1/conferences", summary="The conferences your agency called, newest first")
    async def list_conferences(visitor: Annotated[Visitor, looking]) -> ConferencesV1:
        now, who = practice.now(), (visitor.actor, visitor.pseudonym)
        items = await practice.look(
            lambda reading: [shown_conference(reading, one, now=now) for one in conferences_seen(reading, who)]
        )
        return ConferencesV1.model_validate({"items": items})

    @router.get("/v1/conferences/{id}", summary="One conference: who was invited, what was agreed, what became of it")
    async def read_conference(id: Id, visitor: Annotated[Visitor, looking]) -> ConferenceV1:
        await conference_here(practice, id, visitor.actor, visitor.pseudonym)
        shown = await practice.look(lambda reading: shown_conference(reading, id, now=practice.now()))
        return ConferenceV1.model_validate(shown)


def _add_actions(router: APIRouter, practice: Practice) -> None:
    @router.get("/v1/conference-actions", summary="The actions your agency owns, what is due first on top")
    async def list_actions(visitor: Annotated[Visitor, practice.doors.looking(SEND, HANDLE)]) -> ConferenceActionsV1:
        who, here = (visitor.actor, visitor.pseudonym), practice.office.agency_id
        actions = await practice.look(lambda reading: actions_seen(reading, here, who))
        return ConferenceActionsV1.model_validate({"items": shown_actions(actions, now=practice.now())})

    @router.post(
        "/v1/conference-actions/{id}/reports", status_code=201, summary="Report that an action was done, or cannot be"
    )
    async def report(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(SEND, HANDLE)],
        request: Annotated[ReportRequest, json_body(ReportRequest)],
        response: Response,
    ) -> ConferenceActionV1:
        done = await report_action(practice, caller, id, request)
        actions = await practice.told(done, response, lambda reading: reading.many(ConferenceAction, [done.target]))
        return ConferenceActionV1.model_validate(shown_actions(actions, now=practice.now())[0])
