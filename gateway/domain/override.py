"""An override: a disclosure that rests on law and not on her consent, and what is owed after it.

Pure. The sender owes a second person (break-glass only) and, unless it is unsafe, telling her; a body of oversight
owes a review. Access of break-glass that nobody confirms ends. Times are wire text (RFC 3339, UTC, milliseconds),
so they compare as they are. Follows fact sheet sections 2.8, 2.9 and 5 (R-12, R-16). Nothing here names a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.domain.referral import Referral
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.clock import from_wire, to_wire
from shared.sop.calendar import due_at
from shared.sop.model import LegalBasisKind, OverrideRules, TimeLimit

#: Why access ended: nobody confirmed it, or a review put an end to it.
UNCONFIRMED = "basis.unconfirmed"
NOT_CARRIED = "basis.review"
#: The measure of a review that ends access at once.
ENDS_ACCESS = "access_ended"


class OverrideState(StrEnum):
    """Where an override stands: whoever must act next gives it its name."""

    UNCONFIRMED = "unconfirmed"  # a second person is owed
    AWAITING_REVIEW = "awaiting_review"
    ENDED = "ended"  # nobody confirmed it; the review is still owed
    REVIEWED = "reviewed"


class Duty(StrEnum):
    """What somebody owes after a disclosure without consent."""

    CONFIRMATION = "confirmation"
    TELLING = "telling"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Act:
    """What an agency said was done: by whom (a pseudonym), when it says so, when it was heard, where it is recorded."""

    actor: str
    stated_at: str
    at: str
    ledger_index: int


@dataclass(frozen=True, slots=True)
class Review:
    """What a body of oversight found."""

    body: str
    at: str
    outcome: str
    measures: tuple[str, ...]
    ledger_index: int


@dataclass(frozen=True, slots=True)
class Owed:
    """One duty: by when, and when it was done."""

    due_at: str | None
    done_at: str | None

    def is_overdue(self, *, at: str) -> bool:
        """Say whether it is past its time and not done."""
        return self.due_at is not None and self.done_at is None and self.due_at < at

    @property
    def in_time(self) -> bool | None:
        """Say whether it was done in time; None while it is not done, or was never due."""
        return None if self.due_at is None or self.done_at is None else self.done_at <= self.due_at


@dataclass(frozen=True, slots=True)
class Override:
    """One override. `confirm_due_at` and `access_ends_at` None: the ground asks for no second person.

    `sector` is that of the sender by which it may send the service; `tell_due_at` None: telling her was unsafe.
    """

    referral_id: str
    chain_id: str
    sender: str
    recipient: str
    sector: str
    service_type: str
    kind: LegalBasisKind
    article: str
    approver: str
    notify_unsafe: bool
    compartments: tuple[str, ...]
    made_at: str
    confirm_due_at: str | None
    access_ends_at: str | None
    tell_due_at: str | None
    review_due_at: str
    confirmation: Act | None = None
    telling: Act | None = None
    review: Review | None = None
    ended_at: str | None = None
    ended_by: str | None = None

    @property
    def state(self) -> OverrideState:
        """Return where it stands."""
        if self.review is not None:
            return OverrideState.REVIEWED
        if self.ended_at is not None:
            return OverrideState.ENDED
        waits = self.confirm_due_at is not None and self.confirmation is None
        return OverrideState.UNCONFIRMED if waits else OverrideState.AWAITING_REVIEW

    @property
    def ends_at(self) -> str | None:
        """Return when its access will end if nobody confirms it; None when it will not, or has ended."""
        return self.access_ends_at if self.confirmation is None and self.ended_at is None else None

    def duties(self) -> Mapping[Duty, Owed]:
        """Return what is owed. Once access has ended there is nothing left to confirm."""
        confirm_due_at = None if self.ended_at is not None and self.confirmation is None else self.confirm_due_at
        return {
            Duty.CONFIRMATION: Owed(confirm_due_at, self.confirmation.at if self.confirmation else None),
            Duty.TELLING: Owed(self.tell_due_at, self.telling.at if self.telling else None),
            Duty.REVIEW: Owed(self.review_due_at, self.review.at if self.review else None),
        }

    def overdue(self, *, at: str) -> tuple[Duty, ...]:
        """Return the duties that are past their time."""
        return tuple(duty for duty, owed in self.duties().items() if owed.is_overdue(at=at))

    def is_same_person(self, actor: str) -> bool:
        """Say whether `actor` approved it. Names that differ in capitals alone are one name."""
        return actor.casefold() == self.approver.casefold()


def access_ends_at(basis: ConsentBasis | OtherBasis, *, at: datetime, rules: OverrideRules) -> str | None:
    """Return when a disclosure on this ground ends unless a second person confirms it; None when it does not."""
    return _after(rules.access, at) if basis.kind in rules.two_person else None


def override_of(referral: Referral, basis: OtherBasis, *, sector: str, rules: OverrideRules) -> Override:
    """Return the override that a referral just admitted on `basis` is."""
    made_at = from_wire(referral.received_at)
    two_person = basis.kind in rules.two_person
    return Override(
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        sender=referral.sender,
        recipient=referral.recipient,
        sector=sector,
        service_type=referral.service_type,
        kind=basis.kind,
        article=basis.article,
        approver=basis.approver,
        notify_unsafe=basis.notify_unsafe,
        compartments=tuple(sorted(name.value for name in referral.halves)),
        made_at=referral.received_at,
        confirm_due_at=_after(rules.confirmation, made_at) if two_person else None,
        access_ends_at=access_ends_at(basis, at=made_at, rules=rules),
        tell_due_at=None if basis.notify_unsafe else _after(rules.telling, made_at),
        review_due_at=_after(rules.review, made_at),
    )


def _after(limit: TimeLimit, at: datetime) -> str:
    return to_wire(due_at(at, limit.amount, limit.unit))
