"""Routes for what is owed after a disclosure without consent: a second person, and telling her."""

from typing import Annotated

from fastapi import APIRouter

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.overriding import CONFIRM, TOLD, state_override
from shared.agency.requests import OverrideActRequest
from shared.agency.routes.callers import SEND, Doorkeeper, Id
from shared.web.body import json_body
from shared.wire.answers import read_answer
from shared.wire.overrides import OverrideAnswerV1


def overrides_router(office: Office, doors: Doorkeeper) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["lifecycle"])
    sender = doors.acting(SEND)

    @router.post("/v1/referrals/{id}/confirm-override", summary="Confirm break-glass as a second person")
    async def confirm_override(
        id: Id,
        caller: Annotated[Caller, sender],
        request: Annotated[OverrideActRequest, json_body(OverrideActRequest)],
    ) -> OverrideAnswerV1:
        return read_answer(OverrideAnswerV1, await state_override(office, caller, id, CONFIRM, request))

    @router.post("/v1/referrals/{id}/told", summary="State that she was told of a disclosure without consent")
    async def state_told(
        id: Id,
        caller: Annotated[Caller, sender],
        request: Annotated[OverrideActRequest, json_body(OverrideActRequest)],
    ) -> OverrideAnswerV1:
        return read_answer(OverrideAnswerV1, await state_override(office, caller, id, TOLD, request))

    return router
