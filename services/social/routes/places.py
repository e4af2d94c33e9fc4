"""Routes of places. Where a place is has one route of its own, for the staff of the house alone (R-18)."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.places import (
    add_beds,
    add_member,
    add_place,
    move_place,
    read_whereabouts,
    shown_place,
    shown_places,
)
from services.social.messages.places import (
    MemberRequest,
    MoreBedsRequest,
    MoveRequest,
    PlaceRequest,
    PlacesV1,
    PlaceV1,
    WhereaboutsV1,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def places_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/places", tags=["social: places"])
    acting, visiting, looking = (
        practice.doors.acting(HANDLE),
        practice.doors.visiting(HANDLE),
        practice.doors.looking(HANDLE),
    )

    async def told(done: Done, response: Response) -> PlaceV1:
        shown = await practice.told(done, response, lambda reading: shown_place(practice, reading, done.target))
        return PlaceV1.model_validate(shown)

    @router.post("", status_code=201, summary="Keep a place with its staff and beds")
    async def add(
        caller: Annotated[Caller, acting],
        asked: Annotated[PlaceRequest, json_body(PlaceRequest)],
        response: Response,
    ) -> PlaceV1:
        done = await add_place(
            practice,
            caller,
            actor=asked.actor,
            code=asked.code,
            kind=asked.kind,
            whereabouts=asked.whereabouts.model_dump(exclude_none=True),
            staff=asked.staff,
            beds=asked.beds.by_kind(),
        )
        return await told(done, response)

    @router.get("", summary="Places and their free beds; never where they are")
    async def read_all(_visitor: Annotated[Visitor, looking]) -> PlacesV1:
        items = await practice.look(lambda reading: shown_places(practice, reading))
        return PlacesV1.model_validate({"items": items})

    @router.get("/{id}/whereabouts", summary="Where a place is, for the staff of the house, with a reason")
    async def whereabouts(id: Id, visitor: Annotated[Visitor, visiting]) -> WhereaboutsV1:
        return WhereaboutsV1.model_validate(await read_whereabouts(practice, visitor, id))

    @router.post("/{id}/whereabouts", status_code=201, summary="A place has moved; by the staff of the house")
    async def move(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[MoveRequest, json_body(MoveRequest)],
        response: Response,
    ) -> PlaceV1:
        where = asked.whereabouts.model_dump(exclude_none=True)
        return await told(await move_place(practice, caller, id, actor=asked.actor, whereabouts=where), response)

    @router.post("/{id}/staff", status_code=201, summary="Somebody more belongs to the house")
    async def add_staff(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[MemberRequest, json_body(MemberRequest)],
        response: Response,
    ) -> PlaceV1:
        return await told(await add_member(practice, caller, id, actor=asked.actor, member=asked.member), response)

    @router.post("/{id}/beds", status_code=201, summary="Add beds to a place")
    async def more_beds(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[MoreBedsRequest, json_body(MoreBedsRequest)],
        response: Response,
    ) -> PlaceV1:
        done = await add_beds(practice, caller, id, actor=asked.actor, beds=asked.beds.by_kind())
        return await told(done, response)

    return router
