"""Where a referral stands: its state, what is due and what is due next. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from shared.agency.records import QUEUED
from shared.kernel.clock import to_wire
from shared.referral.deadlines import due_times
from shared.sop.model import ENDS, ClockPhase, ReferralState, Sop, Urgency

_PHASES: Final = tuple(ClockPhase)
#: The first duty that is still open in a state; those after it are open too.
_FIRST_OPEN: Final[Mapping[str, ClockPhase]] = {
    QUEUED: ClockPhase.ACKNOWLEDGE,
    ReferralState.SENT: ClockPhase.ACKNOWLEDGE,
    ReferralState.DELIVERED: ClockPhase.ACKNOWLEDGE,
    ReferralState.ACKNOWLEDGED: ClockPhase.DECIDE,
    ReferralState.INFO_REQUESTED: ClockPhase.DECIDE,
    ReferralState.ACCEPTED: ClockPhase.CONTACT,
    ReferralState.SCHEDULED: ClockPhase.CONTACT,
    ReferralState.UNREACHED: ClockPhase.CONTACT,
    ReferralState.IN_PROGRESS: ClockPhase.COMPLETE,
    ReferralState.ON_HOLD: ClockPhase.COMPLETE,
}


def next_due(state: str, due: Mapping[str, str]) -> str | None:
    """Return the earliest limit of the duties still open in `state`, as wire text."""
    return min((due[phase] for phase in open_duties(state) if phase in due), default=None)


def open_duties(state: str) -> Sequence[ClockPhase]:
    """Return the duties that are still open in `state`, in their order."""
    first = _FIRST_OPEN.get(state)
    return () if first is None else _PHASES[_PHASES.index(first) :]


def open_in(phase: ClockPhase) -> frozenset[str]:
    """Return the states in which a duty is still open."""
    return frozenset(state for state in _FIRST_OPEN if phase in open_duties(state))


def standing_of(view: Mapping[str, Any]) -> dict[str, Any]:
    """Return what changes here when the gateway shows a referral: state, due times, statements if it says how many."""
    state = str(view["state"])
    due = {phase: at for phase, at in (view.get("due") or {}).items() if at is not None}
    told = view.get("statements")
    counted = {"statements": int(told["count"])} if told else {}
    return {"state": state, "due": due, "next_due_at": next_due(state, due), **counted}


def standing_beside(view: Mapping[str, Any], *, here: str) -> dict[str, Any]:
    """Return what changes here, where a referral stands `here` by now, when the gateway answers a message about it.

    An answer that got lost comes again as it first was, perhaps after younger news: it takes nothing back to the
    beginning, and nothing out of its end.
    """
    standing = standing_of(view)
    answered = standing["state"]
    is_older = answered == ReferralState.SENT or (has_ended(here) and not has_ended(answered))
    if here == QUEUED or not is_older:
        return standing
    return {**standing, "state": here, "next_due_at": next_due(here, standing["due"])}


def due_here(
    sop: Sop, service_type: str, *, urgency: Urgency, sent_at: datetime, incident_at: datetime | None
) -> dict[str, str]:
    """Compute the due times of a referral as the gateway does, for what arrives without them."""
    times = due_times(sop, sop.services[service_type], urgency=urgency, sent_at=sent_at, incident_at=incident_at)
    return {phase.value: to_wire(due.at) for phase, due in times.items()}


def has_ended(state: str) -> bool:
    """Say whether nothing more is expected of the recipient."""
    return state in ENDS
