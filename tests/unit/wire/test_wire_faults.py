"""Faults say where and how, in our own words, and never what was sent."""

import json

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.kernel.errors import InputRejected
from shared.wire.codes import FIELD_CODES
from shared.wire.faults import FAULTS_MOST, faults_from, faults_of, pointer_to
from shared.wire.fields import HOW
from shared.wire.messages import parse
from tests.support.messages import golden


def test_pointer_escapes_what_rfc_6901_asks_to_escape() -> None:
    assert pointer_to() == ""
    assert pointer_to("a", 0, "b/c~d", "") == "/a/0/b~1c~0d/"


def test_unknown_field_is_pointed_at_when_its_name_looks_like_one() -> None:
    with pytest.raises(InputRejected) as caught:
        parse("opening", json.dumps({**golden("opening"), "reson": 1}).encode())
    assert [(f.pointer, f.code) for f in caught.value.faults] == [("/reson", "field.unknown")]


@pytest.mark.parametrize("name", ["Nguyễn Thị Lan", "0912345678", "a b", "x" * 49, "", "<consent>"])
def test_unknown_name_that_could_be_personal_is_not_repeated(name: str) -> None:
    with pytest.raises(InputRejected) as caught:
        parse("opening", json.dumps({**golden("opening"), name: 1}).encode())
    (fault,) = caught.value.faults
    assert (fault.pointer, fault.code) == ("", "field.unknown")
    assert not name or name not in fault.message


def test_number_of_faults_is_bounded() -> None:
    body = json.dumps({**golden("opening"), **{f"extra{n}": n for n in range(5_000)}}).encode()
    with pytest.raises(InputRejected) as caught:
        parse("opening", body)
    assert len(caught.value.faults) == FAULTS_MOST


def test_location_of_a_web_framework_loses_its_first_part() -> None:
    found = [{"type": "missing", "loc": ("body", "area"), "msg": "", "input": {}}]
    assert [f.pointer for f in faults_from(found, skip=1)] == ["/area"]


def test_kind_of_error_nobody_foresaw_still_gets_a_sentence() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(complex).validate_json('"neither"')
    (fault,) = faults_of(caught.value)
    assert fault.code == "field.invalid"
    assert "neither" not in fault.message


def test_library_text_never_reaches_the_caller() -> None:
    class Strange(BaseModel):
        number: int

    with pytest.raises(ValidationError) as caught:
        Strange.model_validate_json('{"number": "0912 345 678"}')
    (fault,) = faults_of(caught.value)
    assert fault.message == "Write a whole number here."


def test_every_form_has_a_sentence_that_fits_on_a_line() -> None:
    assert all(advice.endswith(".") and len(advice) < 120 for advice in HOW.values())
    assert all(meaning.endswith(".") for meaning in FIELD_CODES.values())
