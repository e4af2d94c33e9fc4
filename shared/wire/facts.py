"""Coded facts against the procedure's vocabulary.

Owns the check that a fact is one the procedure names and that its value has the fact's type. A message
only bounds the form of a fact (`shared.wire.fields`); which facts there are changes with the procedure,
so the vocabulary is given in. Promises never to repeat a value. Follows wire contract section 3.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from shared.kernel.clock import from_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.kernel.identifiers import is_agency_id, is_uuid7
from shared.sop.model import FactField
from shared.wire.faults import pointer_to
from shared.wire.fields import ACTOR_PATTERN

#: So many letters are in the longest abbreviation of an issuing body, such as QD-UBND; a name has more.
_LETTERS_MOST: Final = 8


def check_facts(vocabulary: Mapping[str, FactField], facts: Mapping[str, bool | int | str], *, pointer: str) -> None:
    """Check `facts`, which stand at the JSON Pointer `pointer` of the message, against `vocabulary`.

    Raises `InputRejected` (`message.invalid`) with every unknown name, wrong type and unlisted value.
    """
    faults = [fault for name, value in facts.items() for fault in _against(vocabulary.get(name), value, name, pointer)]
    if faults:
        raise InputRejected("message.invalid", "Some facts are not as the procedure lists them.", faults=faults)


def _against(field: FactField | None, value: bool | int | str, name: str, pointer: str) -> list[FieldFault]:
    where = pointer + pointer_to(name)
    if field is None:
        return [FieldFault(where, "fact.unknown", "The procedure has no such fact here; leave it out (GET /v1/sop).")]
    fits, advice = _TYPES[field.type]
    if not fits(value):
        return [FieldFault(where, "field.type", advice)]
    if field.values and value not in field.values:
        return [FieldFault(where, "fact.value", f"Write one of: {', '.join(field.values)}.")]
    return []


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        from_wire(value)
    except InputRejected:
        return False
    return True


def is_number(value: object) -> bool:
    """Say whether this can be the number of an order or article: with a digit, and too few letters for a sentence."""
    if not isinstance(value, str) or not any(character.isdigit() for character in value):
        return False
    return sum(character.isalpha() for character in value) <= _LETTERS_MOST


_TYPES: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "boolean": (lambda value: isinstance(value, bool), "Write true or false here, without quotes."),
    "date": (_is_date, "Write a date such as 2026-11-21."),
    "time": (_is_time, "Write a time as RFC 3339 with an offset, such as 2026-11-21T08:15:30.123Z."),
    "code": (
        lambda value: isinstance(value, str) and len(value) > 0,
        "Write one of the codes of the procedure (GET /v1/sop), in quotes.",
    ),
    "number": (is_number, "Write the number of an order or an article, such as 12/QD-UBND: at most 8 letters."),
    "actor": (
        lambda value: isinstance(value, str) and re.fullmatch(ACTOR_PATTERN, value) is not None,
        "Write the pseudonymous staff id; never a name.",
    ),
    "reference": (lambda value: isinstance(value, str) and is_uuid7(value), "Write the id of a record: a UUIDv7."),
    "digest": (
        lambda value: isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None,
        "Write a SHA-256 as 64 lower-case hexadecimal digits.",
    ),
    "agency": (lambda value: isinstance(value, str) and is_agency_id(value), "Write an agency id of the directory."),
    "count": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "Write a whole number, without quotes.",
    ),
}
