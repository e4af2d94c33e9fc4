"""How an agency service shows a referral: the fields of wire section 8, with what this agency alone knows."""

from collections.abc import Sequence
from typing import Any, Final

from shared.agency.ports import Label
from shared.agency.records import Happening, Referral, Reroute
from shared.agency.standing import has_ended
from shared.sop.model import ClockPhase, Name, Sop, Urgency

#: The duties of a recipient that have a clock, by name.
_DUTIES: Final = tuple(phase.value for phase in ClockPhase)


def summary(referral: Referral | Label, sop: Sop) -> dict[str, Any]:
    """Return a referral as lists and answers show it: facts and labels, nothing about a person.

    In immediate danger it says on top what people must do themselves: phone. Both sides are shown that.
    """
    return {
        "referral_id": referral.referral_id,
        "chain_id": referral.chain_id,
        "parent_id": referral.parent_id,
        "linked_id": referral.linked_id,
        "replaces": referral.replaces,
        "rerouted_to": referral.rerouted_to,
        "box": referral.box,
        "state": referral.state,
        "sender": referral.sender,
        "recipient": referral.recipient,
        "service_type": referral.service_type,
        "urgency": referral.urgency,
        "due": {duty: referral.due.get(duty) for duty in _DUTIES},
        "next_due_at": referral.next_due_at,
        "sent_at": referral.sent_at,
        "statements": {"taken": referral.statements > 0, "count": referral.statements},
        "instruction": instruction(referral, sop),
    }


def instruction(referral: Referral | Label, sop: Sop) -> dict[str, str | None] | None:
    """Return what people must do themselves at its urgency, for as long as it has not ended; None where nothing."""
    level = sop.urgencies[Urgency(referral.urgency)]
    if level.instruction is None or has_ended(referral.state):
        return None
    return _words(level.instruction_code, level.instruction)


def warning(referral: Referral, sop: Sop) -> dict[str, str | None] | None:
    """Return the words for whoever would ask her again for what she has told; None where nobody would."""
    rules = sop.statements
    if not referral.statements or has_ended(referral.state) or not rules.asks(referral.service_type):
        return None
    return _words(rules.warning_code, rules.warning)


def reroute_shown(reroute: Reroute | None, sop: Sop) -> dict[str, Any] | None:
    """Return what became of going on to the next agency; where it stopped, why in words, and what a person can do."""
    if reroute is None:
        return None
    why = next((says for reason, says in sop.reroutes.why.items() if reason.code == reroute.code), None)
    return {
        "state": reroute.state,
        "next_agency": reroute.next_agency,
        "replacement": reroute.replacement,
        "refusal": reroute.refusal,
        "noticed_at": reroute.noticed_at,
        "settled_at": reroute.settled_at,
        "why": None if why is None else _words(reroute.code, why),
    }


def _words(code: str | None, name: Name) -> dict[str, str | None]:
    return {"code": code, "vi": name.vi, "en": name.en}


def detail(referral: Referral, happenings: Sequence[Happening], sop: Sop) -> dict[str, Any]:
    """Return a referral with its envelope and history, without its compartments."""
    return {
        **summary(referral, sop),
        "area": referral.area,
        "age_band": referral.age_band,
        "incident_at": referral.incident_at,
        "preferences": referral.preferences,
        "facts": referral.facts,
        "basis": referral.basis,
        "phoned_first": referral.phoned_first,
        "sealed_off_at": referral.sealed_off_at,
        "history": [
            {"type": one.type, "at": one.at, "by": one.by, "actor": one.actor, "data": one.data} for one in happenings
        ],
    }
