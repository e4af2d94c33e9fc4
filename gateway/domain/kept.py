"""Whether duties of a referral were kept: from its due times and the states the ledger says it went through.

Pure. Says what became of each duty, not whose fault it was. Follows fact sheet section 4.5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.referral import Referral
from shared.sop.model import ENDS, ClockPhase, ReferralState


class Keeping(StrEnum):
    """What became of a duty."""

    KEPT = "kept"
    DONE_LATE = "done_late"
    MISSED = "missed"  # the referral ended after the limit, and the duty was never done
    OVERDUE = "overdue"  # and still open
    OPEN = "open"
    FALLEN_AWAY = "fallen_away"  # the referral ended before the limit


@dataclass(frozen=True, slots=True)
class Move:
    """A state that a referral reached, and when (wire text)."""

    at: str
    state: ReferralState


@dataclass(frozen=True, slots=True)
class DutyKept:
    """One duty: by when, when it was done if it was, and what became of it."""

    phase: ClockPhase
    due_at: str
    rule_id: str
    done_at: str | None
    keeping: Keeping


_WORK = frozenset({ReferralState.IN_PROGRESS, ReferralState.ON_HOLD, ReferralState.COMPLETED})
_YES = _WORK | {ReferralState.ACCEPTED, ReferralState.SCHEDULED, ReferralState.UNREACHED, ReferralState.FAILED}
_ANSWER = _YES | {ReferralState.DECLINED}
#: Which states show that a duty was done: other than ends, which show only that it is owed no more.
_DONE: Mapping[ClockPhase, frozenset[ReferralState]] = {
    ClockPhase.ACKNOWLEDGE: _ANSWER | {ReferralState.ACKNOWLEDGED, ReferralState.INFO_REQUESTED},
    ClockPhase.DECIDE: _ANSWER,
    ClockPhase.CONTACT: _WORK,
    ClockPhase.COMPLETE: frozenset({ReferralState.COMPLETED}),
}


def duties_kept(referral: Referral, moves: Sequence[Move], *, now: str) -> Sequence[DutyKept]:
    """Return what became of each duty of a referral; `moves` are the states it reached, oldest first."""
    return [
        DutyKept(phase, due.at, due.rule_id, done, _keeping(due.at, done, _ended_at(moves), now=now))
        for phase in ClockPhase
        if (due := referral.due.get(phase)) is not None
        for done in [next((move.at for move in moves if move.state in _DONE[phase]), None)]
    ]


def _ended_at(moves: Sequence[Move]) -> str | None:
    return next((move.at for move in moves if move.state in ENDS), None)


def _keeping(due_at: str, done_at: str | None, ended_at: str | None, *, now: str) -> Keeping:
    if done_at is not None:
        return Keeping.KEPT if done_at <= due_at else Keeping.DONE_LATE
    if ended_at is not None:
        return Keeping.FALLEN_AWAY if ended_at <= due_at else Keeping.MISSED
    return Keeping.OVERDUE if due_at < now else Keeping.OPEN
