"""Which verbs a referral offers now, and what each of them asks: from the lifecycle table and the procedure's codes.

Pure. Whether a step may happen is decided by the gateway and by the sector's rules; this only offers what the table
allows to this side, and asks for no more than the step needs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.handling import VERBS
from shared.agency.pages.referral_values import NO, YES, Said
from shared.agency.pages.referral_words import CODES
from shared.agency.records import Box, HoldingState, Referral
from shared.agency.weighing import EXTENDED, LEGAL_HOLD, SEALED
from shared.pages.catalogue import N_
from shared.referral.lifecycle import open_events
from shared.sop.model import EventType, FactField, Name, Party, ReferralState, Sop

#: What leads on, in the order of the work: the first of them that is possible is the big button.
_FORWARD: Final = (
    EventType.SEALED,
    EventType.ACKNOWLEDGED,
    EventType.INFO_PROVIDED,
    EventType.ACCEPTED,
    EventType.STARTED,
    EventType.COMPLETED,
    EventType.RESUMED,
    EventType.CLOSED,
)
#: What is seldom meant and cannot be taken back stands apart.
_SELDOM: Final = frozenset({EventType.WITHDRAWN, EventType.CANCELLED, EventType.ENTERED_IN_ERROR})
GRAVE: Final = _SELDOM | {EventType.DECLINED, EventType.FAILED}

#: What is asked with a step, beside what the table needs of it.
_ASKED: Final[Mapping[EventType, tuple[str, ...]]] = {
    EventType.INFO_REQUESTED: ("question",),
    EventType.INFO_PROVIDED: ("answer",),
    EventType.ACCEPTED: ("staff_gender", "staff_gender_answer", "interpreter_arranged", "assigned"),
    EventType.DECLINED: ("reason", "alternative", "article"),
    EventType.SCHEDULED: ("scheduled_from", "scheduled_to"),
    EventType.STARTED: ("first_contact_at",),
    EventType.CONTACT_ATTEMPTED: ("method", "inside_safe_hours", "attempt"),
    EventType.ON_HOLD: ("reason", "review_on"),
    EventType.COMPLETED: ("outcome", "survivor_told", "next_step_needed", "follow_up_on", "statement_taken"),
    EventType.FAILED: ("reason", "survivor_told", "next_step_needed", "statement_taken"),
    EventType.CLOSED: ("survivor_told", "helped", "follow_up_on"),
    EventType.CANCELLED: ("reason",),
    EventType.ENTERED_IN_ERROR: ("reason",),
    EventType.SEALED: ("result", "article", "extension_days", "reason"),
}
#: The reasons that make sense with each step; those for declining are on the procedure's own list.
_REASONS: Final[Mapping[EventType, tuple[str, ...]]] = {
    EventType.ON_HOLD: (
        "survivor_wish",
        "waiting_for_document",
        "waiting_for_service",
        "waiting_for_authority",
        "other",
    ),
    EventType.FAILED: (
        "survivor_declined",
        "unable_to_contact",
        "not_eligible_after_assessment",
        "service_not_possible",
        "safety_risk",
        "other",
    ),
    EventType.CANCELLED: ("need_gone", "sent_by_mistake", "wrong_recipient", "survivor_asked", "other"),
    EventType.ENTERED_IN_ERROR: ("wrong_person", "wrong_data", "other"),
}
#: Where the procedure's label is not what people are asked here; and help where there is nothing to choose from.
_LABELS: Final[Mapping[str, str]] = {"assigned": N_("Who works with her")}
_HINTS: Final[Mapping[str, str]] = {
    "alternative": N_("The gateway proposes nobody now. Write the id of the agency, if you know it."),
}
_WISHES: Final = frozenset({"female", "male"})


@dataclass(frozen=True, slots=True)
class VerbLink:
    """A verb that is possible now."""

    verb: str
    name: Name
    main: bool
    grave: bool
    seldom: bool


@dataclass(frozen=True, slots=True)
class Option:
    """One value that may be chosen."""

    value: str
    says: Said


@dataclass(frozen=True, slots=True)
class StepField:
    """One fact that a step asks for. `options` empty: it is written, in the way of its type."""

    name: str
    type: str
    label: Name | str
    required: bool
    options: Sequence[Option] = ()
    hint: str = ""


def side_of(referral: Referral) -> Party:
    """Return on which side of a referral this agency stands."""
    return Party.RECIPIENT if referral.box == Box.RECEIVED else Party.SENDER


def possible(sop: Sop, referral: Referral, compartments: Iterable[Mapping[str, Any]]) -> Sequence[EventType]:
    """Return the events that this side may send now; sealing off only where something waits for a decision."""
    if referral.state not in set(ReferralState):
        return ()
    found = open_events(sop, state=ReferralState(referral.state), by=side_of(referral))
    held = any(one["state"] == HoldingState.HELD for one in compartments)
    return [one for one in found if one in VERBS.values() and (held or one is not EventType.SEALED)]


def verbs_of(sop: Sop, referral: Referral, compartments: Iterable[Mapping[str, Any]]) -> Sequence[VerbLink]:
    """Return the verbs that are possible now, what leads on first."""
    events = possible(sop, referral, compartments)
    verbs = {event: verb for verb, event in VERBS.items()}
    main = next((one for one in _FORWARD if one in events), None)
    ordered = sorted(events, key=lambda one: (one is not main, one in GRAVE, one in _SELDOM, events.index(one)))
    return [VerbLink(verbs[one], sop.event_names[one], one is main, one in GRAVE, one in _SELDOM) for one in ordered]


def fields_for(
    sop: Sop, referral: Referral, event: EventType, *, people: Sequence[Option] = (), agencies: Sequence[Option] = ()
) -> Sequence[StepField]:
    """Return what a step asks for; `people` may be named as assigned, `agencies` as an alternative."""
    needs = {fact for row in sop.transitions if row.event is event for fact in row.needs}
    given = {"assigned": people, "alternative": agencies, "reason": _reasons(sop, referral, event)}
    return [
        _field(sop.event_facts[name], name in needs, given.get(name) or _options(sop, referral, name))
        for name in _ASKED.get(event, ())
        if _is_asked(name, referral)
    ]


def _is_asked(name: str, referral: Referral) -> bool:
    """Leave out what her wishes do not ask for."""
    if name in {"staff_gender", "staff_gender_answer"}:
        return referral.preferences.get("staff_gender") in _WISHES
    return name != "interpreter_arranged" or bool(referral.preferences.get("interpreter"))


def _field(fact: FactField, required: bool, options: Sequence[Option]) -> StepField:
    label = _LABELS.get(fact.name) or fact.label or Name(vi=fact.name, en=fact.name)
    hint = "" if options else _HINTS.get(fact.name, "")
    return StepField(fact.name, fact.type, label, required, options, hint)


def _options(sop: Sop, referral: Referral, name: str) -> Sequence[Option]:
    fact = sop.event_facts[name]
    if fact.type == "boolean":
        return (Option("yes", Said("text", YES)), Option("no", Said("text", NO)))
    if name == "outcome":
        outcomes = sop.services[referral.service_type].outcomes
        return [Option(code, Said("name", sop.outcomes[code])) for code in outcomes]
    if name == "result":
        return [Option(code, Said("text", CODES[code])) for code in (SEALED, LEGAL_HOLD, EXTENDED)]
    return [Option(code, Said("text", CODES[code])) for code in fact.values if code in CODES]


def _reasons(sop: Sop, referral: Referral, event: EventType) -> Sequence[Option]:
    """Return the reasons that may be given: none that nobody may give, none that this service type bars."""
    if event is EventType.DECLINED:
        barred = sop.services[referral.service_type].barred_declines
        reasons = [one for one in sop.decline_reasons.values() if not one.forbidden and one.code not in barred]
        return [Option(one.code, Said("name", one.name)) for one in reasons]
    if event is EventType.SEALED:
        return [Option(code, Said("name", name)) for code, name in sop.withdrawal.extension_reasons.items()]
    return [Option(code, Said("text", CODES[code])) for code in _REASONS.get(event, ())]
