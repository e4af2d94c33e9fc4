"""What the rules of legal aid say of the steps of a referral's lifecycle."""

from collections.abc import Mapping
from typing import Any, Final

from services.legal_aid.records import Assignment, CourtOrder, is_case_pending, last_answer, unanswered
from services.legal_aid.rules.assignment import Gender, HerAnswer, facts_of
from services.legal_aid.rules.eligibility import Decision
from services.legal_aid.rules.parties import HANDED_OVER
from services.legal_aid.rules.proceedings import OrderState
from shared.agency.ports import Look
from shared.agency.records import Box
from shared.agency.sector.guards import Guard, Step
from shared.agency.sector.rulebook import Rulebook
from shared.consent.decision import ACCEPTED_STATES
from shared.sop.model import EventType

_ELIGIBLE: Final = frozenset({Decision.COMPLETE, Decision.PAPERS_FOLLOW})
_NOT_ELIGIBLE: Final = "D02"


def accept_with_assignment(step: Step, look: Look, _rulebook: Rulebook) -> Mapping[str, Any]:
    """Add to an acceptance who was assigned, of which gender, and her answer (R-01)."""
    if step.event is not EventType.ACCEPTED:
        return {}
    assigned = look.find(Assignment, referral_id=step.referral.referral_id)
    if not assigned:
        return {}
    latest = assigned[-1]
    return facts_of(latest.assigned, Gender(latest.staff_gender), HerAnswer(latest.answer))


def start_with_pending_case(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse to start on a court's no-contact order where no civil case is pending (E2)."""
    is_court_order = step.event is EventType.STARTED and step.referral.service_type == "LEG-03"
    if is_court_order and not is_case_pending(look, step.referral):
        raise rulebook.refused("legal-aid.no-pending-case")
    return {}


def hand_over_in_one_way(step: Step, _look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse to decline for a reason of one's own once the names are known: a case then goes back in one way (R-11)."""
    known = step.referral.state in ACCEPTED_STATES and step.referral.box == Box.RECEIVED
    if step.event is EventType.DECLINED and known and step.data.get("reason") != HANDED_OVER:
        raise rulebook.refused("legal-aid.hand-over-instead", pointer="/reason")
    return {}


def decline_as_answered(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse to decline her as not eligible where the answer on record says that she is (E1)."""
    if step.event is EventType.DECLINED and step.data.get("reason") == _NOT_ELIGIBLE:
        latest = last_answer(look, step.referral.referral_id)
        if latest is not None and latest.decision in _ELIGIBLE:
            raise rulebook.refused("legal-aid.found-eligible", pointer="/reason")
    return {}


def complete_with_her_answer(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse to complete while non-punishment had to be offered to her and nobody asked (R-14)."""
    if step.event is EventType.COMPLETED and unanswered(look, step.referral.referral_id):
        raise rulebook.refused("legal-aid.ask-her-first")
    return {}


def complete_with_order(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Add to a granted order its number and last day, which supervision asks for (E3); refuse what was not granted."""
    orders = look.find(CourtOrder, referral_id=step.referral.referral_id)
    if step.event is not EventType.COMPLETED or step.data.get("outcome") != OrderState.GRANTED or not orders:
        return {}
    latest = orders[-1]
    if latest.state != OrderState.GRANTED:
        raise rulebook.refused("legal-aid.order-not-made", pointer="/outcome")
    return {"order_reference": latest.reference, "order_valid_to": latest.valid_to}


#: Asked in this order before a step is signed.
GUARDS: Final[tuple[Guard, ...]] = (
    accept_with_assignment,
    start_with_pending_case,
    hand_over_in_one_way,
    decline_as_answered,
    complete_with_her_answer,
    complete_with_order,
)
