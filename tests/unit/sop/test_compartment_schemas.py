"""Compartments take what caseworkers write, refuse the rest, and never repeat what was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import meta

from shared.sop.compartments import MOST_FAULTS, check_plaintext, trim
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, CompartmentRule, Presence, Stage

SOP = load_sop()

WELL_FORMED: dict[Compartment, list[dict[str, Any]]] = {
    Compartment.IDENTITY: [
        {"name": "Lò Thị Mơ"},
        {"alias": "M-17", "date_of_birth": "1994-03-08", "personal_id_number": "038194000017", "nationality": "VN"},
    ],
    Compartment.CONTACT: [
        {"phone": "0900 000 017"},
        {
            "phones": [{"number": "+84 900 000 017", "may_text": False}],
            "safe_hours": [{"days": ["mon", "tue"], "from": "08:00", "to": "11:30"}],
            "code_word": "hoa ban",
            "never_contact": ["chồng", {"relation": "in_law", "number": "0900000018"}],
            "commune": "14845",
        },
        {"safe_hours": "sáng thứ hai đến thứ sáu"},
    ],
    Compartment.DEMOGRAPHICS: [{"age_band": "adult", "ethnicity": "Thái", "languages": ["vi", "blt"]}],
    Compartment.SAFETY: [{"tool": "danger_assessment", "tool_version": "2019", "score": 16, "band": "R3"}],
    Compartment.INCIDENT: [
        {"type": "sexual", "occurred_at": "2026-11-20T22:15:00+07:00", "injuries": True},
        {"types": ["trafficking"], "trafficking": {"means": ["debt"], "purposes": ["forced_labour"]}},
    ],
    Compartment.MEDICAL: [
        {"allergies": ["penicillin"], "injuries": ["gãy tay trái", {"site": "đầu", "severity": "moderate"}]},
        {"hiv": {"consented": True, "exposure": True}, "pregnancy": {"consented": True, "gestation_weeks": 9}},
    ],
    Compartment.FORENSIC: [{"specimens": [{"kind": "swab", "seal": "A-1"}], "certificate": {"number": "12/2026"}}],
    Compartment.LEGAL: [{"orders": [{"kind": "commune_no_contact", "number": "31/QĐ-UBND", "distance_m": 100}]}],
    Compartment.NEEDS: [{"needs": ["shelter", "food"], "goals": ["Con được đi học"]}],
    Compartment.DEPENDANTS: [{"count": 2, "ages": [3, 7]}, {"count": 0}],
    Compartment.DOCUMENTS: [{"held": ["identity_card"], "trafficking_status": {"status": "in_process"}}],
    Compartment.PREFERENCES: [{"staff_gender": "female", "interpreter": True, "language": "blt", "accompanied": True}],
    Compartment.PERPETRATOR: [{"name": "Một người", "relation": "spouse", "agency_link": False}],
    Compartment.ATTACHMENTS: [
        {"items": [{"compartment": "legal", "media_type": "application/pdf", "content": "JVBERg"}]}
    ],
    Compartment.NOTE: [{"text": "Xin gọi lại vào buổi sáng."}],
}


@pytest.mark.parametrize(
    ("compartment", "value"), [(key, value) for key, values in WELL_FORMED.items() for value in values]
)
def test_what_caseworkers_write_is_taken(compartment: Compartment, value: dict[str, Any]) -> None:
    assert not check_plaintext(SOP, compartment, value)


def test_every_compartment_has_an_example() -> None:
    assert WELL_FORMED.keys() == set(Compartment)


@pytest.mark.parametrize("compartment", Compartment)
def test_schema_is_valid_and_closed_and_bounded_everywhere(compartment: Compartment) -> None:
    schema = SOP.schemas[compartment]
    meta.validate(schema)
    for part in parts_of(schema):
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
        if "string" in part.get("type", ()):
            assert part.keys() & {"maxLength", "pattern"}, part
        if "array" in part.get("type", ()):
            assert part["maxItems"] <= 100


@pytest.mark.parametrize("compartment", Compartment)
def test_every_field_has_a_title_in_both_languages(compartment: Compartment) -> None:
    for field in SOP.schemas[compartment]["properties"].values():
        assert field["title"]
        assert field["x-title-vi"]


@pytest.mark.parametrize("compartment", sorted(set(Compartment) - {Compartment.NOTE, Compartment.ATTACHMENTS}))
def test_one_field_is_enough(compartment: Compartment) -> None:
    assert "required" not in SOP.schemas[compartment]


def parts_of(part: Any) -> list[dict[str, Any]]:
    found = [part] if isinstance(part, dict) and "title" in part else []
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return found + [one for child in children for one in parts_of(child)]


REFUSED = [
    (Compartment.IDENTITY, {}, "", "field.empty"),
    (Compartment.IDENTITY, [], "", "field.type"),
    (Compartment.IDENTITY, None, "", "field.type"),
    (Compartment.IDENTITY, {"name": 7}, "/name", "field.type"),
    (Compartment.IDENTITY, {"name": ""}, "/name", "field.empty"),
    (Compartment.IDENTITY, {"name": "x" * 201}, "/name", "field.too-long"),
    (Compartment.IDENTITY, {"date_of_birth": "08/03/1994"}, "/date_of_birth", "field.format"),
    (Compartment.IDENTITY, {"nme": "x"}, "/nme", "field.unknown"),
    (Compartment.IDENTITY, {"Lò Thị Mơ": 1, "name": "x"}, "", "field.unknown"),
    (Compartment.CONTACT, {"phones": [{"whose": "own"}]}, "/phones/0/number", "field.missing"),
    (Compartment.SAFETY, {"band": "R5"}, "/band", "field.not-listed"),
    (Compartment.DEPENDANTS, {"count": -1}, "/count", "field.range"),
    (Compartment.DEPENDANTS, {"ages": [1] * 31}, "/ages", "field.too-many"),
    (Compartment.MEDICAL, {"hiv": {"exposure": True}}, "/hiv/consented", "field.missing"),
    (Compartment.MEDICAL, {"hiv": {"consented": False}}, "/hiv/consented", "field.not-listed"),
    (Compartment.NOTE, {"language": "vi"}, "/text", "field.missing"),
]


@pytest.mark.parametrize(("compartment", "value", "pointer", "code"), REFUSED)
def test_fault_says_where_and_what(compartment: Compartment, value: object, pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in check_plaintext(SOP, compartment, value)] == [(pointer, code)]


def test_pointers_start_where_the_caller_says() -> None:
    faults = check_plaintext(SOP, Compartment.IDENTITY, {"name": 7}, under="/compartments/identity")
    assert [fault.pointer for fault in faults] == ["/compartments/identity/name"]


def test_flood_of_faults_is_cut() -> None:
    flood = {"phones": [{"number": 1} for _ in range(10)], **{f"x{n}": 1 for n in range(500)}}
    assert len(check_plaintext(SOP, Compartment.CONTACT, flood)) == MOST_FAULTS


@given(st.sampled_from(Compartment), st.text("KÝTỰLẠ", min_size=4, max_size=12))
def test_what_was_written_is_never_repeated(compartment: Compartment, secret: str) -> None:
    fields = SOP.schemas[compartment]["properties"]
    for value in ({secret: secret}, secret, {name: [{secret: secret}] for name in fields}):
        faults = check_plaintext(SOP, compartment, value)
        assert faults
        assert secret not in json.dumps([[fault.pointer, fault.message] for fault in faults], ensure_ascii=False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(Compartment), JSON)
def test_any_json_is_answered_and_not_crashed_on(compartment: Compartment, value: object) -> None:
    faults = check_plaintext(SOP, compartment, value)
    assert all(fault.code.startswith("field.") and fault.code != "field.invalid" for fault in faults)


def test_trim_keeps_what_the_service_needs() -> None:
    rule = SOP.services["POL-04"].compartments[Compartment.FORENSIC]
    kept, left = trim(rule, {"certificate": {"number": "12/2026"}, "specimens": [], "photographs": ["a"]})
    assert kept == {"certificate": {"number": "12/2026"}}
    assert left == ("specimens", "photographs")


def test_trim_keeps_hiv_and_pregnancy_out_of_the_case_conference() -> None:
    rule = SOP.services["COO-01"].compartments[Compartment.MEDICAL]
    kept, left = trim(rule, {"summary": "Gãy tay", "hiv": {"consented": True}, "pregnancy": {"consented": True}})
    assert set(kept) == {"summary"}
    assert left == ("hiv", "pregnancy")


def test_trim_leaves_everything_where_the_service_names_nothing() -> None:
    rule = CompartmentRule(Presence.REQUIRED, Stage.TRIAGE)
    assert trim(rule, {"a": 1, "b": 2}) == ({"a": 1, "b": 2}, ())
