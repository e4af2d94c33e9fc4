"""From the request model of an act to its form, and from the filled-in form back to the request.

Promises that a form asks for what the model asks for and nothing else: who acts is the person who is signed in, a
record is chosen from those there are, and the model itself says what is wrong. What may be null may stay empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import BaseModel

from shared.agency.pages.panels import At, Choice, PanelAct
from shared.agency.sector.practice import Practice
from shared.kernel.errors import FieldFault, MeshError
from shared.kernel.identifiers import AGENCY_ID_PATTERN
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.pages.schema_forms import FormField, fields_of, narrowed, values_of
from shared.sop.model import Name
from shared.web.body import checked

ACTOR: Final = "actor"
_NOTHING: Final = N_("There is nothing to choose from yet.")
_MARKED: Final = N_("Look at what is marked below.")

Schema = dict[str, Any]
#: What there is to choose from, by the dotted name of a field.
Chosen = Mapping[str, Sequence[Choice]]


@dataclass(frozen=True, slots=True)
class ActForm:
    """The form of an act: its schema as people fill it in, and its fields."""

    act: PanelAct
    schema: Schema
    fields: Sequence[FormField]
    filled: Mapping[str, Any]

    def request(self, form: Form, actor: str) -> BaseModel:
        """Return what was asked for. Raises `InputRejected`."""
        given = _completed(_inlined(self.act.request), values_of(self.schema, form))
        return checked(self.act.request, {ACTOR: actor, **given, **self.filled})


async def act_form(practice: Practice, act: PanelAct, at: At, people: Sequence[Choice]) -> ActForm:
    """Return the form of an act where it is done, with what there is to choose from."""
    chosen: dict[str, Sequence[Choice]] = dict.fromkeys(act.colleagues, people)
    for name, offers in act.offers.items():
        chosen[name] = await offers(practice, at)
    whole = _inlined(act.request)
    agencies = [name for name in _named_agencies(whole, "") if name not in chosen]
    known = await known_agencies(practice) if agencies else ()
    if known:
        chosen |= dict.fromkeys(agencies, known)
    return form_of(act, chosen, {name: await fill(practice, at) for name, fill in act.fills.items()})


def form_of(act: PanelAct, chosen: Chosen, filled: Mapping[str, Any] | None = None) -> ActForm:
    """Return the form of an act with these choices, without what nobody is asked."""
    whole = _inlined(act.request)
    schema = _asked(narrowed(whole, lambda name: name not in act.fills), chosen, "")
    return ActForm(act, schema, [_with_words(one, chosen) for one in fields_of(schema)], filled or {})


async def known_agencies(practice: Practice) -> Sequence[Choice]:
    """Return the agencies of the directory; none while the gateway is away, and an id is written by hand."""
    try:
        listed: Any = await practice.office.hub.get("/v1/agencies")
    except MeshError:
        return ()
    items = listed["items"] if isinstance(listed, Mapping) else listed
    return [Choice(one["id"], Name(str(one["name"]["vi"]), str(one["name"]["en"]))) for one in items]


def beside_fields(error: MeshError) -> MeshError:
    """Return an error whose pointers are the names of the form's fields; what stands beside one is not said twice."""
    faults = [
        FieldFault("/" + fault.pointer.removeprefix("/").replace("/", "."), fault.code, fault.message)
        for fault in error.faults
    ]
    message = _MARKED if any(fault.message == error.message for fault in faults) else error.message
    return type(error)(error.code, message, faults=faults, reasons=error.reasons)


def _inlined(model: type[BaseModel]) -> Schema:
    """Return the schema of a model without references, and without who acts."""
    whole = model.model_json_schema()
    schema: Schema = _without_references(whole, whole)
    schema["properties"].pop(ACTOR, None)
    schema["required"] = [name for name in schema.get("required", ()) if name != ACTOR]
    return schema


