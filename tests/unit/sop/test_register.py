"""The register says everything with its basis, in two languages, and never calls law what is not."""

import json
from typing import Any

import pytest

from shared.sop.loader import DATA, load_sop, read_sop
from shared.sop.model import Compartment
from shared.sop.register import as_document, compartment_document, service_document, services_document

SOP = load_sop()
DOCUMENT = json.loads(json.dumps(as_document(SOP)))


def tables(value: Any) -> list[dict[str, Any]]:
    found = [value] if isinstance(value, dict) else []
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found + [table for child in children for table in tables(child)]


def test_service_type_has_exactly_the_promised_parts() -> None:
    promised = {"code", "slug", "sector", "name", "urgency", "compartments", "clocks", "preconditions", "outcomes"}
    promised |= {"barred_declines", "senders", "basis"}
    more = {"inherits_urgency", "alternative_declines", "legal_bases"}
    for service in SOP.services.values():
        assert service_document(service).keys() == promised | more


def test_emergency_shelter_reads_as_the_catalogue_says() -> None:
    shelter = json.loads(json.dumps(service_document(SOP.services["SOC-01"])))
    assert shelter["sector"] == "social"
    assert shelter["name"]["en"] == "Emergency shelter"
    assert shelter["compartments"]["contact"] == {"rule": "required", "stage": "accepted"}
    assert shelter["compartments"]["legal"]["rule"] == "forbidden"
    assert [(clock["phase"], clock["amount"], clock["unit"]) for clock in shelter["clocks"]] == [
        ("acknowledge", 15, "minutes"),
        ("decide", 1, "hours"),
        ("contact", 2, "hours"),
        ("complete", 4, "hours"),
    ]


def test_list_of_service_types_is_complete_and_in_order() -> None:
    assert [item["code"] for item in services_document(SOP)["items"]] == list(SOP.services)


@pytest.mark.parametrize(
    "part", ["urgencies", "legal_bases", "decline_reasons", "transitions", "rules", "hotlines", "service_types"]
)
def test_every_rule_has_a_basis(part: str) -> None:
    assert DOCUMENT[part]
    assert all(rule["basis"] for rule in DOCUMENT[part])


def test_every_clock_and_precondition_has_a_basis() -> None:
    inner = [table for table in tables(DOCUMENT) if "phase" in table or "any_of" in table]
    assert inner
    assert all(table["basis"]["instrument"] for table in inner)


def test_what_is_unverified_is_marked_as_not_law() -> None:
    bases = [table for table in tables(DOCUMENT) if "citation" in table]
    doubtful = [basis for basis in bases if basis["confidence"] == "unverified"]
    assert doubtful
    assert not any(basis["is_law"] for basis in doubtful)
    assert {basis["kind"] for basis in bases if basis["is_law"]} == {"STAT"}


def test_names_are_in_two_languages() -> None:
    names = [table for table in tables(DOCUMENT) if "vi" in table]
    assert names
    assert all(table.keys() == {"vi", "en"} and table["vi"] and table["en"] for table in names)


def test_register_does_not_claim_to_be_the_law() -> None:
    assert "Derived from" in DOCUMENT["disclaimer"]["en"]


def test_two_readings_of_the_same_data_are_equal_bytes() -> None:
    assert json.dumps(as_document(read_sop(DATA))) == json.dumps(as_document(SOP))


@pytest.mark.parametrize("compartment", Compartment)
def test_compartment_document_is_its_schema(compartment: Compartment) -> None:
    document = compartment_document(SOP, compartment)
    assert document["$id"] == f"urn:mesh:sop:compartment:{compartment}:1"
    assert json.loads(json.dumps(document)) == document
