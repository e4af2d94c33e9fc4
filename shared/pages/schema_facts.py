"""A value as people read it: the labelled facts of a case, from the schema that its form was made of.

Promises the same words as the form (`schema_fields`), and that nothing of a value is hidden: a part that the schema
does not know is shown under its own name.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from shared.pages.catalogue import N_
from shared.pages.code_words import plain
from shared.pages.schema_fields import (
    Label,
    Schema,
    is_day,
    is_moment,
    label_of,
    options_of,
    resolved,
)

_SAID: Final = {True: N_("Yes"), False: N_("No")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known.

    Exactly one of these says what: `text` as written, `words` of the catalogue or of both languages, `moment`, `day`,
    or `facts` within; `items` are several of any of them.
    """

    label: Label
    text: str | None = None
    words: Label | None = None
    moment: datetime | None = None
    day: date | None = None
    facts: "tuple[Fact, ...]" = ()
    items: "tuple[Fact, ...]" = ()


def shown(schema: Schema, value: Mapping[str, Any]) -> Sequence[Fact]:
    """Return the facts of an object, in the order of its schema; what the schema does not know comes last."""
    return _facts(schema, resolved(schema, schema), value)


def _facts(root: Schema, schema: Schema, value: Mapping[str, Any]) -> tuple[Fact, ...]:
    parts = schema.get("properties", {})
    known = tuple(
        _fact(root, resolved(root, part), key, value[key]) for key, part in parts.items() if value.get(key) is not None
    )
    strange = tuple(_fact(root, {}, key, part) for key, part in value.items() if key not in parts and part is not None)
    return known + strange


def _fact(root: Schema, schema: Schema, key: str, value: Any) -> Fact:
    label = label_of(key, schema) if schema else plain(key)
    if isinstance(value, Mapping):
        return Fact(label=label, facts=_facts(root, schema, value))
    if isinstance(value, list | tuple):
        item = resolved(root, schema.get("items", {}))
        return Fact(label=label, items=tuple(_fact(root, item, key, one) for one in value))
    if isinstance(value, bool):
        return Fact(label=label, words=_SAID[value])
    return _scalar(label, schema, key, value)


def _scalar(label: Label, schema: Schema, key: str, value: Any) -> Fact:
    chosen = next((one.label for one in options_of(key, schema) if one.stands_for == value), None)
    if chosen is not None:
        return Fact(label=label, words=chosen)
    with suppress(ValueError, OverflowError):
        if is_moment(schema):
            return Fact(label=label, moment=datetime.fromisoformat(str(value)).astimezone(UTC))
        if is_day(schema):
            return Fact(label=label, day=date.fromisoformat(str(value)))
    return Fact(label=label, text=str(value))
