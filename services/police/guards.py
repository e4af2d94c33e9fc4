"""What the rules of the police say of the steps of a referral's lifecycle.

A guard speaks where something is on record, or where a rule wants something on record first: then the step says the
same, or it is refused. Where nothing is on record, the procedure's own table decides alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.police.records import (
    Assignment,
    CrimeReport,
    NeedsCheck,
    Order,
    OrderRequest,
    Statement,
    Verification,
    is_kept_away,
    latest_assignment,
    needs_are_seen_to,
)
from services.police.rules.officers import HerAnswer, Honoured
from services.police.rules.orders import GRANTED, badly_completed, day_of
from services.police.rules.reports import Found
from services.police.rules.verification import Verified
from shared.agency.ports import Look
from shared.agency.records import Box
from shared.agency.sector.guards import Guard, Step
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.clock import from_wire
from shared.sop.model import EventType

_WORK: Final = frozenset({EventType.STARTED, EventType.COMPLETED, EventType.FAILED})
_TOLD: Final = frozenset({"statement_taken", "joint_interview_done"})
_POSTPONED: Final = "postponed_by_survivor"
_ANSWER: Final = {
    Honoured.WAIVED.value: HerAnswer.WAIVED.value,
    Honoured.ALTERNATIVE.value: HerAnswer.ALTERNATIVE_ACCEPTED.value,
}


def honour_her_wish(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Accept with the officer who is assigned, and with her answer as it is on record (R-01, R-11)."""
    if step.event is not EventType.ACCEPTED or step.referral.box != Box.RECEIVED:
        return {}
    assigned = latest_assignment(look.find(Assignment, referral_id=step.referral.referral_id))
    if assigned is None:
        return {}
    if assigned.honoured == Honoured.REFUSED:
        raise rulebook.refused("police.officer-refused")
    if is_kept_away(look, step.referral, assigned.officer):
        raise rulebook.refused("police.officer-kept")
    recorded = {"assigned": assigned.officer, "staff_gender": str(assigned.gender)}
    if assigned.honoured in _ANSWER:
        recorded["staff_gender_answer"] = _ANSWER[assigned.honoured]
    for name in ("assigned", "staff_gender", "staff_gender_answer"):
        if name in step.data and step.data[name] != recorded.get(name):
            raise rulebook.refused("police.officer-differs", pointer=f"/{name}")
    return recorded


def needs_first(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Say that a statement was taken only where her needs were seen to, or at R4 (R-13); count what is on record."""
    if step.event not in _WORK or step.referral.box != Box.RECEIVED:
        return {}
    if look.find(Statement, referral_id=step.referral.referral_id):
        if step.data.get("outcome") == _POSTPONED:
            raise rulebook.refused("police.outcome-differs", pointer="/outcome")
        return {"statement_taken": True}
    asked = step.referral.service_type == "POL-06" and step.data.get("outcome") in _TOLD
    if asked or step.data.get("statement_taken") is True:
        checks = look.find(NeedsCheck, referral_id=step.referral.referral_id)
        if not needs_are_seen_to(checks, step.referral.facts):
            raise rulebook.refused("police.needs-first")
    return {}


def as_the_chair_decided(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Complete a request for an order as it was decided: refused only with written reasons on record (R-28).

    What she does herself, such as taking the request back, ends it without a decision.
    """
    outcome, referral = str(step.data.get("outcome")), step.referral
    if step.event is not EventType.COMPLETED or referral.box != Box.RECEIVED or referral.service_type != "POL-04":
        return {}
    requests = look.find(OrderRequest, referral_id=referral.referral_id)
    orders = look.find(Order, referral_id=referral.referral_id)
    objections = badly_completed(
        outcome,
        asked=bool(requests),
        decided=any(one.decided is not None for one in requests),
        granted=bool(orders),
        explained=any(one.reasons is not None for one in requests),
    )
    for one in objections:
        raise rulebook.refused(one.code, pointer=one.pointer)
    if outcome not in GRANTED:
        return {}
    return _named(max(orders, key=lambda one: (one.effective_at, one.order_id)), outcome == "granted", rulebook)


def _named(order: Order, holds: bool, rulebook: Rulebook) -> Mapping[str, Any]:
    if holds is (order.cancelled_at is not None):
        raise rulebook.refused("police.outcome-differs", pointer="/outcome")
    return {"order_reference": order.reference, "order_valid_to": day_of(from_wire(order.valid_to))}


def as_was_found(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Complete a crime report or a verification with the outcome that is on record."""
    if step.event is not EventType.COMPLETED or step.referral.box != Box.RECEIVED:
        return {}
    referral_id = step.referral.referral_id
    own = {
        "POL-03": (Found, [one.found for one in look.find(CrimeReport, referral_id=referral_id)]),
        "POL-08": (Verified, [one.found for one in look.find(Verification, referral_id=referral_id)]),
    }
    outcomes, found = own.get(step.referral.service_type, (Found, []))
    said = step.data.get("outcome")
    if said in tuple(outcomes) and any(one not in (None, said) for one in found):
        raise rulebook.refused("police.outcome-differs", pointer="/outcome")
    return {}


#: Asked in this order before a step is signed.
GUARDS: Final[tuple[Guard, ...]] = (honour_her_wish, needs_first, as_the_chair_decided, as_was_found)
