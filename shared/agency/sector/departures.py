"""What a sector's own rules say of what is about to leave its agency: asked after minimising, before sealing.

A rule of departure keeps fields here, or refuses the whole. It can only take away: what the procedure and her consent
hold back is gone before it is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.agency.ports import Look
from shared.agency.sector.rulebook import Rulebook
from shared.sop.model import Compartment


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What is about to leave: about whom, to whom, under which consents (a consent and what it was derived from)."""

    subject: str
    recipient: str
    consents: tuple[str, ...]
    contents: Mapping[Compartment, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Stays:
    """A field that stays here, and the rule that keeps it."""

    compartment: Compartment
    field: str
    rule: str


#: Keeps fields here, or refuses the whole.
Departure = Callable[[Leaving, Look, Rulebook], Sequence[Stays]]


def staying(rules: Sequence[Departure], leaving: Leaving, look: Look, rulebook: Rulebook) -> list[Stays]:
    """Return every field that a rule keeps here, each once. Raises what a rule refuses."""
    found = [one for rule in rules for one in rule(leaving, look, rulebook) if one.field in _fields(leaving, one)]
    return list(dict.fromkeys(found))


def _fields(leaving: Leaving, stays: Stays) -> Mapping[str, Any]:
    return leaving.contents.get(stays.compartment, {})
