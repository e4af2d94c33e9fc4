"""The story's case is lawful: what it sends fits the procedure, and what it must not send it does not."""

import pytest

from mesh.demo import case
from shared.sop.compartments import check_plaintext
from shared.sop.loader import load_sop
from shared.sop.model import Compartment

SENT = [("SOC-01", case.SHELTER_DATA), ("LEG-02", case.LAWYER_DATA), ("POL-04", case.ORDER_DATA)]


@pytest.mark.parametrize("name", case.COMPARTMENTS)
def test_content_fits_the_schema_of_its_compartment(name: str) -> None:
    assert check_plaintext(load_sop(), Compartment(name), case.COMPARTMENTS[name]) == ()


@pytest.mark.parametrize(("service_type", "names"), SENT)
def test_referral_carries_what_its_service_needs_and_nothing_it_forbids(
    service_type: str, names: tuple[str, ...]
) -> None:
    service = load_sop().services[service_type]
    assert {*names} >= {str(name) for name in service.required}
    assert {*names} <= {str(name) for name in service.allowed}


@pytest.mark.parametrize(("service_type", "names"), SENT)
def test_name_opens_only_after_acceptance(service_type: str, names: tuple[str, ...]) -> None:
    service = load_sop().services[service_type]
    assert service.compartments[Compartment.IDENTITY].stage == "accepted"


def test_narrower_consent_names_the_lawyer_alone() -> None:
    narrower = case.narrower_consent({"id": "x", "valid_to": "2030-01-01T00:00:00.000Z"})
    assert [line["recipients"] for line in narrower["grants"]] == [[case.LEGAL_AID]]
