"""What is wrong with an input, where, and how to mend it: in our own words.

Owns the translation of validation errors into `FieldFault`s. Promises that a message is made of fixed
sentences and of the contract's own names and numbers, never of what the caller sent; that pointers are
RFC 6901; and that their number is bounded. An unknown name is pointed at only when it has the form of a
field name, otherwise its parent is: a name can be personal data too.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from shared.kernel.errors import FieldFault
from shared.wire.fields import FACT_PATTERN, HOW

#: The most faults that one answer lists. Mend these first.
FAULTS_MOST: Final = 32
#: Names of union branches: they stand in an error's location, but not in the document.
BRANCH_CONSENT: Final = "<consent>"
BRANCH_OTHER: Final = "<other>"

_BRANCHES: Final = frozenset({BRANCH_CONSENT, BRANCH_OTHER})
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,47}")
_ELSE: Final = ("field.invalid", "This value is not accepted here; see the contract.")

_Context = Mapping[str, Any]
_FIXED: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("field.required", "This field is required; add it."),
    "extra_forbidden": ("field.unknown", "This field is not part of the contract; leave it out."),
    "string_type": ("field.type", "Write text here, in quotes."),
    "bool_type": ("field.type", "Write true or false here, without quotes."),
    "int_type": ("field.type", "Write a whole number here, without quotes."),
    "int_parsing": ("field.type", "Write a whole number here."),
    "int_from_float": ("field.type", "Write a whole number here."),
    "float_type": ("field.type", "Write a number here, without quotes."),
    "float_parsing": ("field.type", "Write a number here."),
    "list_type": ("field.type", "Write a JSON array here."),
    "tuple_type": ("field.type", "Write a JSON array here."),
    "dict_type": ("field.type", "Write a JSON object here."),
    "model_type": ("field.type", "Write a JSON object here."),
    "model_attributes_type": ("field.type", "Write a JSON object here."),
    "union_tag_not_found": (
        "field.choice",
        "Write an object with a kind: consent, vital_interest, legal_obligation, state_function, court_order ...",
    ),
    "none_required": ("field.type", "Write null here, or leave the field out."),
    "json_invalid": ("message.not-json", "The body is not JSON; send one JSON document in UTF-8."),
    "json_type": ("message.not-json", "The body is not JSON; send one JSON document in UTF-8."),
    "wire_time": ("field.time", "Write a time as RFC 3339 with an offset, such as 2026-11-21T08:15:30.123Z."),
    "wire_day": ("field.day", "Write a day such as 2026-11-21."),
    "wire_fact": ("field.fact", HOW[FACT_PATTERN]),
}


def _choice(context: _Context) -> tuple[str, str]:
    return "field.choice", f"Write one of: {context.get('expected', 'the values of the contract')}."


def _pattern(context: _Context) -> tuple[str, str]:
    return "field.form", HOW.get(str(context.get("pattern")), "Write this value in the form that the contract gives.")


def _longer(context: _Context) -> tuple[str, str]:
    return "field.too-short", f"Write at least {context.get('min_length')} characters."


def _shorter(context: _Context) -> tuple[str, str]:
    return "field.too-long", f"Write at most {context.get('max_length')} characters."


def _more(context: _Context) -> tuple[str, str]:
    return "field.too-few", f"Give at least {context.get('min_length')} here."


def _fewer(context: _Context) -> tuple[str, str]:
    return "field.too-many", f"Give at most {context.get('max_length')} here."


def _at_least(context: _Context) -> tuple[str, str]:
    return "field.range", f"Write a number of at least {context.get('ge')}."


def _at_most(context: _Context) -> tuple[str, str]:
    return "field.range", f"Write a number of at most {context.get('le')}."


_SAID: Final[Mapping[str, Callable[[_Context], tuple[str, str]]]] = {
    "literal_error": _choice,
    "enum": _choice,
    "string_pattern_mismatch": _pattern,
    "string_too_short": _longer,
    "string_too_long": _shorter,
    "too_short": _more,
    "too_long": _fewer,
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
}


def faults_of(error: ValidationError) -> tuple[FieldFault, ...]:
    """Translate a validation error into at most `FAULTS_MOST` faults, in the order of the document."""
    return faults_from(error.errors(include_url=False, include_input=False))


def faults_from(errors: Iterable[Any], *, skip: int = 0) -> tuple[FieldFault, ...]:
    """Translate errors given as mappings with `type`, `loc` and `ctx`.

    `skip` leaves out so many leading parts of each location: 1 where a web framework puts "body" first.
    """
    faults: list[FieldFault] = []
    for error in errors:
        faults.extend(_translate(error, skip=skip))
        if len(faults) >= FAULTS_MOST:
            break
    return tuple(faults[:FAULTS_MOST])


def pointer_to(*parts: str | int) -> str:
    """Write a JSON Pointer (RFC 6901) to the member that `parts` lead to; no parts mean the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _translate(error: Mapping[str, Any], *, skip: int) -> Sequence[FieldFault]:
    context: _Context = error.get("ctx") or {}
    kind = str(error["type"])
    if kind in {"json_invalid", "json_type"}:
        return (FieldFault("", *_FIXED[kind]),)
    where = _pointer(error["loc"][skip:])
    if kind == "wire_rules":
        return [FieldFault(where + rule.pointer, rule.code, rule.message) for rule in context["faults"]]
    if kind in _SAID:
        return (FieldFault(where, *_SAID[kind](context)),)
    if kind == "extra_forbidden" and not _NAME.fullmatch(str(error["loc"][-1])):
        return (
            FieldFault(where, "field.unknown", "A field in here has a name the contract does not know; leave it out."),
        )
    return (FieldFault(where, *_FIXED.get(kind, _ELSE)),)


def _pointer(location: Sequence[str | int]) -> str:
    parts: list[str | int] = []
    for part in location:
        if part in _BRANCHES or part == "[key]":
            continue
        if isinstance(part, str) and not _NAME.fullmatch(part):
            break
        parts.append(part)
    return pointer_to(*parts)
