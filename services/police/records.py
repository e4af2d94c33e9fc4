"""What the police keep of a case, as plain frozen values: one class per table, one field per column.

Times are wire text. Anything about a person is in a `bytes` field, encrypted under the key of her referral.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.police.rules.needs import may_be_asked
from shared.agency.office import is_kept_from
from shared.agency.ports import Look
from shared.agency.records import ConflictRecord, Referral


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsCheck:
    """What she needed before she was asked anything; the latest of a referral counts."""

    check_id: str
    referral_id: str
    checked_at: str
    actor: str
    settled: bool
    content: bytes  # the answers by need


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who was assigned to her, and how her wish for the gender was honoured; the latest of a referral counts."""

    assignment_id: str
    referral_id: str
    assigned_at: str
    actor: str
    officer: str
    gender: str
    wanted: str | None = None
    honoured: str
    alternative: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview:
    """A session in which she was asked what happened."""

    interview_id: str
    referral_id: str
    chain_id: str
    subject: str
    started_at: str
    officer: str
    actor: str
    joint: bool
    content: bytes  # who was there, and how
    ended_at: str | None = None
    ending: str | None = None
    statement_id: str | None = None
    checklist: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement, by reference; its words are not here."""

    statement_id: str
    referral_id: str
    chain_id: str
    subject: str
    registered_at: str
    actor: str
    officer: str
    number: int
    joint: bool
    content: bytes  # where it is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A request for a no-contact order, and what the authority decided."""

    request_id: str
    referral_id: str
    asked_at: str
    asked_by: str
    actor: str
    ex_officio: bool
    renews: str | None = None
    decided: str | None = None
    decided_at: str | None = None
    office: str | None = None
    commune: str | None = None
    order_id: str | None = None
    reasons: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A no-contact order: number and period in the clear, names and places not."""

    order_id: str
    referral_id: str
    office: str
    commune: str
    reference: str
    effective_at: str
    valid_to: str
    received_at: str
    ex_officio: bool
    renews: str | None = None
    content: bytes
    cancelled_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """Who supervises an order; the latest of an order counts."""

    supervision_id: str
    referral_id: str
    order_id: str
    supervisor: str
    role: str
    assigned_at: str
    actor: str
    decision: str
    announced_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionalContact:
    """Contact that was allowed while an order holds."""

    contact_id: str
    referral_id: str
    order_id: str
    begins_at: str
    ends_at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """An order was broken."""

    breach_id: str
    referral_id: str
    order_id: str
    happened_at: str
    actor: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """A request to cancel an order, and what was decided."""

    cancellation_id: str
    referral_id: str
    order_id: str
    asked_at: str
    ground: str
    actor: str
    decided: str | None = None
    decided_at: str | None = None
    office: str | None = None
    reasons: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrimeReport:
    """A crime report and how far it is."""

    report_id: str
    referral_id: str
    received_at: str
    channel: str
    own_decision: bool
    actor: str
    passed_on_at: str | None = None
    passed_on_to: str | None = None
    classified_at: str | None = None
    competence: str | None = None
    found: str | None = None
    decided_at: str | None = None
    reasons: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Support of an initial verification of trafficking, and who leads it."""

    verification_id: str
    referral_id: str
    asked_at: str
    lead: str
    province: str
    actor: str
    found: str | None = None
    found_at: str | None = None
    parts: bytes | None = None


def latest_check(found: Iterable[NeedsCheck]) -> NeedsCheck | None:
    """Return the check that counts."""
    return max(found, key=lambda one: (one.checked_at, one.check_id), default=None)


def needs_are_seen_to(found: Iterable[NeedsCheck], facts: Mapping[str, Any]) -> bool:
    """Say whether she may be asked for a statement, by the checks on record and the facts of her referral (R-13)."""
    latest = latest_check(found)
    checked = None if latest is None else latest.settled
    by_sender = facts.get("needs_check_done") is True
    return may_be_asked(checked=checked, by_sender=by_sender, risk_band=facts.get("risk_band"))


def latest_assignment(found: Iterable[Assignment]) -> Assignment | None:
    """Return the assignment that counts; with `honoured` refused nobody is assigned."""
    return max(found, key=lambda one: (one.assigned_at, one.assignment_id), default=None)


def latest_supervision(found: Iterable[Supervision]) -> Supervision | None:
    """Return who supervises an order now."""
    return max(found, key=lambda one: (one.assigned_at, one.supervision_id), default=None)


def is_kept_away(look: Look, referral: Referral, who: str) -> bool:
    """Say whether a case is kept from a person: blocked by its sender, or after a declared conflict (R-11)."""
    declared = {one.chain_id for one in look.find(ConflictRecord, actor=who)}
    return is_kept_from(referral, [who], declared=declared)
