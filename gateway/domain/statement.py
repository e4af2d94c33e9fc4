"""How often she told what happened in a chain, and who asked for what was already told: facts, never content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.referral import Referral
from shared.kernel.clock import to_wire
from shared.sop.calendar import due_at
from shared.sop.model import Compartment, Sop


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one person: who took and holds it, under which referral, and which one in the chain it was.

    A chain can hold referrals of several persons, such as a mother and her child: each tells her own story.
    """

    referral_id: str
    chain_id: str
    subject: str
    agency: str
    sector: str
    service_type: str
    ordinal: int
    taken_at: str


@dataclass(frozen=True, slots=True)
class StatementRequest:
    """A recipient asks for the statement that `holder` took under the referral `held`; `answered_by` is a referral.

    `due_at`: by when the holder sends it; `warned_at`: when both were told that it had not.
    """

    id: str
    referral_id: str
    chain_id: str
    agency: str
    holder: str
    held: str
    compartments: tuple[Compartment, ...]
    asked_at: str
    due_at: str
    ledger_index: int
    answered_by: str | None = None
    warned_at: str | None = None

    @property
    def warn_at(self) -> str | None:
        """Return when it is to be said that nobody answered; None once somebody has, or it was said."""
        return self.due_at if self.answered_by is None and self.warned_at is None else None


def answer_due_at(asked_at: datetime, *, sop: Sop) -> str:
    """Return by when a statement that is asked for is to be sent."""
    limit = sop.statements.answer
    return to_wire(due_at(asked_at, limit.amount, limit.unit))


def taken_under(referral: Referral, before: Sequence[Statement], *, at: str, sop: Sop) -> Statement | None:
    """Return the statement that a recipient now says it took; None when it said so of this referral `before`."""
    if any(one.referral_id == referral.referral_id for one in before):
        return None
    return Statement(
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        subject=referral.subject,
        agency=referral.recipient,
        sector=sop.services[referral.service_type].sector.value,
        service_type=referral.service_type,
        ordinal=len(before) + 1,
        taken_at=at,
    )
