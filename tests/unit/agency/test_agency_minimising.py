"""What need not travel stays, and the caseworker is told what stayed and why."""

from dataclasses import replace

import pytest

from shared.agency.minimising import HeldBackFor, Minimum, minimise, trim_contents
from shared.consent.grant import Consent
from shared.consent.request import ConsentBasis, OtherBasis
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, CompartmentRule, LegalBasisKind, Presence, Stage
from tests.support.builders import CONSENT_ID, SHELTER, a_consent, a_grant, a_service

SOP = load_sop()
SERVICE = a_service()
BASIS = ConsentBasis(CONSENT_ID)
IDENTITY, CONTACT, SAFETY = Compartment.IDENTITY, Compartment.CONTACT, Compartment.SAFETY
MEDICAL, FORENSIC = Compartment.MEDICAL, Compartment.FORENSIC


def agreed(*names: Compartment, withheld: frozenset[Compartment] = frozenset()) -> tuple[Consent, ...]:
    return (a_consent(grants=(a_grant(compartments=frozenset(names)),), withheld=withheld),)


def split(offered: set[Compartment], lineage: tuple[Consent, ...], *, recipient: str = SHELTER) -> Minimum:
    return minimise(frozenset(offered), recipient=recipient, service=SERVICE, basis=BASIS, lineage=lineage, sop=SOP)


def words(minimum: Minimum) -> dict[Compartment, HeldBackFor]:
    return {one.compartment: one.reason for one in minimum.held_back}


def test_what_was_agreed_to_travels() -> None:
    minimum = split({IDENTITY, CONTACT}, agreed(IDENTITY, CONTACT))
    assert minimum.sent == {IDENTITY, CONTACT}
    assert words(minimum) == {}


def test_what_was_not_agreed_to_stays_with_the_rule_that_says_so() -> None:
    minimum = split({IDENTITY, MEDICAL}, agreed(IDENTITY))
    assert words(minimum) == {MEDICAL: HeldBackFor.NOT_CONSENTED}
    (held,) = minimum.held_back
    assert held.rule == "R-15"
    assert held.basis


def test_what_she_withheld_is_called_withheld() -> None:
    minimum = split({IDENTITY, MEDICAL}, agreed(IDENTITY, MEDICAL, withheld=frozenset({MEDICAL})))
    assert words(minimum) == {MEDICAL: HeldBackFor.WITHHELD}


def test_what_the_service_does_not_take_stays_whatever_was_agreed() -> None:
    minimum = split({IDENTITY, FORENSIC}, agreed(IDENTITY, FORENSIC))
    assert set(words(minimum)) == {FORENSIC}
    assert words(minimum)[FORENSIC] in {HeldBackFor.FORBIDDEN_BY_SERVICE, HeldBackFor.NOT_ASKED_BY_SERVICE}


def test_what_is_over_the_maximum_of_a_legal_basis_stays() -> None:
    basis = OtherBasis(LegalBasisKind.VITAL_INTEREST, article="Art 1", approver="staff-1", notify_unsafe=False)
    minimum = minimise(
        frozenset({IDENTITY, CONTACT, MEDICAL}), recipient=SHELTER, service=SERVICE, basis=basis, lineage=(), sop=SOP
    )
    assert words(minimum) == {MEDICAL: HeldBackFor.BEYOND_BASIS}


def test_without_any_consent_the_gateway_is_asked_so_that_its_refusal_is_on_record() -> None:
    minimum = split({IDENTITY, FORENSIC}, agreed(IDENTITY), recipient="another-agency")
    assert minimum.decided_by_gateway
    assert minimum.sent == {IDENTITY}


def test_a_consent_that_is_not_known_here_is_left_to_the_gateway() -> None:
    minimum = split({IDENTITY, CONTACT, FORENSIC}, ())
    assert minimum.sent == {IDENTITY, CONTACT}
    assert set(words(minimum)) == {FORENSIC}


def test_fields_the_service_does_not_take_are_left_out_and_named() -> None:
    rule = CompartmentRule(Presence.OPTIONAL, Stage.ACCEPTED, only=("summary",))
    service = a_service()
    trimmed = replace(service, compartments={**service.compartments, MEDICAL: rule})
    contents, held = trim_contents({MEDICAL: {"summary": "x", "hiv": "y"}, IDENTITY: {"name": "z"}}, service=trimmed)
    assert contents == {MEDICAL: {"summary": "x"}, IDENTITY: {"name": "z"}}
    assert [(one.compartment, one.fields) for one in held] == [(MEDICAL, ("hiv",))]


def test_a_compartment_with_nothing_left_does_not_travel() -> None:
    rule = CompartmentRule(Presence.OPTIONAL, Stage.ACCEPTED, never=("hiv",))
    service = a_service()
    trimmed = replace(service, compartments={**service.compartments, MEDICAL: rule})
    contents, held = trim_contents({MEDICAL: {"hiv": "y"}}, service=trimmed)
    assert contents == {}
    assert held[0].fields == ("hiv",)


@pytest.mark.parametrize("offered", [{IDENTITY}, {IDENTITY, CONTACT, SAFETY, MEDICAL}])
def test_nothing_travels_that_was_not_offered(offered: set[Compartment]) -> None:
    minimum = split(offered, agreed(*Compartment))
    assert minimum.sent <= offered
