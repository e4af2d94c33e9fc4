"""Whom a case is kept from: who was blocked by a salted hash, and who declared a conflict of interest (rule R-11)."""

from gateway.application.ports import Desk
from gateway.domain.conflict import given_back
from gateway.domain.referral import Referral
from shared.consent.citation import CONFLICT_RULE, by_rule
from shared.kernel.clock import to_wire
from shared.kernel.errors import ConsentRequired
from shared.referral.blocked import is_blocked
from shared.referral.conflict import CONFLICT_DECLINE, KEPT_FROM, conflict_key
from shared.sop.model import EventType, Sop


def is_kept_from(desk: Desk, referral: Referral, *, agency: str, actor: str) -> bool:
    """Say whether the case is kept from `actor` of `agency`."""
    if _is_listed(referral, actor):
        return True
    return desk.conflicts.get(conflict_key(agency, chain_id=referral.chain_id, actor=actor)) is not None


def check_not_kept_from(desk: Desk, referral: Referral, *, agency: str, actor: str, sop: Sop) -> None:
    """Refuse a person that the case is kept from. Raises `ConsentRequired` (`referral.blocked`)."""
    if is_kept_from(desk, referral, agency=agency, actor=actor):
        raise _kept_from(sop)


def check_not_listed(referral: Referral, *, actor: str, sop: Sop) -> None:
    """Refuse a person on the case's blocked list. Raises `ConsentRequired` (`referral.blocked`).

    Whoever declared a conflict is not asked about here: it is an act of that person's own agency, which says no itself.
    """
    if _is_listed(referral, actor):
        raise _kept_from(sop)


def gives_back(event: EventType, reason: object) -> bool:
    """Say whether a recipient gives a referral back because nobody there is free of a conflict."""
    return event in {EventType.DECLINED, EventType.FAILED} and reason == CONFLICT_DECLINE


def note_given_back(desk: Desk, referral: Referral, event: EventType, reason: object, *, sop: Sop) -> None:
    """Count a referral that is given back because of a conflict."""
    if gives_back(event, reason):
        desk.conflicts.add(given_back(referral, at=to_wire(desk.at), sop=sop))


def _is_listed(referral: Referral, actor: str) -> bool:
    return is_blocked(referral.blocked, chain_id=referral.chain_id, who=[actor])


def _kept_from(sop: Sop) -> ConsentRequired:
    message = "This case is kept from this person. Hand it to a colleague."
    return ConsentRequired(KEPT_FROM, message, reasons=[by_rule(KEPT_FROM, CONFLICT_RULE, sop)])
