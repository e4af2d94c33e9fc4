"""Disclosures without consent over HTTP: the queue of oversight, the second person, telling her, the review."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from gateway.adapters.bell import Bell
from gateway.adapters.desk import SqlDesk
from gateway.adapters.override_readings import OverrideFilter, OverrideReadings
from gateway.adapters.tables import OVERRIDES, REFERRALS
from gateway.application.outcome import Refused
from gateway.application.override_acts import ActStated, Done, confirm_override, report_telling
from gateway.application.override_views import override_view
from gateway.application.review_override import ReviewGiven, review_override
from gateway.domain.override import OverrideState
from gateway.web import guards
from shared.kernel.clock import Clock, to_wire
from shared.kernel.identifiers import UUID7_PATTERN
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.telemetry.context import current_trace_id
from shared.web import listing
from shared.web.body import json_body
from shared.web.listing import Paged
from shared.web.security import Principal, require
from shared.wire.answers import PageV1
from shared.wire.overrides import OverrideActV1, OverrideAnswerV1, OverrideReviewV1, OverrideV1

Sender = Annotated[Principal, require("referrals.send")]
Reviewer = Annotated[Principal, require("oversight.review")]
Reader = Annotated[Principal, guards.require("oversight.read", "oversight.review", "referrals.send")]
ReferralId = Annotated[str, Path(pattern=UUID7_PATTERN)]
StateQuery = Annotated[OverrideState | None, Query(description="Only those that stand so.")]
OverdueQuery = Annotated[bool, Query(description="Only those with a duty that is past its time.")]

OVERSIGHT = frozenset({"oversight.read", "oversight.review"})


class OverrideRoutes:
    """Disclosures without consent over HTTP."""

    def __init__(
        self, readings: OverrideReadings, *, writer: GroupWriter[SqlDesk], sop: Sop, clock: Clock, bell: Bell
    ) -> None:
        self._readings = readings
        self._writer = writer
        self._sop = sop
        self._clock = clock
        self._bell = bell

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["oversight"])
        one = "/v1/overrides/{referral_id}"
        router.get("/v1/overrides", summary="List disclosures without consent: what is owed, what is overdue")(
            self.list_overrides
        )
        router.post(f"{one}/confirmations", summary="Confirm break-glass as a second person")(self.post_confirmation)
        router.post(f"{one}/told", summary="State that she was told")(self.post_told)
        router.post(f"{one}/reviews", summary="Review a disclosure without consent")(self.post_review)
        return router

    async def list_overrides(
        self, caller: Reader, page: Paged, state: StateQuery = None, overdue: OverdueQuery = False
    ) -> PageV1[OverrideV1]:
        """List them, oldest first: for oversight all, for an agency those it sent."""
        now = to_wire(self._clock.now())
        wanted = OverrideFilter(
            sender=None if caller.scopes & OVERSIGHT else caller.subject,
            state=state,
            overdue_at=now if overdue else None,
            after=page.after_text(),
            limit=page.limit,
        )
        found = await asyncio.to_thread(self._readings.queue, wanted)
        last = (found[-1].referral_id,) if len(found) == page.limit else None
        shown = [override_view(override, at=now) for override in found]
        return PageV1[OverrideV1].model_validate(listing.answer(shown, last=last))

    async def post_confirmation(
        self, caller: Sender, referral_id: ReferralId, stated: Annotated[OverrideActV1, json_body(OverrideActV1)]
    ) -> OverrideAnswerV1:
        """Take the word of a second person of the sender's agency; the one who approved it cannot give it."""
        return await self._done(referral_id, partial(confirm_override, stated=_act(caller, referral_id, stated)))

    async def post_told(
        self, caller: Sender, referral_id: ReferralId, stated: Annotated[OverrideActV1, json_body(OverrideActV1)]
    ) -> OverrideAnswerV1:
        """Take the sender's word that she knows of the disclosure."""
        return await self._done(referral_id, partial(report_telling, stated=_act(caller, referral_id, stated)))

    async def post_review(
        self, caller: Reviewer, referral_id: ReferralId, given: Annotated[OverrideReviewV1, json_body(OverrideReviewV1)]
    ) -> OverrideAnswerV1:
        """Take the outcome of a review; the measure `access_ended` ends the recipient's access at once."""
        review = ReviewGiven(
            referral_id=referral_id,
            body=caller.subject,
            outcome=given.outcome,
            measures=given.measures,
            trace_id=current_trace_id(),
        )
        answer = await self._done(referral_id, partial(review_override, given=review, sop=self._sop))
        self._bell.ring()  # the parties are told
        return answer

    async def _done(self, referral_id: str, work: Callable[[SqlDesk], Done | Refused]) -> OverrideAnswerV1:
        read: list[tuple[Any, str]] = [(OVERRIDES, referral_id), (REFERRALS, referral_id)]
        outcome = await self._writer.submit(work, prefetch=read)
        if isinstance(outcome, Refused):
            raise outcome.error
        shown = override_view(outcome.override, at=to_wire(self._clock.now()))
        return OverrideAnswerV1.model_validate({"override": shown, "ledger_index": outcome.ledger_index})


def _act(caller: Principal, referral_id: str, stated: OverrideActV1) -> ActStated:
    return ActStated(
        referral_id=referral_id,
        by=caller.subject,
        actor=stated.actor,
        at=stated.at,
        trace_id=current_trace_id(),
    )
