"""Routes of what happens while an order holds: contact that was allowed, and breaches."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.contacts import allow_contact, report_breach, shown_breach, shown_contact
from services.police.messages.contacts import BreachRequest, BreachV1, ContactRequest, ContactV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def contacts_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: supervision"])
    doors = practice.doors

    @router.post(
        "/referrals/{id}/orders/{order_id}/contacts",
        status_code=201,
        summary="Record contact that is allowed on one occasion",
    )
    async def allow(
        id: Id,
        order_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[ContactRequest, json_body(ContactRequest)],
        response: Response,
    ) -> ContactV1:
        done = await allow_contact(practice, caller, id, order_id, request)
        shown = await practice.told(done, response, lambda reading: shown_contact(practice, reading, done.target))
        return ContactV1.model_validate(shown)

    @router.post(
        "/referrals/{id}/orders/{order_id}/breaches", status_code=201, summary="Record that an order was broken"
    )
    async def breach(
        id: Id,
        order_id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[BreachRequest, json_body(BreachRequest)],
        response: Response,
    ) -> BreachV1:
        done = await report_breach(practice, caller, id, order_id, request)
        shown = await practice.told(done, response, lambda reading: shown_breach(practice, reading, done.target))
        return BreachV1.model_validate(shown)

    return router
