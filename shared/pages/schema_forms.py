"""A form made from a JSON Schema: what was posted becomes a value, and a value becomes what a form shows.

Promises that what a form shows of a value and sends back is the same value; that an empty field is left out, and a
"no" is not; that times are shown in Asia/Ho_Chi_Minh and kept in UTC. What is wrong stands beside its field.
Rows work without JavaScript: a button named `more` sends the page back with one row more (`typed_in`).
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from shared.kernel.clock import to_wire
from shared.kernel.errors import FieldFault, InputRejected
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.pages.schema_fields import FormField, Schema, fields_of, narrowed
from shared.sop.calendar import ZONE, in_viet_nam
from shared.sop.compartments import check_value

__all__ = ["MORE", "FormField", "Typed", "fields_of", "narrowed", "typed_in", "typed_of", "values_of"]

#: The button that asks for one row more; its value is the field's name.
MORE: Final = "more"
_ROWS_MOST: Final = 40
_NUMBER: Final = N_("Write a number.")
_MOMENT: Final = N_("Write a day and an hour, such as 2026-11-21T08:15.")
_DAY: Final = N_("Write a day of the calendar, such as 2026-11-21.")
_EITHER: Final = N_("Fill in the parts or write it in words, not both.")
_CHOICE: Final = N_("Choose one of what the page offers.")
_NOTHING: Final = object()


class Typed:
    """What stands in the fields of a form: from a value, or as somebody typed it."""

    def __init__(self, pairs: Mapping[str, Sequence[str]]) -> None:
        self._pairs = dict(pairs)

    @property
    def pairs(self) -> Mapping[str, Sequence[str]]:
        """What stands there, by name."""
        return self._pairs

    def text(self, name: str) -> str:
        """Return the content of a field; "" where nothing stands."""
        return (self._pairs.get(name) or ("",))[-1]

    def all(self, name: str) -> Sequence[str]:
        """Return every value of a name."""
        return self._pairs.get(name, ())

    def rows(self, field: FormField) -> range:
        """Return the numbers of the rows to show."""
        given = self.text(f"{field.name}.rows")
        return range(_count(given, field) if given else 1)

    def any_in(self, name: str) -> bool:
        """Say whether anything stands in a field or below it; such a part of a page is shown open."""
        below = f"{name}."
        return any(
            any(values) and not key.endswith(".rows")
            for key, values in self._pairs.items()
            if key == name or key.startswith(below)
        )


def typed_in(form: Form) -> Typed:
    """Return what was typed, with one row more where the button for it was pressed."""
    pairs = {name: form.all(name) for name in form}
    wanted = form.text(MORE)
    if wanted:
        shown = pairs.get(f"{wanted}.rows", ("1",))[-1]
        pairs[f"{wanted}.rows"] = (str((int(shown) if shown.isdecimal() else 1) + 1),)
    return Typed(pairs)


def typed_of(schema: Schema, value: Mapping[str, Any], *, prefix: str = "") -> Typed:
    """Return what a form shows of a value."""
    pairs: dict[str, Sequence[str]] = {}
    whole = FormField(key="", name=prefix, kind="group", label="", fields=tuple(fields_of(schema, prefix=prefix)))
    _show_parts(whole, value, pairs)
    return Typed(pairs)


def values_of(schema: Schema, form: Form, *, prefix: str = "") -> dict[str, Any]:
    """Return the value that a form holds. Raises `InputRejected`; its pointers are the names of fields."""
    reading = _Reading(form)
    value = reading.children(fields_of(schema, prefix=prefix), "")
    if not reading.faults:
        reading.faults.extend(fault for fault in check_value(schema, value) if fault.pointer)
    if reading.faults:
        faults = tuple(
            FieldFault(f"/{reading.name_of(fault.pointer)}", fault.code, fault.message) for fault in reading.faults
        )
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=faults)
    return value


class _Reading:
    """One reading of a form: remembers which field made which part of the value."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._names: dict[str, str] = {}
        self.faults: list[FieldFault] = []

    def name_of(self, pointer: str) -> str:
        """Return the name of the field that a pointer into the value leads to, or of the nearest around it."""
        while pointer and pointer not in self._names:
            pointer = pointer.rpartition("/")[0]
        return self._names.get(pointer, "")

    def children(self, fields: Sequence[FormField], pointer: str) -> dict[str, Any]:
        """Return the object that some fields make; a field without content is left out."""
        made = {field.key: self.one(field, f"{pointer}/{field.key}") for field in fields}
        return {key: value for key, value in made.items() if value is not _NOTHING}

    def one(self, field: FormField, pointer: str) -> Any:
        """Return what a field holds, or nothing."""
        self._names[pointer] = field.name
        value = self._main(field, pointer)
        words = self._form.text(field.words.name) if field.words else ""
        if not words:
            return value
        return words if value is _NOTHING else self._wrong(pointer, "field.choice", _EITHER)

    def _main(self, field: FormField, pointer: str) -> Any:
        match field.kind:
            case "group":
                return self.children(field.fields, pointer) or _NOTHING
            case "rows":
                return self._rows(field, pointer)
            case "choices":
                return [self._chosen(field, one, pointer) for one in self._form.all(field.name) if one] or _NOTHING
            case "lines":
                lines = [line.strip() for line in self._form.text(field.name).split("\n") if line.strip()]
                return [self._number(line, field, pointer) if field.whole else line for line in lines] or _NOTHING
            case _:
                text = self._form.text(field.name)
                return self._scalar(field, text, pointer) if text else _NOTHING

    def _rows(self, field: FormField, pointer: str) -> Any:
        if field.row is None:
            return _NOTHING
        kept: list[Any] = []
        for index in range(_count(self._form.text(f"{field.name}.rows"), field)):
            value = self.one(field.row(index), f"{pointer}/{len(kept)}")
            if value is not _NOTHING:
                kept.append(value)
        return kept or _NOTHING

    def _scalar(self, field: FormField, text: str, pointer: str) -> Any:
        match field.kind:
            case "number":
                return self._number(text, field, pointer)
            case "moment":
                return self._moment(text, pointer)
            case "date":
                return self._day(text, pointer)
            case "flag" | "choice":
                return self._chosen(field, text, pointer)
            case _:
                return text

    def _chosen(self, field: FormField, text: str, pointer: str) -> Any:
        found = next((one.stands_for for one in field.options if one.value == text), _NOTHING)
        if found is not _NOTHING:
            return found
        return text if field.open_code else self._wrong(pointer, "field.choice", _CHOICE)

    def _number(self, text: str, field: FormField, pointer: str) -> Any:
        with suppress(ValueError):
            number = int(text) if field.whole or text.lstrip("-").isdecimal() else float(text.replace(",", "."))
            if math.isfinite(number):
                return number
        return self._wrong(pointer, "field.type", _NUMBER)

    def _day(self, text: str, pointer: str) -> Any:
        with suppress(ValueError):
            return date.fromisoformat(text).isoformat()
        return self._wrong(pointer, "field.format", _DAY)

    def _moment(self, text: str, pointer: str) -> Any:
        with suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(text)
            return to_wire(at if at.tzinfo else at.replace(tzinfo=ZONE))
        return self._wrong(pointer, "time.malformed", _MOMENT)

    def _wrong(self, pointer: str, code: str, message: str) -> Any:
        self.faults.append(FieldFault(pointer, code, message))
        return _NOTHING


