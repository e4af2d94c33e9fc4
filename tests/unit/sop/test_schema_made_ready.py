"""A schema made ready says of every value what the library says, and knows every keyword the procedure uses."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shared.sop.compartments import check_plaintext
from shared.sop.loader import load_sop
from shared.sop.model import Compartment
from shared.sop.schema import Schema
from tests.unit.sop.test_compartment_schemas import WELL_FORMED

SOP = load_sop()
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**7, 1.0, 1.5, "", "x", "x" * 20_000, "2026-11-22", "14845", "female",
    [], [1], ["x"] * 200, {}, {"x": 1}, {"text": "x"},
)  # fmt: skip


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inner:
        yield from places(one, (*place, step))


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """Put something else at a place within a value; `place` is not empty."""
    changed = copy.deepcopy(value)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = new
    return changed


@given(st.data(), st.sampled_from(list(Compartment)))
def test_it_says_what_the_library_says(data: st.DataObject, compartment: Compartment) -> None:
    schema = SOP.schemas[compartment]
    value = data.draw(st.sampled_from(WELL_FORMED[compartment]))
    for _ in range(data.draw(st.integers(0, 2))):
        fields = [*places(value)][1:] + [(name,) for name in (*schema["properties"], "unheard_of")]
        value = put(value, data.draw(st.sampled_from(fields)), data.draw(st.sampled_from(ODD)))
    assert schema.fits(value) is Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_object_at_all_is_left_to_the_library(value: Any) -> None:
    for compartment in Compartment:
        fits = SOP.schemas[compartment].fits(value)
        assert fits is not bool(check_plaintext(SOP, compartment, value))


@pytest.mark.parametrize("keyword", ["not", "oneOf", "$ref", "patternProperties", "uniqueItems", "unevaluatedItems"])
def test_a_keyword_it_does_not_know_makes_it_ask(keyword: str) -> None:
    assert not Schema({"type": "string", keyword: {}}).fits("x")
    assert not Schema({"additionalProperties": {"type": "string"}}).fits({"x": "y"})
