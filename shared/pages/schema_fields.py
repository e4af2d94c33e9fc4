"""From a JSON Schema to the fields of a form: what is asked, in which form, with which words.

Takes the subset of JSON Schema 2020-12 that the procedure's compartments and our request models use. Promises that
every value such a schema allows and people can write has a field; refuses nothing: a part that no form can ask for
(an open map) has no field, and stays out. Labels are the schema's own (`title`, `x-title-vi`), else its field names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.pages.catalogue import N_
from shared.pages.code_words import code_word, known_codes, plain
from shared.sop.model import Name

Kind = Literal["line", "area", "lines", "number", "date", "moment", "flag", "choice", "choices", "group", "rows"]
Schema = Mapping[str, Any]
#: A name in both languages, or a text of the catalogue.
Label = Name | str

#: A longer text gets an area.
_LINE_MOST: Final = 200
_CODE: Final = "^[A-Za-z][A-Za-z0-9_.-]{0,62}$"
_DAY: Final = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_MOMENT: Final = f"{_DAY[:-1]}T"
_HINTS: Final = {
    "^[0-9]{5}$": N_("Five digits, with the zeros in front."),
    "^[0-9]{2}$": N_("Two digits, with the zero in front."),
    "^[0-9+][0-9 .()-]{1,24}$": N_("Digits, and a + before the country if need be."),
    "^([01][0-9]|2[0-3]):[0-5][0-9]$": N_("Hours and minutes, such as 08:30."),
    "^([01][0-9]|2[0-4]):[0-5][0-9]$": N_("Hours and minutes, such as 17:30."),
    "^[A-Z]{2}$": N_("Two capital letters, such as VN."),
}
_LINES: Final = N_("One to a line.")
_IN_WORDS: Final = N_("... or in words")
#: Of several types that a value may have, the first of these is asked for; text is then "in words".
_TYPES: Final = ("object", "array", "boolean", "integer", "number", "string")
_RESERVED: Final = re.compile(r"([()/{}|]|^-|-$)")


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: what the form sends, what it stands for in the value, and its words."""

    value: str
    label: Label
    stands_for: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field of a form. `key` is its name in the value, `name` in the form; `most` bounds characters or lines.

    `fields` are those of a group; `row` makes the group of one row; `words` takes the same thing as free text.
    """

    key: str
    name: str
    kind: Kind
    label: Label
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()
    open_code: bool = False
    most: int | None = None
    lowest: float | None = None
    highest: float | None = None
    whole: bool = False
    pattern: str = ""
    fields: "tuple[FormField, ...]" = ()
    row: "Callable[[int], FormField] | None" = None
    words: "FormField | None" = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a schema a field stands."""

    root: Schema
    schema: Schema
    key: str
    name: str
    required: bool


def fields_of(schema: Schema, *, prefix: str = "") -> Sequence[FormField]:
    """Return the fields of an object's schema, in its order; their names begin with `prefix`."""
    return _children(schema, schema, prefix)


def narrowed(schema: Schema, may_travel: Callable[[str], bool]) -> Schema:
    """Return an object's schema with only those of its fields that may travel."""
    kept = {key: part for key, part in schema["properties"].items() if may_travel(key)}
    return {**schema, "properties": kept, "required": [key for key in schema.get("required", ()) if key in kept]}


def resolved(root: Schema, schema: Schema) -> Schema:
    """Return what a schema stands for: local references followed, "or null" and wrappers of one taken off."""
    own = {key: schema[key] for key in ("title", "x-title-vi") if key in schema}
    if "$ref" in schema:
        target: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        return _without_title(resolved(root, target)) | own
    for wrapper in ("anyOf", "oneOf", "allOf"):
        choices = [one for one in schema.get(wrapper, ()) if one.get("type") != "null"]
        if choices:
            return dict(resolved(root, choices[0])) | own
    return schema


def label_of(key: str, schema: Schema) -> Label:
    """Return what a field is called: in both languages where its schema says so, else its name in plain words."""
    title, vi = schema.get("title"), schema.get("x-title-vi")
    if title and vi:
        return Name(vi, title)
    return title if title and title.replace(" ", "").lower() != key.replace("_", "").lower() else plain(key)


def main_type(schema: Schema) -> str:
    """Return the type of value that a field asks for."""
    given = schema.get("type", "object" if "properties" in schema else "string")
    types = [given] if isinstance(given, str) else list(given)
    if isinstance(schema.get("const"), bool):
        return "boolean"
    return next((one for one in _TYPES if one in types), "string")


def also_words(schema: Schema) -> bool:
    """Say whether a value may be free text instead."""
    return isinstance(schema.get("type"), list) and "string" in schema["type"] and main_type(schema) != "string"


def is_moment(schema: Schema) -> bool:
    """Say whether text is a moment of RFC 3339."""
    return schema.get("format") == "date-time" or str(schema.get("pattern", "")).startswith(_MOMENT)


