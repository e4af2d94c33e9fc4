"""What a sector's rules say of a step of the lifecycle, before it is signed and sent.

A guard looks at the referral, at what is on record about it and at the facts that are given with the step; it refuses
the step, or returns the facts that the record adds to it. A fact that is given and differs from the record is refused:
nobody says by hand what was recorded otherwise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.agency.ports import Look
from shared.agency.records import Referral
from shared.agency.sector.rulebook import Rulebook
from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import EventType


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the lifecycle that somebody is about to take at this agency."""

    event: EventType
    referral: Referral
    data: Mapping[str, Any]


#: Refuses a step, or returns the facts that the record adds to it.
Guard = Callable[[Step, Look, Rulebook], Mapping[str, Any]]


def guarded(guards: tuple[Guard, ...], step: Step, look: Look, rulebook: Rulebook) -> Mapping[str, Any]:
    """Return the facts of a step with what the record adds. Raises what a guard refuses.

    Raises `InputRejected` (`step.differs`) when a fact is given that the record says otherwise.
    """
    facts = dict(step.data)
    for guard in guards:
        for name, value in guard(step, look, rulebook).items():
            if facts.setdefault(name, value) != value:
                message = "The record says otherwise. Leave this out, or mend the record first."
                raise InputRejected("step.differs", message, faults=(FieldFault(f"/{name}", "step.differs", message),))
    return facts
