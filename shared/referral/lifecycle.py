"""The lifecycle as a table, the guards on what an event says, and the diagram drawn from the same table.

Owns the codes `referral.transition`, `event.*`, `sop.decline-*`, `sop.staff-gender`, `sop.outcome`, `sop.statement` and
`sop.no-pause`. The rows themselves come from the procedure's data (fact sheet section 7.2). Promises: only a
listed row moves a referral; a forbidden reason for declining is never let through (section 6.2, R-08); no
acceptance leaves the survivor's wish for staff unanswered (R-01). Refuses an event from the wrong side or in the
wrong state. Whether *consent* still stands is asked in `shared.consent`; types of facts in `shared.wire`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.kernel.errors import Conflict, FieldFault, InputRejected, Reason
from shared.referral.statements import AT_WORK, STATEMENT_TAKEN
from shared.sop.model import (
    ENDS,
    DeclineReason,
    EventType,
    Party,
    ReferralState,
    ServiceType,
    Sop,
    Transition,
    Urgency,
)

#: The survivor chooses the gender of staff.
STAFF_GENDER_RULE = "R-01"
#: She tells her story once.
STORY_RULE = "R-02"

_CHOSEN_GENDERS = frozenset({"female", "male"})
_HER_ANSWERS = frozenset({"waived", "alternative_accepted"})
_NOT_GIVEN = (None, "")
_PRESSING = frozenset({Urgency.IMMEDIATE, Urgency.URGENT})


def transition(sop: Sop, *, state: ReferralState, event: EventType, by: Party) -> Transition:
    """Return the row of the table that lets `by` send `event` in `state`.

    Raises `Conflict` (`referral.transition`) when there is none.
    """
    for row in sop.transitions:
        if row.event is event and state in row.sources and by in row.by:
            return row
    raise Conflict("referral.transition", "This event cannot happen in the state the referral is in, or not from you.")


def state_after(row: Transition, state: ReferralState) -> ReferralState:
    """Return where `row` leads from `state`; some events leave the state as it is."""
    return state if row.target is None else row.target


def open_events(sop: Sop, *, state: ReferralState, by: Party) -> tuple[EventType, ...]:
    """Return the events that `by` may send in `state`, in the order of the table."""
    found = (row.event for row in sop.transitions if state in row.sources and by in row.by)
    return tuple(dict.fromkeys(found))


def check_event_facts(
    sop: Sop,
    *,
    service: ServiceType,
    urgency: Urgency,
    staff_gender_wanted: str | None,
    event: EventType,
    data: Mapping[str, Any],
) -> tuple[Reason, ...]:
    """Return why `event` with these coded facts may not happen; () when it may.

    1. Every fact that the lifecycle table asks for is there.
    2. A reason for declining is one that may be given, to this service too, and brings the article or the
       alternative it needs.
    3. Accepting answers the survivor's wish for the gender of staff: met, or put to her with her answer (R-01).
    4. The outcome it names is one of this service.
    5. Where the urgency allows no pause, nothing is put on hold.
    6. Only an event of the work itself says that a statement was taken (R-02).

    Raises `InputRejected` (`event.reason-unknown`) for a reason for declining that is not on the list.
    """
    found = list(_missing_facts(sop, event, data))  # (1)
    if event is EventType.DECLINED and "reason" in data:  # (2)
        found += _decline_faults(_decline_reason(sop, data["reason"]), service, urgency, data)
    if event is EventType.ACCEPTED and not _answers_wish(staff_gender_wanted, data):  # (3)
        rule = sop.rules[STAFF_GENDER_RULE]
        found.append(Reason("sop.staff-gender", rule.id, rule.basis.citation))
    outcome = data.get("outcome")
    if event is EventType.COMPLETED and outcome not in _NOT_GIVEN and outcome not in service.outcomes:  # (4)
        found.append(Reason("sop.outcome", service.code, service.basis[0].citation))
    level = sop.urgencies[urgency]
    if event is EventType.ON_HOLD and not level.pausable:  # (5)
        found.append(Reason("sop.no-pause", level.code, level.basis.citation))
    if data.get(STATEMENT_TAKEN) is True and event not in AT_WORK:  # (6)
        rule = sop.rules[STORY_RULE]
        found.append(Reason("sop.statement", rule.id, rule.basis.citation))
    return tuple(found)


def mermaid(sop: Sop) -> str:
    """Draw the lifecycle as a Mermaid state diagram; rows that leave the state as it is are not drawn."""
    lines = ["stateDiagram-v2", f"    [*] --> {ReferralState.SENT}"]
    for state in ReferralState:
        lines += [f"    {state} --> {row.target}: {_label(row)}" for row in sop.transitions if _leads_on(row, state)]
    lines += [f"    {end} --> [*]" for end in ReferralState if end in ENDS]
    return "\n".join(lines) + "\n"


def _leads_on(row: Transition, state: ReferralState) -> bool:
    return state in row.sources and row.target not in {None, state}


def _label(row: Transition) -> str:
    return f"{row.event} ({', '.join(sorted(row.by))})"


def _missing_facts(sop: Sop, event: EventType, data: Mapping[str, Any]) -> Iterator[Reason]:
    """Cite each fact's row once: the rows of one event ask for the same facts."""
    asked = {fact: row for row in reversed(sop.transitions) if row.event is event for fact in row.needs}
    for fact, row in sorted(asked.items()):
        if data.get(fact) in _NOT_GIVEN:
            yield Reason("event.fact-missing", f"{row.id}.{fact}", row.basis.citation)


def _decline_reason(sop: Sop, code: object) -> DeclineReason:
    known = sop.decline_reasons.get(code) if isinstance(code, str) else None
    if known is None:
        fault = FieldFault("/data/reason", "event.reason-unknown", "Give a code from the list of reasons.")
        raise InputRejected("event.reason-unknown", "This reason is not on the procedure's list.", faults=(fault,))
    return known


def _decline_faults(
    reason: DeclineReason, service: ServiceType, urgency: Urgency, data: Mapping[str, Any]
) -> Iterator[Reason]:
    if reason.forbidden:
        yield Reason("sop.decline-forbidden", reason.code, reason.basis.citation)
    if reason.code in service.barred_declines:
        yield Reason("sop.decline-barred", service.code, service.basis[0].citation)
    if reason.needs_article and not data.get("article"):
        yield Reason("event.fact-missing", f"{reason.code}.article", reason.basis.citation)
    if _needs_alternative(reason, service, urgency) and not data.get("alternative"):
        yield Reason("sop.decline-alternative", reason.code, reason.basis.citation)


def _needs_alternative(reason: DeclineReason, service: ServiceType, urgency: Urgency) -> bool:
    pressing = reason.needs_alternative and urgency in _PRESSING
    return pressing or reason.code in service.alternative_declines


def _answers_wish(wanted: str | None, data: Mapping[str, Any]) -> bool:
    if wanted not in _CHOSEN_GENDERS:
        return True
    return data.get("staff_gender") == wanted or data.get("staff_gender_answer") in _HER_ANSWERS
