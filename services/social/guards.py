"""What the rules of social services say of the steps of a referral's lifecycle."""

from collections.abc import Mapping
from typing import Any, Final

from services.social.records import Booking, CasePlan, ChildDecision, ManagedCase, StatusTurn, SupportBooking
from services.social.rules.beds import BookingState, contradicts
from services.social.rules.cases import outcome_refused
from services.social.rules.children import COPY
from services.social.rules.children import outcome_refused as child_outcome_refused
from services.social.rules.contact import Method, contact_refused
from services.social.rules.entitlements import Support, refused, status_now
from shared.agency.ports import Look
from shared.agency.records import Happening, SectorClock
from shared.agency.sector.guards import Guard, Step
from shared.agency.sector.rulebook import Rulebook
from shared.sop.model import EventType

_NOTHING: Final[Mapping[str, Any]] = {}
_EXCLUDED: Final = frozenset({"social.channel-unsafe", "social.outside-safe-hours"})


def outcome_of_a_bed(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an outcome that the recorded admission contradicts (SOC-BED); what is not recorded contradicts nothing."""
    if step.event is not EventType.COMPLETED:
        return _NOTHING
    bookings = look.find(Booking, referral_id=step.referral.referral_id)
    refusal = contradicts(str(step.data.get("outcome")), (BookingState(one.state) for one in bookings))
    if refusal is not None:
        raise rulebook.refused(refusal, pointer="/outcome")
    return _NOTHING


def outcome_of_a_case(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an outcome of case management that the recorded case contradicts (SOC-LEAD, SOC-PLAN)."""
    referral_id = step.referral.referral_id
    case = look.get(ManagedCase, referral_id) if step.event is EventType.COMPLETED else None
    if case is None:
        return _NOTHING
    planned = bool(look.find(CasePlan, referral_id=referral_id))
    outcome = str(step.data.get("outcome"))
    refusal = outcome_refused(outcome, closed=case.closed_at is not None, planned=planned)
    if refusal is not None:
        raise rulebook.refused(refusal, pointer="/outcome")
    return _NOTHING


def outcome_for_a_child(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an outcome for a child that is not the chair's decision on record (VN-CH-01); 111 is told first (E7)."""
    referral_id = step.referral.referral_id
    if step.event is not EventType.COMPLETED or step.referral.service_type != "SOC-07":
        return _NOTHING
    decisions = sorted(look.find(ChildDecision, referral_id=referral_id), key=lambda one: one.number)
    waiting = look.find(SectorClock, referral_id=referral_id, rule=COPY, stopped_at=None)
    refusal = child_outcome_refused(
        str(step.data.get("outcome")),
        decided=decisions[-1].decision if decisions else None,
        hotline_told=not waiting,
    )
    if refusal is not None:
        raise rulebook.refused(refusal, pointer="/outcome")
    return _NOTHING


def allowance_paid(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse that the allowance was paid where her status is known and does not give it (E5)."""
    if step.event is not EventType.COMPLETED or step.data.get("outcome") != "paid":
        return _NOTHING
    decided = look.find(StatusTurn, referral_id=step.referral.referral_id)
    said = step.referral.facts.get("trafficking_status")
    status = status_now(((one.number, one.status) for one in decided), said=said)
    refusal = None if status is None else refused(status, Support.HARDSHIP_ALLOWANCE)
    if refusal is not None:
        raise rulebook.refused(refusal, pointer="/outcome")
    return _NOTHING


def support_provided(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse that an interpreter, companion or transport was provided where none that was booked was there (R-06)."""
    if step.event is not EventType.COMPLETED or step.data.get("outcome") != "provided":
        return _NOTHING
    booked = look.find(SupportBooking, referral_id=step.referral.referral_id)
    if booked and not any(one.provided for one in booked):
        raise rulebook.refused("social.nothing-provided", pointer="/outcome")
    return _NOTHING


def reaching_her(step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse a fourth attempt to reach her (R-25), and one by a way or at a time that her words exclude (R-03)."""
    if step.event is not EventType.CONTACT_ATTEMPTED:
        return _NOTHING
    contact, method = step.contact(look), step.data.get("method")
    if contact is not None and method in set(Method):
        refusal = contact_refused(contact, Method(str(method)), at=step.at)
        # What her words leave open, such as by which of her numbers, is for whoever made the attempt to know.
        if refusal in _EXCLUDED:
            raise rulebook.refused(refusal, pointer="/method")
    before = look.find(Happening, referral_id=step.referral.referral_id, type=EventType.CONTACT_ATTEMPTED.value)
    if len(before) >= rulebook.most("SOC-ATTEMPTS"):
        raise rulebook.refused("social.attempts-spent")
    return _NOTHING


#: Asked in this order before a step is signed.
GUARDS: Final[tuple[Guard, ...]] = (
    outcome_of_a_bed,
    outcome_of_a_case,
    outcome_for_a_child,
    allowance_paid,
    support_provided,
    reaching_her,
)