def _without_references(whole: Schema, schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_references(whole, one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        target: Schema = _without_references(whole, whole["$defs"][str(schema["$ref"]).rpartition("/")[2]])
        return {key: part for key, part in target.items() if key not in {"title", "description"}}
    left_out = {"$defs", "default", "description", "propertyNames"}
    made = {key: _without_references(whole, part) for key, part in schema.items() if key not in left_out}
    if "propertyNames" in schema:
        made["propertyNames"] = _without_references(whole, schema["propertyNames"])
    return made


def _asked(schema: Mapping[str, Any], chosen: Chosen, name: str, *, needed: bool = True) -> Schema:
    """Return a schema as people are asked: what may be null or stay empty is not needed, records are chosen."""
    schema = _not_null(dict(schema))
    items = _items(schema, chosen.get(name, ()))
    if items is not None:
        schema = items
    if "properties" in schema:
        return _asked_parts(schema, chosen, name, needed=needed)
    if "items" in schema:
        inner = schema["items"] if name not in chosen or not chosen[name] else _of(schema["items"], chosen[name])
        return {**schema, "items": _asked(inner, chosen, f"{name}.*")}
    return _of(schema, chosen[name]) if chosen.get(name) else schema


def _asked_parts(schema: Schema, chosen: Chosen, name: str, *, needed: bool) -> Schema:
    required = [key for key in schema.get("required", ()) if needed and not _may_stay_empty(schema["properties"][key])]
    parts = {
        key: _asked(part, chosen, f"{name}.{key}" if name else key, needed=key in required)
        for key, part in schema["properties"].items()
    }
    return {**schema, "properties": parts, "required": required}


def _items(schema: Schema, choices: Sequence[Choice]) -> Schema | None:
    """Return an open map as an object with one part for each of its items; None where a schema is no such map."""
    inner = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
    if not isinstance(inner, Mapping):
        return None
    names = [one.value for one in choices] or schema.get("propertyNames", {}).get("enum", [])
    titles = {one.value: {"title": one.says.en, "x-title-vi": one.says.vi} for one in choices}
    needed = [one.value for one in choices]
    parts = {name: {**inner, **titles.get(name, {})} for name in names}
    return {"type": "object", "properties": parts, "required": needed, "additionalProperties": False, **_title(schema)}


def _not_null(schema: Schema) -> Schema:
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if not choices:
        return schema
    kept = {key: part for key, part in schema.items() if key != "anyOf"}
    return {**choices[0], **kept}


def _may_be_null(schema: Schema) -> bool:
    return any(one.get("type") == "null" for one in schema.get("anyOf", ()))


def _may_stay_empty(schema: Schema) -> bool:
    return _may_be_null(schema) or (schema.get("type") == "array" and not schema.get("minItems"))


def _of(schema: Schema, choices: Sequence[Choice]) -> Schema:
    whole = schema.get("type") == "integer"
    values = [int(one.value) if whole else one.value for one in choices]
    return {"type": "integer" if whole else "string", "enum": values, **_title(schema)}


def _title(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("title", "x-title-vi") if key in schema}


def _completed(schema: Schema, value: Any) -> Any:
    """Return a value with null or an empty list where the model wants one said and the form was left empty."""
    schema = _not_null(schema)
    if isinstance(value, list):
        return [_completed(schema.get("items", {}), one) for one in value]
    if not isinstance(value, Mapping) or "properties" not in schema:
        return value
    parts = schema["properties"]
    made = {key: _completed(parts.get(key, {}), part) for key, part in value.items()}
    for key in schema.get("required", ()):
        if key not in made and _may_stay_empty(parts[key]):
            made[key] = None if _may_be_null(parts[key]) else []
    return made


def _named_agencies(schema: Schema, name: str) -> list[str]:
    """Return the dotted names of the fields that take an agency."""
    schema = _not_null(schema)
    if schema.get("pattern") == AGENCY_ID_PATTERN:
        return [name]
    if "items" in schema:
        return _named_agencies(schema["items"], f"{name}.*")
    parts = schema.get("properties", {}).items()
    return [found for key, part in parts for found in _named_agencies(part, f"{name}.{key}" if name else key)]


def _with_words(field: FormField, chosen: Chosen, name: str | None = None) -> FormField:
    """Return a field whose choices are called as they were offered."""
    name = field.key if name is None else name
    words = {one.value: one.says for one in chosen.get(name, ())}
    if name in chosen and not words and not field.fields:
        return replace(field, kind="choice", options=(), pattern="", hint=_NOTHING)
    options = tuple(replace(one, label=words.get(one.value, one.label)) for one in field.options)
    parts = tuple(_with_words(one, chosen, f"{name}.{one.key}") for one in field.fields)
    made = replace(field, options=options, fields=parts)
    row = field.row
    if row is None:
        return made
    return replace(made, row=lambda index: _with_words(row(index), chosen, f"{name}.*"))
