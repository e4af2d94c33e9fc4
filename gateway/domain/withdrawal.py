"""What a holder of data owes once consent was taken back: its answer, by when, and what is said when it does not come.

Pure: the same hold, procedure and moment give the same result. What was said before is remembered on the hold itself
and is never said twice. Follows fact sheet sections 2.4 (limits of the law) and 7.2 T16 (what may be kept).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.domain.referral import HalfState, Referral
from shared.kernel.clock import from_wire, to_wire
from shared.sop.calendar import due_at
from shared.sop.model import AlarmLevel, Compartment, Sop, Stage, TimeLimit, WithdrawalRules

_NOTHING: frozenset[Compartment] = frozenset()


class HoldResult(StrEnum):
    """What became of the data at a holder. `pending` until it has answered."""

    PENDING = "pending"
    NEVER_OPENED = "never_opened"
    SEALED = "sealed"
    LEGAL_HOLD = "legal_hold"


class Reach(StrEnum):
    """Whether the notice has reached the holder: if not, why."""

    REACHED = "reached"
    WAITING = "waiting"
    DISABLED = "agency.disabled"
    UNDELIVERED = "notice.undelivered"
    REJECTED = "notice.rejected"


#: As these a holder that has not answered is shown as `unreachable`.
UNREACHABLE = frozenset({Reach.DISABLED, Reach.UNDELIVERED, Reach.REJECTED})


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A holder's answer: the exact text of its `sealed` event, or of a receipt, and the signature over it.

    No person data is in it.
    """

    body: str
    signature: str

    @property
    def is_receipt(self) -> bool:
        """Say whether it is a receipt, by which the agency rejected what it would have held."""
        kind: str = json.loads(self.body)["kind"]
        return kind == "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """By how many days a holder put off its answer, why (a code), until when the law lets it, and the proof of it."""

    days: int
    reason: str
    declared_at: str
    until: str
    ledger_index: int
    declaration: SignedAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """What one holder owes since one revocation, and what it answered. Times are wire text.

    `onward`: the data came to it by an onward referral. `notice`: the id of the notice it was sent; None when it was
    not sent any, because it reported the revocation itself or nothing had left for it.
    `told`: limits that were escalated.
    """

    consent_id: str
    revocation_id: str
    referral_id: str
    agency: str
    via: str
    onward: bool
    compartments: frozenset[Compartment]
    asked_at: str
    due_at: str
    notice: str | None = None
    told: frozenset[str] = frozenset()
    result: HoldResult = HoldResult.PENDING
    kept: frozenset[Compartment] = _NOTHING
    article: str | None = None
    answered_at: str | None = None
    ledger_index: int | None = None
    answer: SignedAnswer | None = None
    extension: Extension | None = None

    @property
    def key(self) -> str:
        """Return the name of this hold among all."""
        return f"{self.revocation_id}/{self.referral_id}"

    @property
    def is_pending(self) -> bool:
        """Say whether the holder still owes its answer."""
        return self.result is HoldResult.PENDING

    @property
    def is_denied(self) -> bool:
        """Say whether the agency answered by rejecting what it would have held."""
        return self.answer is not None and self.answer.is_receipt

    def is_late(self, *, now: str) -> bool:
        """Say whether the answer came, or is still to come, after its time."""
        return (self.answered_at or now) > self.due_at


@dataclass(frozen=True, slots=True)
class Passed:
    """A limit of a hold that has passed; `level` is whose attention that asks for."""

    limit: TimeLimit
    at: str
    level: AlarmLevel


def answer_due_at(asked_at: str, *, sop: Sop) -> str:
    """Return by when a holder answers: the house rule."""
    return _due(sop.withdrawal.answer, asked_at)


def limits_of(hold: Hold, *, sop: Sop) -> Sequence[Passed]:
    """Return the limits of a hold in the order in which they pass."""
    levels = _levels(sop.withdrawal, onward=hold.onward)
    limits = [Passed(limit, _due(limit, hold.asked_at), level) for limit, level in levels.items()]
    if hold.extension is not None:
        limits[-1] = replace(limits[-1], at=hold.extension.until)
    return limits


def last_limit(hold: Hold, *, sop: Sop) -> Passed:
    """Return the law's last limit for a hold: the only one that an extension moves."""
    return limits_of(hold, sop=sop)[-1]


def extended_until(hold: Hold, days: int, *, sop: Sop) -> str:
    """Return when the last limit passes if it is put off by `days`: one term from the beginning, by the calendar."""
    limit = last_limit(hold, sop=sop).limit
    return _due(replace(limit, amount=limit.amount + days), hold.asked_at)


def passed_limits(hold: Hold, *, now: str, sop: Sop) -> Sequence[Passed]:
    """Return the limits that have passed and were not escalated, earliest first; nothing once it has answered."""
    if not hold.is_pending:
        return ()
    return [one for one in limits_of(hold, sop=sop) if one.at <= now and one.limit.id not in hold.told]


def next_limit_at(hold: Hold, *, sop: Sop) -> str | None:
    """Return when the next limit passes that was not escalated; None when none will, or it has answered."""
    if not hold.is_pending:
        return None
    return next((one.at for one in limits_of(hold, sop=sop) if one.limit.id not in hold.told), None)


def remembering(hold: Hold, passed: Sequence[Passed]) -> Hold:
    """Return the hold with these limits escalated."""
    return replace(hold, told=hold.told | {one.limit.id for one in passed})


def reach_of(
    hold: Hold, *, is_active: bool, waiting: bool, settled_as: str | None, now: str, rules: WithdrawalRules
) -> Reach:
    """Say whether the notice of a hold has reached its agency.

    `waiting`: it has not been settled. `settled_as` is the code it was settled with: `stored` when the agency has it.
    """
    if not is_active:
        return Reach.DISABLED
    if hold.notice is None or settled_as == "stored":
        return Reach.REACHED
    if not waiting:
        return Reach.REJECTED
    return Reach.UNDELIVERED if _due(rules.unreached, hold.asked_at) <= now else Reach.WAITING


def may_keep(hold: Hold, referral: Referral, *, sop: Sop) -> frozenset[Compartment]:
    """Return what a law may make the holder keep: evidence and records that it had opened, of what was taken back."""
    service = sop.services.get(referral.service_type)
    holdable = sop.withdrawal.holdable.get(service.sector, _NOTHING) if service else _NOTHING
    opened = {name for name, half in referral.halves.items() if half.state is HalfState.OPENED}
    return hold.compartments & holdable & opened


def was_given(hold: Hold, referral: Referral) -> bool:
    """Say whether a half of what was taken back was given for a signed opening, which the ledger has."""
    return any(
        half.stage is Stage.ACCEPTED and half.state is HalfState.OPENED
        for name, half in referral.halves.items()
        if name in hold.compartments
    )


def _levels(rules: WithdrawalRules, *, onward: bool) -> Mapping[TimeLimit, AlarmLevel]:
    last = rules.third_party if onward else rules.stop
    return {
        rules.unreached: AlarmLevel.SUPERVISOR,
        rules.answer: AlarmLevel.SUPERVISOR,
        rules.statute: AlarmLevel.COORDINATOR,
        last: AlarmLevel.COORDINATOR,
    }


def _due(limit: TimeLimit, asked_at: str) -> str:
    return to_wire(due_at(from_wire(asked_at), limit.amount, limit.unit))
