"""What a sector's rules say of a step of the lifecycle, before it is signed and sent.

A guard looks at the referral, at what is on record about it and at the facts that are given with the step; it refuses
the step, or returns the facts that the record adds to it. A fact that is given and differs from the record is refused:
nobody says by hand what was recorded otherwise. What holds for every sector is asked of each, before its own rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.agency.ports import Look
from shared.agency.records import Referral
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.errors import Conflict, FieldFault, InputRejected, Reason
from shared.sop.model import EventType


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the lifecycle that somebody is about to take at this agency.

    `at` is when it happened as it is told, which may be before it is reported. `contact` reads how she may be
    contacted, where that was opened here.
    """

    event: EventType
    referral: Referral
    data: Mapping[str, Any]
    at: datetime
    contact: Callable[[Look], Mapping[str, Any] | None]


#: Refuses a step, or returns the facts that the record adds to it.
Guard = Callable[[Step, Look, Rulebook], Mapping[str, Any]]


def inside_her_safe_hours(step: Step, _look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Refuse an attempt to reach her outside her safe hours. Raises `Conflict` (`contact.outside-safe-hours`, R-03)."""
    if step.event is EventType.CONTACT_ATTEMPTED and step.data.get("inside_safe_hours") is False:
        code = "contact.outside-safe-hours"
        message = "Contact her inside her safe hours only. Tell a supervisor what happened; this refusal is on record."
        fault = FieldFault("/inside_safe_hours", code, message)
        raise Conflict(code, message, faults=(fault,), reasons=(Reason(code, "R-03", rulebook.basis("R-03").citation),))
    return {}


#: Asked in every sector.
_ALL: Final[tuple[Guard, ...]] = (inside_her_safe_hours,)


def guarded(guards: tuple[Guard, ...], step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Return the facts of a step with what the record adds. Raises what a guard refuses.

    Raises `InputRejected` (`step.differs`) when a fact is given that the record says otherwise.
    """
    facts = dict(step.data)
    for guard in (*_ALL, *guards):
        for name, value in guard(step, look, rulebook).items():
            if facts.setdefault(name, value) != value:
                message = "The record says otherwise. Leave this out, or mend the record first."
                raise InputRejected("step.differs", message, faults=(FieldFault(f"/{name}", "step.differs", message),))
    return facts
