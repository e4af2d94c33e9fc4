"""Nobody unsafe is written down as a way to reach her: not a caregiver, and nobody on her never-contact list.

The hub cannot read contact data, so the sender's service looks before it seals (rules R-03, R-04; fact sheet
section 2.5). What stands where a safe contact belongs is refused, with a pointer; an unsafe caregiver's own telephone
number is left out, so that nobody dials it. It can only find what is written alike: the same number, the same name.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.kernel.errors import FieldFault, InputRejected
from shared.sop.model import Compartment
from shared.wire.faults import pointer_to

Contents = Mapping[Compartment, Mapping[str, Any]]

#: Where a caregiver is described, by compartment and field.
_CAREGIVERS: Final = ((Compartment.IDENTITY, "guardian"), (Compartment.DEPENDANTS, "caregiver"))
_VIET_NAM: Final = "84"
#: Fewer digits than this are no telephone number.
_NUMBER_LEAST: Final = 6
_ADVICE: Final = "Nobody unsafe or on never_contact is a way to reach her. Leave this out, or say who else it is."
_CONTRADICTION: Final = "The consent says that her caregiver is unsafe. Say false, or record who else consents for her."


@dataclass(frozen=True, slots=True)
class Unsafe:
    """What is known of those who care for her: whether any is unsafe, and whether all who may speak for her are."""

    anyone: bool = False
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    """Whom nobody may call: telephone numbers as digits, and names."""

    numbers: frozenset[str]
    names: frozenset[str]


def check_contact(contents: Contents, unsafe: Unsafe, *, named_as: Collection[str]) -> None:
    """Check that no unsafe person stands where a safe contact belongs.

    `named_as`: words that do not say which caregiver. Raises `InputRejected` (`contact.unsafe`) with every place.
    """
    kept = _kept(contents, unsafe)
    words = frozenset(map(_plain, named_as)) if unsafe.everyone else frozenset[str]()
    faults = [FieldFault(where, "contact.unsafe", _ADVICE) for where in _misplaced(contents, kept, words)]
    if unsafe.everyone:
        faults += [
            FieldFault(f"{_at(name)}/{field}/safe_to_contact", "contact.unsafe", _CONTRADICTION)
            for name, field, caregiver in _caregivers(contents)
            if caregiver.get("safe_to_contact") is True
        ]
    if faults:
        raise InputRejected("contact.unsafe", "Somebody unsafe is named as a way to reach her.", faults=faults)


def without_unsafe(
    contents: Contents, unsafe: Unsafe
) -> tuple[dict[Compartment, Mapping[str, Any]], list[tuple[Compartment, str]]]:
    """Return the contents without the telephone numbers of unsafe caregivers, and what was left out of which."""
    left = dict(contents)
    taken = []
    for name, field, caregiver in _caregivers(contents):
        if "phone" in caregiver and _is_unsafe(caregiver, unsafe):
            rest = {key: value for key, value in caregiver.items() if key != "phone"}
            left[name] = {**left[name], field: rest}
            taken.append((name, f"{field}.phone"))
    return left, taken


def as_dialled(value: Any) -> str:
    """Return a telephone number as it is dialled at home: +84 900 and 0900 are one. Nothing for what is no text."""
    digits = re.sub(r"[^0-9]", "", value) if isinstance(value, str) else ""
    return f"0{digits[2:]}" if digits.startswith(_VIET_NAM) and len(digits) > _NUMBER_LEAST + 2 else digits


def _kept(contents: Contents, unsafe: Unsafe) -> _Kept:
    numbers, names = set[str](), set[str]()
    for _, _, caregiver in _caregivers(contents):
        if _is_unsafe(caregiver, unsafe):
            numbers.add(as_dialled(caregiver.get("phone")))
            names.add(_plain(caregiver.get("name")))
    for never in contents.get(Compartment.CONTACT, {}).get("never_contact", ()):
        told = never if isinstance(never, dict) else {"who": never, "number": never}
        numbers.add(as_dialled(told.get("number")))
        names.add(_plain(told.get("who")))
    return _Kept(frozenset(n for n in numbers if len(n) >= _NUMBER_LEAST), frozenset(names - {""}))


def _misplaced(contents: Contents, kept: _Kept, words: frozenset[str]) -> Iterator[str]:
    """Yield where somebody stands who must not: RFC 6901 pointers into the request."""
    for where, value in _numbers(contents.get(Compartment.CONTACT, {})):
        if as_dialled(value) in kept.numbers:
            yield _at(Compartment.CONTACT) + where
    for compartment, where, value in _people(contents):
        if _plain(value) in kept.names | words:
            yield _at(compartment) + where


def _numbers(contact: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "/phone", contact.get("phone")
    yield "/relay/phone", contact.get("relay", {}).get("phone")
    for index, phone in enumerate(contact.get("phones", ())):
        yield pointer_to("phones", index, "number"), phone.get("number")
    for index, who in enumerate(contact.get("who_may_answer", ())):
        yield pointer_to("who_may_answer", index), who


def _people(contents: Contents) -> Iterator[tuple[Compartment, str, Any]]:
    contact = contents.get(Compartment.CONTACT, {})
    yield Compartment.CONTACT, "/relay/person", contact.get("relay", {}).get("person")
    for index, who in enumerate(contact.get("who_may_answer", ())):
        yield Compartment.CONTACT, pointer_to("who_may_answer", index), who
    for index, phone in enumerate(contact.get("phones", ())):
        yield Compartment.CONTACT, pointer_to("phones", index, "whose"), phone.get("whose")
    yield Compartment.PREFERENCES, "/companion", contents.get(Compartment.PREFERENCES, {}).get("companion")


def _caregivers(contents: Contents) -> Iterator[tuple[Compartment, str, Mapping[str, Any]]]:
    for name, field in _CAREGIVERS:
        caregiver = contents.get(name, {}).get(field)
        if caregiver is not None:
            yield name, field, caregiver


def _is_unsafe(caregiver: Mapping[str, Any], unsafe: Unsafe) -> bool:
    """Say whether this caregiver is not to be called: said to be unsafe, or not said to be safe where one is not."""
    said = caregiver.get("safe_to_contact")
    return said is False or (unsafe.anyone and said is not True)


def _at(compartment: Compartment) -> str:
    return pointer_to("compartments", compartment.value)


def _plain(value: Any) -> str:
    """Return a name without what does not make it another one: capitals, spaces, ways to write an accent."""
    return " ".join(unicodedata.normalize("NFC", value).casefold().split()) if isinstance(value, str) else ""