def _count(given: str, field: FormField) -> int:
    shown = int(given) if given.isdecimal() and len(given) <= len(str(_ROWS_MOST)) else 1
    return max(1, min(shown, field.most or _ROWS_MOST, _ROWS_MOST))


def _show(field: FormField, value: Any, pairs: dict[str, Sequence[str]]) -> None:
    """Put what a form shows of a value under the names of its fields."""
    if field.words is not None and isinstance(value, str):
        pairs[field.words.name] = (value,)
        return
    match field.kind:
        case "group":
            _show_parts(field, value, pairs)
        case "rows" if field.row is not None:
            pairs[f"{field.name}.rows"] = (str(max(1, len(value))),)
            for index, one in enumerate(value):
                _show(field.row(index), one, pairs)
        case "choices":
            pairs[field.name] = tuple(str(one) for one in value)
        case "lines":
            pairs[field.name] = ("\n".join(str(one) for one in value),)
        case _:
            pairs[field.name] = (_text_of(field, value),)


def _show_parts(field: FormField, value: Mapping[str, Any], pairs: dict[str, Sequence[str]]) -> None:
    for child in field.fields:
        if child.key in value:
            _show(child, value[child.key], pairs)


def _text_of(field: FormField, value: Any) -> str:
    if field.kind == "moment":
        with suppress(ValueError, OverflowError):
            return in_viet_nam(datetime.fromisoformat(value)).replace(tzinfo=None).isoformat(timespec="auto")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
