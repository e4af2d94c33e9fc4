"""Route of asking before somebody dials."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.social.acts.contact import check_contact
from services.social.messages.contact import ContactCheckRequest, ContactCheckV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def contact_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/social/referrals/{id}", tags=["social: safe contact"])

    @router.post("/contact-checks", status_code=201, summary="May she be contacted now, and in this way")
    async def check(
        id: Id,
        caller: Annotated[Caller, practice.doors.acting(HANDLE)],
        asked: Annotated[ContactCheckRequest, json_body(ContactCheckRequest)],
        answer: Response,
    ) -> ContactCheckV1:
        done = await check_contact(practice, caller, id, asked)
        return await practice.told(
            done, answer, lambda _: ContactCheckV1(referral_id=id, method=asked.method, allowed=True)
        )

    return router
