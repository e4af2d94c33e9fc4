"""What is written about her, as it is shown once it was opened: what keeps her safe first, then part by part.

Pure. Promises that whom never to contact, and how she may be contacted, stand above everything else, so that nobody
sees a telephone number before that (rules R-03, R-04).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.pages.catalogue import N_
from shared.pages.schema_facts import Fact, shown
from shared.pages.schema_fields import Schema
from shared.sop.model import Compartment, Name, Sop

_NEVER: Final = "never_contact"
#: What is read before she is called.
_SAFE_WAYS: Final = (
    "safe_contact",
    "channel",
    "channels",
    "safe_hours",
    "code_word",
    "name_to_use",
    "who_may_answer",
    "hide_caller_id",
    "may_leave_message",
    "may_text",
)
#: What must not be done unless she said that it may.
_UNLESS_SAID: Final = (
    ("may_leave_message", N_("Never leave a message: not with a person, not on a machine.")),
    ("may_text", N_("Never send a text message.")),
)
#: Where others who care for her are described.
_CAREGIVERS: Final = ((Compartment.IDENTITY, "guardian"), (Compartment.DEPENDANTS, "caregiver"))
_UNSAFE: Final = N_("Do not contact the caregiver: it is not safe.")
#: Says whether somebody may be called at all; how the pattern of a telephone number begins.
_MAY_CALL: Final = ("safe_to_contact", "never_contact")
_TELEPHONE: Final = "^[0-9+]"
#: Parts in the order in which they are read.
_ORDER: Final = (Compartment.CONTACT, Compartment.SAFETY, Compartment.PREFERENCES, Compartment.IDENTITY)


@dataclass(frozen=True, slots=True)
class Part:
    """A compartment that was asked for: its lines, or the code that says why there are none."""

    name: Name
    facts: Sequence[Fact]
    code: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What was opened: `never` and `nevers` before anything else, then `first`, then the parts."""

    never: Sequence[Fact]
    nevers: Sequence[str]
    first: Sequence[Fact]
    parts: Sequence[Part]
    contact_closed: bool


def contents_of(sop: Sop, compartments: Iterable[Mapping[str, Any]], *, has_contact: bool) -> Contents:
    """Arrange opened compartments for reading. `has_contact`: safe contact is a part of this referral at all."""
    opened = sorted(compartments, key=lambda one: _rank(one["name"]))
    content = {one["name"]: one["content"] for one in opened if "content" in one}
    contact: Mapping[str, Any] = content.get(Compartment.CONTACT, {})
    ways = careful(sop.schemas[Compartment.CONTACT])
    return Contents(
        never=shown(ways, _only(contact, (_NEVER,))),
        nevers=_nevers(contact, content),
        first=shown(ways, _only(contact, _SAFE_WAYS)),
        parts=[_part(sop, one) for one in opened],
        contact_closed=has_contact and Compartment.CONTACT not in content,
    )


def careful(schema: Schema) -> Schema:
    """Return a schema whose telephone numbers come last in every group, after whether somebody may be contacted."""
    changed = dict(schema)
    if "items" in schema:
        changed["items"] = careful(schema["items"])
    if "properties" in schema:
        inner = {name: careful(part) for name, part in schema["properties"].items()}
        changed["properties"] = dict(sorted(inner.items(), key=lambda one: _late(*one)))
    return changed


def _late(name: str, schema: Schema) -> int:
    if name in _MAY_CALL:
        return 0
    within = schema.get("items", schema).get("properties", {}).values()
    return 2 if any(str(one.get("pattern", "")).startswith(_TELEPHONE) for one in (schema, *within)) else 1


def _nevers(contact: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    found = [says for field, says in _UNLESS_SAID if contact and contact.get(field) is not True]
    people = [content.get(name, {}).get(field, {}) for name, field in _CAREGIVERS]
    return found + ([_UNSAFE] if any(one.get("safe_to_contact") is False for one in people) else [])


def _part(sop: Sop, one: Mapping[str, Any]) -> Part:
    name = Compartment(one["name"])
    content = one.get("content") or {}
    above = {_NEVER, *_SAFE_WAYS} if name is Compartment.CONTACT else set()
    rest = {field: value for field, value in content.items() if field not in above}
    return Part(sop.compartment_names[name], shown(careful(sop.schemas[name]), rest), one.get("code"), one["state"])


def _only(value: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value[name] for name in names if name in value}


def _rank(name: str) -> tuple[int, str]:
    places = {one.value: place for place, one in enumerate(_ORDER)}
    return places.get(name, len(places)), name
