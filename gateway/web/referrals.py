"""Referrals and consents as the parties read them."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query

from gateway.adapters.readings import Readings, ReferralFilter
from gateway.web.guards import require
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.identifiers import UUID7_PATTERN
from shared.sop.model import ReferralState
from shared.web import listing
from shared.web.listing import Paged
from shared.web.security import Principal
from shared.wire.answers import ConsentDetailV1, PageV1, ReferralDetailV1, ReferralSummaryV1

Party = Annotated[Principal, require("referrals.send", "referrals.handle")]
Lister = Annotated[Principal, require("referrals.send", "referrals.handle", "oversight.read")]
Holder = Annotated[Principal, require("referrals.send", "referrals.handle", "consents.write")]
Id = Annotated[str, Path(pattern=UUID7_PATTERN)]
_ONE = UUID7_PATTERN.strip("^$")
Ids = Annotated[
    str,
    Query(pattern=f"^{_ONE}(,{_ONE}){{0,49}}$", description="Up to 50 ids, with commas between."),
]
Since = Annotated[str | None, Query(max_length=40, description="Sent at or after this time (RFC 3339).")]

OVERSIGHT = "oversight.read"


async def _asked(
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


class ReadingRoutes:
    """The reading routes of referrals and consents."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter()
        referrals: dict[str, Any] = {"tags": ["referrals"]}
        router.get("/v1/referrals", summary="List your agency's referrals; for oversight, all of them", **referrals)(
            self.list_referrals
        )
        router.get("/v1/referrals/{id}", summary="Read one referral: facts, state, due times, history", **referrals)(
            self.read_referral
        )
        consents: dict[str, Any] = {"tags": ["consents"]}
        router.get("/v1/consents/{id}", summary="Read a consent as far as it concerns you", **consents)(
            self.read_consent
        )
        router.get("/v1/consents", summary="Read several consents as far as they concern you", **consents)(
            self.read_consents
        )
        return router

    async def list_referrals(self, caller: Lister, page: Paged, asked: Asked) -> PageV1[ReferralSummaryV1]:
        """List referrals, oldest first: an agency its own, oversight everybody's, facts and due times only."""
        wanted = ReferralFilter(**asked, after=page.after_pair(), limit=page.limit)
        whose = None if OVERSIGHT in caller.scopes else caller.subject
        found, place = await asyncio.to_thread(self._readings.referrals, whose, wanted)
        last = place if len(found) == page.limit else None
        return PageV1[ReferralSummaryV1].model_validate(listing.answer(found, last=last))

    async def read_referral(self, caller: Party, id: Id) -> ReferralDetailV1:
        """Return one referral of the caller's."""
        return ReferralDetailV1.model_validate(await asyncio.to_thread(self._readings.referral, caller.subject, id))

    async def read_consent(self, caller: Holder, id: Id) -> ConsentDetailV1:
        """Return a consent that the caller recorded or is named in."""
        return ConsentDetailV1.model_validate(await asyncio.to_thread(self._readings.consent, caller.subject, id))

    async def read_consents(self, caller: Holder, ids: Ids) -> PageV1[ConsentDetailV1]:
        """Return which of these consents the caller recorded or is named in, all on one page."""
        found = await asyncio.to_thread(self._readings.consents, caller.subject, ids.split(","))
        return PageV1[ConsentDetailV1].model_validate(listing.answer(found, last=None))
