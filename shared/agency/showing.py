"""How an agency service shows a referral: the fields of wire section 8, with what this agency alone knows."""

from collections.abc import Sequence
from typing import Any

from shared.agency.records import Happening, Referral
from shared.agency.standing import has_ended
from shared.sop.model import ClockPhase, Sop


def summary(referral: Referral) -> dict[str, Any]:
    """Return a referral as lists and answers show it: facts and labels, nothing about a person."""
    return {
        "referral_id": referral.referral_id,
        "chain_id": referral.chain_id,
        "parent_id": referral.parent_id,
        "linked_id": referral.linked_id,
        "box": referral.box,
        "state": referral.state,
        "sender": referral.sender,
        "recipient": referral.recipient,
        "service_type": referral.service_type,
        "urgency": referral.urgency,
        "due": {phase.value: referral.due.get(phase.value) for phase in ClockPhase},
        "next_due_at": referral.next_due_at,
        "sent_at": referral.sent_at,
        "statements": {"taken": referral.statements > 0, "count": referral.statements},
    }


def warning(referral: Referral, sop: Sop) -> dict[str, str] | None:
    """Return the words for whoever would ask her again for what she has told; None where nobody would."""
    rules = sop.statements
    if not referral.statements or has_ended(referral.state) or not rules.asks(referral.service_type):
        return None
    return {"code": rules.warning_code, "vi": rules.warning.vi, "en": rules.warning.en}


def detail(referral: Referral, happenings: Sequence[Happening]) -> dict[str, Any]:
    """Return a referral with its envelope and history, without its compartments."""
    return {
        **summary(referral),
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
