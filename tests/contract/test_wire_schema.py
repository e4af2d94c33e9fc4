"""The published schema changes on purpose or not at all."""

import json

import jsonschema_rs
import pytest

from shared.wire.messages import MODELS
from tests.support.messages import NAMES, golden, kind_of
from tests.support.wire_schema import SNAPSHOT, schema, text


def test_wire_schema_is_the_one_that_was_published() -> None:
    assert text() == SNAPSHOT.read_text(encoding="utf-8"), (
        "read the difference, then: python -m tests.support.wire_schema"
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden_message_validates_against_the_published_schema(name: str) -> None:
    document = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    document["$ref"] = f"#/$defs/{MODELS[kind_of(name)].__name__}"
    jsonschema_rs.Draft202012Validator(document).validate(golden(name))


def test_every_message_refuses_fields_it_does_not_know() -> None:
    definitions = schema()["$defs"]
    assert [name for name in (m.__name__ for m in MODELS.values()) if definitions[name]["additionalProperties"]] == []


def test_no_text_that_a_caller_sends_is_unbounded() -> None:
    loose = [
        (model, field) for model, field, rule in _sent_texts() if "pattern" not in rule and "maxLength" not in rule
    ]
    assert loose == []


def _sent_texts() -> list[tuple[str, str, dict[str, object]]]:
    """Every text field of a closed model that is not one of a fixed list of values."""
    found = []
    for name, definition in schema()["$defs"].items():
        if definition.get("additionalProperties") is not False:
            continue
        for field, rule in definition["properties"].items():
            candidates = [rule, rule.get("items", {}), *rule.get("anyOf", ())]
            found += [
                (name, field, each)
                for each in candidates
                if each.get("type") == "string" and not {"const", "enum"} & each.keys()
            ]
    return found
