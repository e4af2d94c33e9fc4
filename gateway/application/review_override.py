"""The compulsory review: oversight says whether a disclosure without consent was justified, and what follows."""

from dataclasses import dataclass, replace
from typing import Any

from gateway.application.end_override import end_access
from gateway.application.open_override import OVERRIDE
from gateway.application.outcome import About, Refused
from gateway.application.override_acts import Done
from gateway.application.ports import Desk
from gateway.application.unsigned_acts import recorded_either_way
from gateway.domain.override import ENDS_ACCESS, NOT_CARRIED, Override, Review
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound
from shared.sop.model import Sop


@dataclass(frozen=True, slots=True)
class ReviewGiven:
    """A body of oversight has reviewed an override."""

    referral_id: str
    body: str
    outcome: str
    measures: tuple[str, ...]
    trace_id: str


def review_override(desk: Desk, given: ReviewGiven, *, sop: Sop) -> Done | Refused:
    """Take a review, or refuse it; both are recorded. There is one, by whichever body comes first."""

    def about() -> About:
        override = desk.overrides.get(given.referral_id)
        return About(referral_id=override.referral_id, chain_id=override.chain_id) if override else About()

    return recorded_either_way(
        desk,
        lambda: _review(desk, given, sop),
        kind=OVERRIDE,
        by=given.body,
        trace_id=given.trace_id,
        about=about,
    )


def _review(desk: Desk, given: ReviewGiven, sop: Sop) -> Done:
    override = desk.overrides.get(given.referral_id)
    if override is None:
        raise NotFound("override.unknown", "No referral of this id rests on a ground other than consent.")
    _check_measures(given, sop)
    if override.review is not None:
        return _again(override, override.review, given)
    ends = ENDS_ACCESS in given.measures and override.ended_at is None
    waiting = desk.unsettled([override.referral_id]) if ends else ()
    review = _recorded(desk, override, given)
    reviewed = replace(override, review=review)
    if ends:
        reviewed = end_access(desk, reviewed, waiting=waiting, code=NOT_CARRIED, trace_id=given.trace_id)
    desk.overrides.change(reviewed)
    desk.notify(
        override.sender,
        type="override_review",
        referral_id=override.referral_id,
        data=_told(review),
        trace_id=given.trace_id,
    )
    return Done(reviewed, review.ledger_index)


def _check_measures(given: ReviewGiven, sop: Sop) -> None:
    message = "Use measures that the procedure lists; see overrides in GET /v1/sop."
    faults = [
        FieldFault(f"/measures/{place}", "field.choice", message)
        for place, measure in enumerate(given.measures)
        if measure not in sop.overrides.measures
    ]
    if faults:
        raise InputRejected("message.invalid", message, faults=faults)


def _again(override: Override, known: Review, given: ReviewGiven) -> Done:
    if (known.body, known.outcome, known.measures) != (given.body, given.outcome, given.measures):
        raise Conflict("override.done", "This was reviewed already; its outcome stands.")
    return Done(override, known.ledger_index)


def _recorded(desk: Desk, override: Override, given: ReviewGiven) -> Review:
    referral = desk.referral(override.referral_id)
    recorded = desk.record(
        OVERRIDE,
        given.body,
        referral_id=override.referral_id,
        chain_id=override.chain_id,
        code=f"reviewed:{given.outcome}",
        state=referral.state.value if referral else None,
        trace_id=given.trace_id,
    )
    return Review(
        body=given.body,
        at=to_wire(desk.at),
        outcome=given.outcome,
        measures=given.measures,
        ledger_index=recorded.index,
    )


def _told(review: Review) -> dict[str, Any]:
    told: dict[str, Any] = {"stage": "reviewed", "outcome": review.outcome}
    return {**told, "measures": list(review.measures)} if review.measures else told
