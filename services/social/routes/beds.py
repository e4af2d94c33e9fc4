"""Routes of beds: hold, admit, let go, leave."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.beds import admit, hold_beds, leave, let_go, shown_booking
from services.social.messages.beds import (
    AdmissionRequest,
    BedV1,
    BookingV1,
    DepartureRequest,
    HoldRequest,
    ReleaseRequest,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def beds_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}", tags=["social: beds"])
    acting = practice.doors.acting(HANDLE)

    async def told(done: Done, response: Response, referral_id: str) -> BookingV1:
        shown = await practice.told(done, response, lambda reading: shown_booking(reading, referral_id))
        return BookingV1.model_validate(shown)

    @router.post("/bed-holds", status_code=201, summary="Hold beds for minutes while she decides or comes")
    async def hold(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[HoldRequest, json_body(HoldRequest)],
        answer: Response,
    ) -> BookingV1:
        return await told(await hold_beds(practice, caller, id, asked), answer, id)

    @router.post("/bed-releases", status_code=201, summary="Let held beds go")
    async def release(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[ReleaseRequest, json_body(ReleaseRequest)],
        answer: Response,
    ) -> BookingV1:
        return await told(await let_go(practice, caller, id, asked), answer, id)

    @router.post("/admissions", status_code=201, summary="She has come; no letter and no paper is asked for")
    async def admission(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[AdmissionRequest, json_body(AdmissionRequest)],
        answer: Response,
    ) -> BookingV1:
        return await told(await admit(practice, caller, id, asked), answer, id)

    @router.post("/departures", status_code=201, summary="She left; she may at any time")
    async def departure(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[DepartureRequest, json_body(DepartureRequest)],
        answer: Response,
    ) -> BookingV1:
        return await told(await leave(practice, caller, id, asked), answer, id)

    @router.get("/bed", summary="The bed of a case, if it has one")
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> BedV1:
        booking = await practice.visit(visitor, "bed", id, lambda reading: shown_booking(reading, id))
        return BedV1.model_validate({"booking": booking})

    return router
