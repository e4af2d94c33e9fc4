"""How one value of a referral is said: by a name of the procedure, a text of the catalogue, a time, or as it is.

Promises that only texts of our own are looked up in the catalogue: what another agency sent is shown as it is, escaped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from shared.agency.pages.referral_words import CODES, DUTIES
from shared.kernel.clock import from_wire
from shared.kernel.errors import InputRejected
from shared.pages.catalogue import N_
from shared.sop.model import FactField, Name, Sop

#: Words of the basis, which translates them.
YES: Final = "Yes"
NO: Final = "No"
#: Types of facts that say nothing to a person.
_FOR_MACHINES: Final = frozenset({"reference", "digest"})
#: How the pseudonym of a whole partner system begins (`shared.agency.acting.pseudonym_of`).
_SYSTEM: Final = "client-"


@dataclass(frozen=True, slots=True)
class Said:
    """A value with the way it is said; `value` is a `Name`, a text of the catalogue, a time, or text as it came."""

    kind: Literal["name", "text", "day", "moment", "raw"]
    value: Any


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value."""

    label: Said
    value: Said


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says coded facts; `people` are colleagues by pseudonym, `agencies` the names of agencies."""

    sop: Sop
    people: Mapping[str, str]
    agencies: Mapping[str, Name]

    def events(self, data: Mapping[str, Any]) -> list[Fact]:
        """Return the facts of an event in words; what the procedure does not list is left out."""
        known = [(self.sop.event_facts.get(name), value) for name, value in data.items()]
        facts = [self._fact(field, value) for field, value in known if field and field.type not in _FOR_MACHINES]
        phase = str(data.get("phase"))
        if phase in DUTIES:
            facts.append(Fact(Said("text", N_("Duty")), Said("text", DUTIES[phase])))
        return facts

    def envelope(self, data: Mapping[str, Any]) -> list[Fact]:
        """Return the facts of a referral in words."""
        known = [(self.sop.facts.get(name), value) for name, value in data.items()]
        return [self._fact(field, value) for field, value in known if field is not None]

    def actor(self, pseudonym: str) -> Said:
        """Return a colleague by name, a system as what it is, anybody else by pseudonym."""
        if pseudonym.startswith(_SYSTEM):
            return Said("text", N_("the agency's own system"))
        return Said("raw", self.people.get(pseudonym, pseudonym))

    def value(self, field: FactField, value: Any) -> Said:
        """Return one value of a fact in words."""
        if isinstance(value, bool):
            return Said("text", YES if value else NO)
        if field.type in {"date", "time"}:
            return _time(field.type, value)
        if field.type == "actor":
            return self.actor(str(value))
        if field.type == "agency":
            return self.agency(str(value))
        return self.code(str(value)) if field.type == "code" else Said("raw", str(value))

    def agency(self, agency_id: str) -> Said:
        """Return the name of an agency, or its id while the directory cannot be asked."""
        name = self.agencies.get(agency_id)
        return Said("raw", agency_id) if name is None else Said("name", name)

    def code(self, code: str) -> Said:
        """Return a coded value by its name in the procedure, else by the catalogue, else as it is."""
        declined = self.sop.decline_reasons.get(code)
        name = declined.name if declined else self.sop.outcomes.get(code)
        name = name or self.sop.withdrawal.extension_reasons.get(code)
        if code in CODES:
            return Said("text", CODES[code])
        return Said("raw", code) if name is None else Said("name", name)

    def _fact(self, field: FactField, value: Any) -> Fact:
        label = Said("raw", field.name) if field.label is None else Said("name", field.label)
        return Fact(label, self.value(field, value))


def _time(kind: str, value: Any) -> Said:
    try:
        if kind == "date":
            return Said("day", date.fromisoformat(str(value)))
        return Said("moment", from_wire(str(value)))
    except (ValueError, InputRejected):
        return Said("raw", str(value))
