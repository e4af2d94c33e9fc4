"""Referrals and consents as the parties read them."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query

from gateway.adapters.readings import Readings, ReferralFilter
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.identifiers import UUID7_PATTERN
from shared.sop.model import ReferralState
from shared.web import listing
from shared.web.listing import Paged
from shared.web.security import Principal, require
from shared.wire.answers import ConsentDetailV1, PageV1, PropagationV1, ReferralDetailV1, ReferralSummaryV1

Party = Annotated[Principal, require("referrals.send", "referrals.handle")]
Holder = Annotated[Principal, require("referrals.send", "referrals.handle", "consents.write")]
Overseer = Annotated[Principal, require("referrals.send", "referrals.handle", "consents.write", "oversight.read")]
Id = Annotated[str, Path(pattern=UUID7_PATTERN)]
Since = Annotated[str | None, Query(max_length=40, description="Sent at or after this time (RFC 3339).")]

OVERSIGHT = "oversight.read"


def _asked(
    box: Literal["sent", "received"] | None = None,
    state: ReferralState | None = None,
    overdue: Annotated[bool, Query(description="Only what is past its next due time.")] = False,
    since: Since = None,
) -> dict[str, Any]:
    return {
        "box": box,
        "state": state.value if state else None,
        "overdue": overdue,
        "since": to_wire(from_wire(since)) if since else None,
    }


Asked = Annotated[dict[str, Any], Depends(_asked)]


def referrals_router(readings: Readings) -> APIRouter:
    """Make the reading routes of referrals and consents."""
    router = APIRouter()

    @router.get("/v1/referrals", summary="List your agency's referrals", tags=["referrals"])
    async def list_referrals(caller: Party, page: Paged, asked: Asked) -> PageV1[ReferralSummaryV1]:
        wanted = ReferralFilter(**asked, after=page.after_text(), limit=page.limit)
        found = await asyncio.to_thread(readings.referrals, caller.subject, wanted)
        last = (str(found[-1]["referral_id"]),) if len(found) == page.limit else None
        return PageV1[ReferralSummaryV1].model_validate(listing.answer(found, last=last))

    @router.get("/v1/referrals/{id}", summary="Read one referral: facts, state, due times, history", tags=["referrals"])
    async def read_referral(caller: Party, id: Id) -> ReferralDetailV1:
        return ReferralDetailV1.model_validate(await asyncio.to_thread(readings.referral, caller.subject, id))

    @router.get("/v1/consents/{id}", summary="Read a consent as far as it concerns you", tags=["consents"])
    async def read_consent(caller: Holder, id: Id) -> ConsentDetailV1:
        return ConsentDetailV1.model_validate(await asyncio.to_thread(readings.consent, caller.subject, id))

    @router.get("/v1/consents/{id}/propagation", summary="Who was told to seal, and who confirmed", tags=["consents"])
    async def read_propagation(caller: Overseer, id: Id) -> PropagationV1:
        oversight = OVERSIGHT in caller.scopes
        found = await asyncio.to_thread(readings.propagation, caller.subject, id, oversight=oversight)
        return PropagationV1.model_validate(found)

    return router
