"""Admit an event: who may say it, in which state, with which facts; then state, halves, clocks and delivery."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.application.answer_holds import answer_holds, answered_by, hold_faults
from gateway.application.conflicts import check_not_listed, gives_back, note_given_back
from gateway.application.next_agency import next_agency
from gateway.application.outcome import About, Admitted, Outcome, admitted, decided, receipt
from gateway.application.ports import Desk, Recorded
from gateway.application.replacing import offer
from gateway.application.statements import earlier_statements, keep_statement
from gateway.application.views import referral_answer
from gateway.domain.arrival import Arrival, EventReported
from gateway.domain.clocks import with_due_times
from gateway.domain.limits import counted, limit_faults
from gateway.domain.mark import mark_of
from gateway.domain.pauses import paused_by
from gateway.domain.referral import SILENT, Referral, destroy
from gateway.domain.withdrawal import Hold
from shared.kernel.clock import to_wire
from shared.kernel.errors import ConsentRequired, FieldFault, InputRejected, MeshError, NotFound, Reason
from shared.referral.lifecycle import check_event_facts, transition
from shared.sop.model import ENDS, EventType, ReferralState, Sop, Transition

FACT_MISSING = "event.fact-missing"


def report_event(desk: Desk, command: EventReported, *, sop: Sop) -> Outcome:
    """Admit or refuse one event of a referral's party."""
    return decided(
        desk,
        command.arrival,
        lambda: _admit(desk, command, sop),
        about=lambda: about_referral(desk, command.arrival, command.referral_id),
        posted_to=command.referral_id,
    )


def party_referral(desk: Desk, arrival: Arrival, referral_id: str) -> Referral:
    """Return a referral of the message's sender, whose other party the message is for.

    Raises `NotFound` for a referral that is absent or not the sender's, `InputRejected` for a wrong recipient.
    """
    referral = desk.referral(referral_id)
    if referral is None or referral.party(arrival.sender) is None:
        raise NotFound("referral.unknown", "No such referral of your agency.")
    if arrival.recipient is not None and arrival.recipient != referral.other(arrival.sender):
        message = "Address the message to the other party of this referral."
        raise InputRejected(
            "message.recipient", message, faults=[FieldFault("/recipient", "message.recipient", message)]
        )
    return referral


def about_referral(desk: Desk, arrival: Arrival, referral_id: str) -> About:
    """Name the referral of a refused message only when it is the sender's own."""
    referral = desk.referral(referral_id)
    if referral is None or referral.party(arrival.sender) is None:
        return About()
    return About(referral_id=referral_id, chain_id=referral.chain_id, consent_id=referral.consent_id)


def record_on(desk: Desk, arrival: Arrival, referral: Referral, *, code: str | None) -> Recorded:
    """Record an admitted message about a referral, with the state it leaves the referral in."""
    return desk.record(
        arrival.kind,
        arrival.sender,
        message_id=arrival.message_id,
        message_sha256=arrival.sha256,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code=code,
        state=str(referral.state),
        trace_id=arrival.trace_id,
    )


def _admit(desk: Desk, command: EventReported, sop: Sop) -> Admitted:
    arrival = command.arrival
    referral = party_referral(desk, arrival, command.referral_id)
    if not gives_back(command.type, command.data.get("reason")):
        check_not_listed(referral, actor=command.actor, sop=sop)
    answered = answered_by(desk, command)
    step = _permitted(desk, command, referral, answered, sop=sop)
    waiting = desk.unsettled([referral.referral_id]) if step.target in ENDS else ()
    told = earlier_statements(desk, command, referral, sop=sop)
    following = next_agency(desk, referral) if _goes_on(command, referral, sop=sop) else None
    changed = counted(moved(referral, step.target), command.type)
    if command.type is EventType.ACCEPTED:
        changed = with_due_times(changed, sop=sop, accepted_at=desk.at)
    changed = paused_by(changed, command.type, command.data, at=desk.at, sop=sop)
    recorded = record_on(desk, arrival, changed, code=command.type.value)
    desk.change_referral(changed)
    note_given_back(desk, changed, command.type, command.data.get("reason"), sop=sop)
    if mark := mark_of(command, referral):
        desk.marks.add(mark)
    for message in waiting:
        if message.kind == "referral" or (message.kind == "note" and changed.state in SILENT):
            desk.settle_message(message, code=command.type.value)
    answer_holds(desk, command, referral, answered, recorded=recorded, sop=sop)
    count = keep_statement(desk, command, referral, told, sop=sop)
    shown = referral_answer(changed, sop=sop, statements=count)
    outcome = admitted({"referral": shown, "receipt": receipt(arrival, recorded)})
    desk.store_message(
        arrival, recorded=recorded, answer=outcome.answer, referral_id=referral.referral_id, deliver=True
    )
    if _goes_on(command, referral, sop=sop):
        _offer_next(desk, command, changed, following, sop=sop)
    return outcome


def _permitted(
    desk: Desk, command: EventReported, referral: Referral, answered: Sequence[Hold], *, sop: Sop
) -> Transition:
    """Return the row of the lifecycle that lets this event happen. Raises `Conflict`, `InputRejected`, or the no."""
    party = referral.party(command.arrival.sender)
    assert party is not None  # noqa: S101  # party_referral has refused strangers
    step = transition(sop, state=referral.state, event=command.type, by=party)
    reasons = check_event_facts(
        sop,
        service=sop.services[referral.service_type],
        urgency=referral.urgency,
        staff_gender_wanted=referral.staff_gender,
        event=command.type,
        data=command.data,
    )
    held = hold_faults(command, referral, answered, now=to_wire(desk.at), sop=sop)
    reasons = (*reasons, *limit_faults(referral, step), *held)
    if reasons:
        raise _refusal(reasons)
    return step


def _goes_on(command: EventReported, referral: Referral, *, sop: Sop) -> bool:
    """Say whether the sender is told who is next: it asked for that, and another agency could help all the same."""
    declined = command.type is EventType.DECLINED and command.data.get("reason") in sop.reroutes.declines
    return declined and referral.reroute_if_declined


def _offer_next(desk: Desk, command: EventReported, referral: Referral, following: str | None, *, sop: Sop) -> None:
    data = {
        "state": referral.state.value,
        "reason": command.data["reason"],
        **offer(desk, referral, following, wanted=True, rules=sop.reroutes),
    }
    trace_id = command.arrival.trace_id
    desk.notify(referral.sender, type="next_agency", referral_id=referral.referral_id, data=data, trace_id=trace_id)


def _refusal(reasons: Sequence[Reason]) -> MeshError:
    """Say no: as input that can be completed when facts are all that is missing, else as the procedure's no."""
    if all(reason.code == FACT_MISSING for reason in reasons):
        names = [reason.rule.rpartition(".")[2] for reason in reasons]
        faults = [FieldFault(f"/data/{name}", FACT_MISSING, "The procedure needs this fact here.") for name in names]
        return InputRejected(FACT_MISSING, "Add the facts this event needs.", faults=faults, reasons=reasons)
    message = "The procedure does not allow this event as it stands; see the reasons."
    code = next(reason.code for reason in reasons if reason.code != FACT_MISSING)
    return ConsentRequired(code, message, reasons=reasons)


def moved(referral: Referral, target: ReferralState | None) -> Referral:
    """Return the referral in its next state; at an end its halves have served and are destroyed."""
    if target is None or target is referral.state:
        return referral
    halves = destroy(referral.halves, frozenset(referral.halves)) if target in ENDS else referral.halves
    return replace(referral, state=target, halves=halves)
