"""What legal aid keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral. Why a case
was handed over is in no field at all. Beside them: what is on record of a case now, which acts and guards both ask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from services.legal_aid.rules.proceedings import Kind, Recorded, may_ask_court
from shared.agency.ports import Look
from shared.agency.records import Referral


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyEntry:
    """Somebody of a case whom this centre took, as a keyed digest of a name or number and of the side they are on."""

    gone_with_case: ClassVar[bool] = True

    entry_id: str  # referral id "/" digest
    referral_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """That the centre took a case, or handed it over; never why."""

    intake_id: str
    referral_id: str
    sender: str
    at: str
    actor: str
    taken: bool
    alternative: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """The answer to her request; the latest of a referral counts."""

    answer_id: str
    referral_id: str
    at: str
    actor: str
    decision: str
    content: bytes  # her groups, hardship, papers, what is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who stands beside her; the latest of a referral counts."""

    assignment_id: str
    referral_id: str
    at: str
    actor: str
    assigned: str
    staff_gender: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proceeding:
    """A case in court or before an authority; `content` has its number and where it is."""

    proceeding_id: str
    referral_id: str
    at: str
    actor: str
    kind: str
    between_parties: bool
    pending: bool
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A deadline of proceedings; `ended` says how, once it is over."""

    deadline_id: str
    referral_id: str
    at: str
    actor: str
    term: str
    due_on: str
    ended: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtOrder:
    """An application to a court to forbid contact, and what came of it."""

    order_id: str
    referral_id: str
    at: str
    actor: str
    state: str
    reference: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """A hearing; `uid` is what the calendar knows it by, and `content` has the court, the matter and her wishes."""

    hearing_id: str
    uid: str
    referral_id: str
    actor: str
    starts_at: str
    ends_at: str
    changed_at: str
    state: str
    sequence: int
    companion: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim for compensation; `content` has the heads and the amounts."""

    claim_id: str
    referral_id: str
    at: str
    actor: str
    way: str
    state: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What points to trafficking, and what she could be held to account for."""

    exposure_id: str
    referral_id: str
    at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service that had to be offered to her, and what she answered."""

    offer_id: str
    referral_id: str
    at: str
    service_type: str
    answer: str | None = None
    answered_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint; `content` says against whom."""

    complaint_id: str
    referral_id: str
    at: str
    actor: str
    handler: str
    content: bytes


def last_intake(look: Look, referral_id: str) -> Intake | None:
    """Return how the intake of a case came out last, if there was one."""
    return next(reversed(look.find(Intake, referral_id=referral_id)), None)


def last_answer(look: Look, referral_id: str) -> Eligibility | None:
    """Return the answer to her request that counts, if it was answered."""
    return next(reversed(look.find(Eligibility, referral_id=referral_id)), None)


def unanswered(look: Look, referral_id: str) -> Sequence[Offer]:
    """Return the offers that she has not answered yet (R-14)."""
    return look.find(Offer, referral_id=referral_id, answer=None)


def is_case_pending(look: Look, referral: Referral) -> bool:
    """Say whether a civil case between the parties is pending: as recorded here, else as it was said (E2)."""
    found = look.find(Proceeding, referral_id=referral.referral_id)
    recorded = [Recorded(Kind(one.kind), one.between_parties, one.pending) for one in found]
    return may_ask_court(recorded, said_pending=referral.facts.get("pending_civil_case") is True)
