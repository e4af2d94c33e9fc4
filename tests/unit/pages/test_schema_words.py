"""Every label and every code that a form from a compartment's schema shows has Vietnamese."""

from collections.abc import Iterator, Sequence

import pytest

from shared.pages.catalogue import words_of
from shared.pages.schema_facts import Fact, shown
from shared.pages.schema_fields import FormField, Label, fields_of
from shared.sop.compartments import _OTHERWISE, _SAYS
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Name

VIETNAMESE = words_of("vi", ("shared.pages",))
#: Names that are the same in every language.
SAME = {"A", "AB", "B", "O", "R1", "R2", "R3", "DASH-RIC", "GBVIMS", "HTCDS", "Primero"}


def labels(fields: Sequence[FormField]) -> Iterator[Label]:
    for field in fields:
        yield from (field.label, field.hint, *(option.label for option in field.options))
        yield from labels(field.fields)
        if field.words:
            yield field.words.label
        if field.row:
            yield from labels([field.row(0)])


@pytest.mark.parametrize("compartment", list(Compartment))
def test_every_label_and_every_code_of_a_compartment_has_vietnamese(compartment: Compartment) -> None:
    untranslated = {
        label
        for label in labels(fields_of(load_sop().schemas[compartment]))
        if (not label.vi if isinstance(label, Name) else label not in SAME and VIETNAMESE.gettext(label) == label)
        if label
    }
    assert not untranslated


@pytest.mark.parametrize("message", [message for _, message in (*_SAYS.values(), _OTHERWISE)])
def test_what_is_wrong_with_a_field_is_said_in_vietnamese(message: str) -> None:
    assert VIETNAMESE.gettext(message) != message


def test_facts_have_the_words_of_the_form_and_hide_nothing() -> None:
    schema = load_sop().schemas[Compartment.CONTACT]
    phones = [{"number": "0900 000 000", "whose": "own", "may_text": False, "strange": "kept"}]
    (found,) = shown(schema, {"phones": phones})
    (phone,) = found.items
    said = {fact.label.en if isinstance(fact.label, Name) else fact.label: fact for fact in phone.facts}
    assert said["Number"].text == "0900 000 000"
    assert said["May send a text"].words == "No"
    assert said["Strange"].text == "kept"
    assert "Her own" in {fact.words for fact in phone.facts}


def test_a_time_that_the_schema_takes_is_shown_as_a_time() -> None:
    schema = load_sop().schemas[Compartment.INCIDENT]
    key = next(field.key for field in fields_of(schema) if field.kind == "moment")
    fact: Fact = shown(schema, {key: "2026-11-20T23:30:00Z"})[0]
    assert fact.moment is not None
    assert fact.moment.hour == 23