def is_day(schema: Schema) -> bool:
    """Say whether text is a day of the calendar."""
    return schema.get("format") == "date" or schema.get("pattern") in {_DAY, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def options_of(key: str, schema: Schema) -> tuple[Option, ...]:
    """Return what there is to choose from: a closed list, or the known codes of an open one; else nothing."""
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
    elif "examples" in schema or known_codes(schema):
        values = known_codes(schema) or (schema["examples"] if schema.get("pattern") == _CODE else ())
    else:
        values = ()
    return tuple(Option(str(value), code_word(key, str(value), schema), value) for value in values)


def _children(root: Schema, schema: Schema, prefix: str) -> tuple[FormField, ...]:
    needed = schema.get("required", ())
    places = (
        _Place(root, resolved(root, part), key, f"{prefix}.{key}" if prefix else key, key in needed)
        for key, part in schema.get("properties", {}).items()
    )
    return tuple(found for place in places if (found := _field(place)) is not None)


def _field(place: _Place) -> FormField | None:
    made = _MAKERS[main_type(place.schema)](place)
    if made is None or not also_words(place.schema):
        return made
    most = place.schema.get("maxLength")
    words = FormField(key=place.key, name=f"{place.name}.words", kind="line", label=_IN_WORDS, most=most)
    return _with(made, words=words)


def _with(made: FormField, **changes: Any) -> FormField:
    return FormField(**{name: getattr(made, name) for name in FormField.__slots__} | changes)


def _plain_field(place: _Place, kind: Kind, **more: Any) -> FormField:
    label = label_of(place.key, place.schema)
    return FormField(key=place.key, name=place.name, kind=kind, label=label, required=place.required, **more)


def _text(place: _Place) -> FormField:
    schema = place.schema
    options = options_of(place.key, schema)
    if options:
        return _plain_field(place, "choice", options=options, open_code="enum" not in schema and "const" not in schema)
    if is_moment(schema):
        return _plain_field(place, "moment")
    if is_day(schema):
        return _plain_field(place, "date")
    most, pattern = schema.get("maxLength"), str(schema.get("pattern", ""))
    kind: Kind = "line" if pattern or (most or 0) <= _LINE_MOST else "area"
    return _plain_field(place, kind, most=most, pattern=_for_browsers(pattern), hint=_HINTS.get(pattern, ""))


def _number(place: _Place) -> FormField:
    schema = place.schema
    options = options_of(place.key, schema) if "enum" in schema else ()
    if options:
        return _plain_field(place, "choice", options=options)
    bounds = {"lowest": schema.get("minimum"), "highest": schema.get("maximum")}
    return _plain_field(place, "number", whole=main_type(schema) == "integer", **bounds)


def _flag(place: _Place) -> FormField:
    values = [place.schema["const"]] if "const" in place.schema else [True, False]
    named = {True: Option("yes", N_("Yes"), True), False: Option("no", N_("No"), False)}
    return _plain_field(place, "flag", options=tuple(named[value] for value in values))


def _group(place: _Place) -> FormField | None:
    fields = _children(place.root, place.schema, place.name)
    return _plain_field(place, "group", fields=fields) if fields else None


def _list(place: _Place) -> FormField | None:
    item = resolved(place.root, place.schema.get("items", {}))
    most = place.schema.get("maxItems")
    if main_type(item) == "object":
        return _plain_field(place, "rows", most=most, row=_row_of(place, item))
    options = options_of(place.key, item)
    if options:
        open_code = "enum" not in item and "const" not in item
        return _plain_field(place, "choices", options=options, open_code=open_code, most=most)
    whole = main_type(item) in {"integer", "number"}
    return _plain_field(place, "lines", most=most, whole=whole, hint=_LINES)


def _row_of(place: _Place, item: Schema) -> Callable[[int], FormField]:
    own = {key: place.schema[key] for key in ("title", "x-title-vi") if key in place.schema and "title" not in item}
    item = {**own, **item}

    def row(index: int) -> FormField:
        made = _field(_Place(place.root, item, place.key, f"{place.name}.{index}", required=False))
        if made is None:
            raise TypeError(f"No form can ask for a row of {place.name}.")
        return made

    return row


def _for_browsers(pattern: str) -> str:
    """Return a pattern as the `pattern` attribute takes it: anchored by itself, classes escaped (the `v` flag)."""
    bare = pattern.removeprefix("^").removesuffix("$")
    if "^" in bare.replace("[^", "") or "$" in bare or "\\x" in bare:
        return ""
    return re.sub(r"\[(\^?)([^\]]*)\]", _escaped, bare)


def _escaped(found: re.Match[str]) -> str:
    inner = _RESERVED.sub(r"\\\1", found[2])
    return f"[{found[1]}{inner}]"


def _without_title(schema: Schema) -> dict[str, Any]:
    """Drop the title of what a reference leads to: it names the type, not the field."""
    return {key: part for key, part in schema.items() if key != "title" or "x-title-vi" in schema}


_MAKERS: Final[Mapping[str, Callable[[_Place], FormField | None]]] = {
    "object": _group,
    "array": _list,
    "boolean": _flag,
    "integer": _number,
    "number": _number,
    "string": _text,
}
