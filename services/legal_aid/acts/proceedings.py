"""Cases in court, their deadlines, and a court's no-contact order, which needs a pending civil case (E2)."""

from datetime import date, datetime, time
from typing import Final

from services.legal_aid.acts.intake import require_taken
from services.legal_aid.acts.legal_file import details_of, place_of
from services.legal_aid.messages.proceedings import (
    CourtOrderRequest,
    DeadlineEndRequest,
    DeadlineRequest,
    OrderDecisionRequest,
    ProceedingChangeRequest,
    ProceedingRequest,
)
from services.legal_aid.records import CourtOrder, Deadline, Proceeding, is_case_pending
from services.legal_aid.rules.proceedings import OrderState, working_days_before
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.ports import Desk
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import open_file, record_of
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.sop.calendar import ZONE, months_after
from shared.wire.facts import check_facts

DEADLINE: Final = "LEG-DEADLINE"
WARNING: Final = "LEG-DEADLINE-WARNING"
ORDER_ENDS: Final = "LEG-ORDER-ENDS"
_MORNING: Final = time(8, tzinfo=ZONE)
_LAST: Final = time(23, 59, 59, 999_000, tzinfo=ZONE)
COURT_ORDERS: Final = frozenset({"LEG-03", "LEG-04"})


async def record_proceeding(practice: Practice, caller: Caller, referral_id: str, request: ProceedingRequest) -> Done:
    """Record a case in court. Raises `Conflict` as `require_taken`."""
    proceeding_id, at = practice.new_id(), to_wire(practice.now())
    details = {"number": request.number, "court": request.court, "stage": request.stage}

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES)
        require_taken(practice, desk, referral_id)
        desk.add(
            Proceeding(
                proceeding_id=proceeding_id,
                referral_id=referral_id,
                at=at,
                actor=request.actor,
                kind=request.kind.value,
                between_parties=request.between_parties,
                pending=request.pending,
                content=file.lock(place_of(proceeding_id), details),
            )
        )
        return Outcome(proceeding_id)

    act = Act(name="legal-aid.record-proceeding", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def change_proceeding(
    practice: Practice, caller: Caller, referral_id: str, proceeding_id: str, request: ProceedingChangeRequest
) -> Done:
    """Record how a case in court stands now."""

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES)
        known = record_of(desk, Proceeding, proceeding_id, referral_id)
        details = {**details_of(file, proceeding_id, known.content), "stage": request.stage}
        desk.change(known, pending=request.pending, content=file.lock(place_of(proceeding_id), details))
        return Outcome(proceeding_id)

    act = Act(name="legal-aid.change-proceeding", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def set_deadline(practice: Practice, caller: Caller, referral_id: str, request: DeadlineRequest) -> Done:
    """Record a deadline: a clock to its last moment, and one that runs out some working days before."""
    deadline_id, now = practice.new_id(), practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SERVICES)
        require_taken(practice, desk, referral_id)
        remind_before(practice, desk, referral_id, deadline_id, WARNING, day=request.due_on)
        start_clock(
            desk, referral_id, deadline_id, DEADLINE, started_at=now, due_at=datetime.combine(request.due_on, _LAST)
        )
        desk.add(
            Deadline(
                deadline_id=deadline_id,
                referral_id=referral_id,
                at=to_wire(now),
                actor=request.actor,
                term=request.term.value,
                due_on=request.due_on.isoformat(),
            )
        )
        return Outcome(deadline_id)

    act = Act(name="legal-aid.set-deadline", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def end_deadline(
    practice: Practice, caller: Caller, referral_id: str, deadline_id: str, request: DeadlineEndRequest
) -> Done:
    """Record how a deadline ended; that she does not want the step is one of the ways (R-10)."""
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SERVICES)
        deadline = record_of(desk, Deadline, deadline_id, referral_id)
        if deadline.ended is not None:
            raise practice.rulebook.refused("legal-aid.over-already")
        desk.change(deadline, ended=request.ended.value)
        for rule in (DEADLINE, WARNING):
            stop_clock(desk, deadline_id, rule, at=now)
        return Outcome(deadline_id)

    act = Act(name="legal-aid.end-deadline", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def ask_court(practice: Practice, caller: Caller, referral_id: str, request: CourtOrderRequest) -> Done:
    """Record that a court was asked to forbid contact. Raises `Conflict` (`legal-aid.no-pending-case`, E2)."""
    order_id, at = practice.new_id(), to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, COURT_ORDERS)
        require_taken(practice, desk, referral_id)
        if not is_case_pending(desk, file.referral):
            raise practice.rulebook.refused("legal-aid.no-pending-case")
        state = OrderState.FILED.value
        desk.add(CourtOrder(order_id=order_id, referral_id=referral_id, at=at, actor=request.actor, state=state))
        return Outcome(order_id)

    act = Act(name="legal-aid.ask-court", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def record_decision(
    practice: Practice, caller: Caller, referral_id: str, order_id: str, request: OrderDecisionRequest
) -> Done:
    """Record what the court decided. Raises `InputRejected` (`legal-aid.order-too-long`, VN-DV-09) and `Conflict`."""
    made: dict[str, str] = {}
    if request.valid_from and request.valid_to and request.reference:
        _require_number(practice, request.reference)
        days = {"valid_from": request.valid_from.isoformat(), "valid_to": request.valid_to.isoformat()}
        made = {"reference": request.reference, **days}

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, COURT_ORDERS)
        order = record_of(desk, CourtOrder, order_id, referral_id)
        if order.state != OrderState.FILED:
            raise practice.rulebook.refused("legal-aid.over-already")
        _require_lawful_length(practice, request)
        if request.valid_to is not None:
            remind_before(practice, desk, referral_id, order_id, ORDER_ENDS, day=request.valid_to)
        desk.change(order, state=request.state.value, **made)
        return Outcome(order_id)

    act = Act(name="legal-aid.record-court-decision", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def remind_before(practice: Practice, desk: Desk, referral_id: str, target: str, rule: str, *, day: date) -> None:
    """Start the clock that runs out so many working days before `day` as `rule` says; at once where that is past."""
    now = practice.now()
    due = datetime.combine(working_days_before(day, practice.rulebook.most(rule)), _MORNING)
    start_clock(desk, referral_id, target, rule, started_at=now, due_at=max(due, now))


def _require_lawful_length(practice: Practice, request: OrderDecisionRequest) -> None:
    if request.valid_from is None or request.valid_to is None:
        return
    last = months_after(request.valid_from, practice.rulebook.most("VN-DV-09"))
    if not request.valid_from <= request.valid_to <= last:
        raise practice.rulebook.refused("legal-aid.order-too-long", pointer="/valid_to")


def _require_number(practice: Practice, reference: str) -> None:
    """Refuse what can be no number of an order: it travels as a coded fact, and must not be a name (E3)."""
    check_facts(practice.office.sop.event_facts, {"order_reference": reference}, pointer="")
