"""Routes of interpreters, companions and transport."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.social.acts.support import book, settle, shown_bookings
from services.social.messages.support import (
    SettlementRequest,
    SupportBookingRequest,
    SupportBookingsV1,
    SupportBookingV1,
)
from shared.agency.acting import Caller
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.acting import Done
from shared.agency.sector.practice import Practice
from shared.kernel.identifiers import UUID7_PATTERN
from shared.web.body import json_body

BookingId = Annotated[str, Path(pattern=UUID7_PATTERN)]


def support_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}/support-bookings", tags=["social: interpreter, companion"])
    acting = practice.doors.acting(HANDLE)

    async def told(done: Done, response: Response, referral_id: str) -> SupportBookingV1:
        found = await practice.told(done, response, lambda reading: shown_bookings(practice, reading, referral_id))
        return SupportBookingV1.model_validate(next(one for one in found if one["id"] == done.target))

    @router.post("", status_code=201, summary="Book an interpreter, a companion or transport that she can trust")
    async def add(
        id: Id,
        caller: Annotated[Caller, acting],
        asked: Annotated[SupportBookingRequest, json_body(SupportBookingRequest)],
        answer: Response,
    ) -> SupportBookingV1:
        done = await book(practice, caller, id, asked)
        return await told(done, answer, id)

    @router.get("", summary="What was booked for her")
    async def read(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> SupportBookingsV1:
        items = await practice.visit(visitor, "support", id, lambda reading: shown_bookings(practice, reading, id))
        return SupportBookingsV1.model_validate({"items": items})

    @router.post("/{booking_id}/settlement", status_code=201, summary="Whether whoever was booked was there")
    async def settlement(
        id: Id,
        booking_id: BookingId,
        caller: Annotated[Caller, acting],
        asked: Annotated[SettlementRequest, json_body(SettlementRequest)],
        answer: Response,
    ) -> SupportBookingV1:
        done = await settle(practice, caller, id, booking_id, asked)
        return await told(done, answer, id)

    return router
