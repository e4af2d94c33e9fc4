"""Forms made from schemas: what a form shows of a value and sends back is that value, for every compartment."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from shared.agency.requests import ConsentRequest, RevocationRequest
from shared.kernel.clock import to_wire
from shared.kernel.errors import InputRejected
from shared.pages.forms import Form
from shared.pages.schema_fields import FormField, also_words, is_day, is_moment, main_type, options_of, resolved
from shared.pages.schema_forms import Typed, fields_of, typed_in, typed_of, values_of
from shared.sop.loader import load_sop
from shared.sop.model import Compartment

SCHEMAS = {compartment.value: schema for compartment, schema in load_sop().schemas.items()}
MODELS = {model.__name__: model.model_json_schema() for model in (ConsentRequest, RevocationRequest)}
WORDS = st.text("abcdefgh ăâđêôơư<>&\"'", min_size=1, max_size=40).map(str.strip).filter(bool)
#: Whole seconds in years that browsers and databases know.
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - given UTC in the next line
    lambda at: to_wire(at.replace(microsecond=0, tzinfo=UTC))
)


def values(root: Mapping[str, Any], schema: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    """Values of a schema as people may write them."""
    main = main_values(root, schema, key)
    return main | WORDS.map(lambda text: text[: schema.get("maxLength", 40)].strip()) if also_words(schema) else main


def main_values(root: Mapping[str, Any], schema: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    match main_type(schema):
        case "object":
            return objects(root, schema)
        case "array":
            item = resolved(root, schema["items"])
            unique = bool(options_of(key, item))
            several = st.lists(values(root, item, key), min_size=1, max_size=min(3, schema.get("maxItems", 3)),
                               unique_by=repr if unique else None)  # fmt: skip
            return several.map(lambda found: in_order(key, item, found)) if unique else several
        case "boolean":
            return st.just(value=True) if "const" in schema else st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 9_999))
        case "number":
            return st.floats(schema.get("minimum", 0), schema.get("maximum", 9_999)) | st.integers(1, 9)
        case _:
            return texts(schema, key)


def in_order(key: str, item: Mapping[str, Any], found: list[Any]) -> list[Any]:
    """Ticks come in the order of the page."""
    order = [one.stands_for for one in options_of(key, item)]
    return sorted(found, key=order.index)


def texts(schema: Mapping[str, Any], key: str) -> st.SearchStrategy[Any]:
    options = options_of(key, schema)
    if options:
        return st.sampled_from([one.stands_for for one in options])
    if is_moment(schema):
        return MOMENTS
    if is_day(schema):
        return st.dates(datetime(1900, 1, 1).date()).map(lambda day: day.isoformat())  # noqa: DTZ001 - a day only
    if "pattern" in schema:
        whole = re.compile(schema["pattern"], re.ASCII)
        made = st.from_regex(whole, fullmatch=True).filter(lambda text: text == text.strip() and "\n" not in text)
        # A pattern of JSON Schema is of ECMA-262, which counts other characters as spaces.
        return made.filter(bool).filter(Draft202012Validator(dict(schema)).is_valid)
    return WORDS.map(lambda text: text[: schema.get("maxLength", 40)].strip()).filter(bool)


def objects(root: Mapping[str, Any], schema: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    parts = {key: resolved(root, part) for key, part in schema.get("properties", {}).items()}
    asked = {key: part for key, part in parts.items() if main_type(part) != "object" or "properties" in part}
    needed = {key: values(root, asked[key], key) for key in schema.get("required", ())}
    free = {key: values(root, part, key) for key, part in asked.items() if key not in needed}
    if not free:
        return st.fixed_dictionaries(needed)
    # So few at a time that examples stay small; which ones changes with each example.
    picked = st.lists(st.sampled_from(sorted(free)), unique=True, min_size=0 if needed else 1, max_size=4)
    return picked.flatmap(lambda keys: st.fixed_dictionaries(needed | {key: free[key] for key in keys}))


def sent(fields: list[FormField], schema: Mapping[str, Any], value: Mapping[str, Any]) -> Form:
    """The form as a browser sends it: every text field, what is chosen, what is ticked."""
    typed = typed_of(schema, value, prefix="c")
    pairs = [pair for field in fields for pair in pairs_of(field, typed)]
    return Form(parse_qsl(urlencode(pairs), keep_blank_values=True))


def pairs_of(field: FormField, typed: Typed) -> Iterator[tuple[str, str]]:
    if field.words:
        yield field.words.name, typed.text(field.words.name)
    if field.kind == "rows":
        yield f"{field.name}.rows", str(len(typed.rows(field)))
    parts = [field.row(index) for index in typed.rows(field)] if field.row else field.fields
    for part in parts:
        yield from pairs_of(part, typed)
    if not parts:
        yield from ((field.name, one) for one in typed.all(field.name))


@pytest.mark.parametrize("name", [*SCHEMAS, *MODELS])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_a_form_shows_and_sends_back_is_the_same_value(name: str, data: st.DataObject) -> None:
    schema = (SCHEMAS | MODELS)[name]
    value = data.draw(objects(schema, schema))
    fields = list(fields_of(schema, prefix="c"))
    assert values_of(schema, sent(fields, schema, value), prefix="c") == value


@settings(max_examples=20, deadline=None)
@given(text=st.text(max_size=20), compartment=st.sampled_from(list(Compartment)))
def test_no_text_in_any_field_breaks_the_reading(text: str, compartment: Compartment) -> None:
    schema = SCHEMAS[compartment.value]
    names = [field.name for field in fields_of(schema)]
    form = Form([(name, text) for name in names] + [(f"{name}.rows", text) for name in names])
    with suppress(InputRejected):
        values_of(schema, form)


def test_a_fault_stands_at_the_name_of_its_field_even_below_rows_left_empty() -> None:
    schema = SCHEMAS["contact"]
    form = Form([("c.phones.rows", "3"), ("c.phones.2.number", "not a number"), ("c.phones.2.may_text", "no")])
    with pytest.raises(InputRejected) as refusal:
        values_of(schema, form, prefix="c")
    assert [fault.pointer for fault in refusal.value.faults] == ["/c.phones.2.number"]


def test_a_row_more_is_a_button_and_never_goes_over_the_most() -> None:
    rows = next(field for field in fields_of(SCHEMAS["contact"]) if field.kind == "rows")
    assert len(typed_in(Form([("more", rows.name), (f"{rows.name}.rows", "1")])).rows(rows)) == 2
    assert len(typed_in(Form([("more", rows.name), (f"{rows.name}.rows", "39")])).rows(rows)) == rows.most


def test_no_and_nothing_differ() -> None:
    schema = SCHEMAS["contact"]
    assert values_of(schema, Form([("may_text", "no")])) == {"may_text": False}
    assert values_of(schema, Form([("may_text", "")])) == {}


def test_times_are_entered_in_viet_nam_and_kept_in_utc() -> None:
    schema = SCHEMAS["incident"]
    moment = next(field.name for field in fields_of(schema) if field.kind == "moment")
    assert values_of(schema, Form([(moment, "2026-11-21T06:30")])) == {moment: "2026-11-20T23:30:00.000Z"}
