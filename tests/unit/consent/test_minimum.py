"""What is held back before sealing, and why."""

from shared.consent.decision import decide
from shared.consent.grant import Consent
from shared.consent.minimum import held_back
from shared.consent.request import ConsentBasis, OtherBasis
from shared.sop.model import Compartment, LegalBasisKind, Sop
from tests.support.builders import (
    AGREED,
    CONSENT_ID,
    NOON,
    REQUIRED,
    SHELTER,
    a_consent,
    a_disclosure,
    a_service,
    a_sop,
    a_taking,
    another_basis,
)

SOP = a_sop()
EVERYTHING = frozenset(Compartment)
BY_CONSENT = ConsentBasis(CONSENT_ID)


def codes(
    offered: frozenset[Compartment],
    *consents: Consent,
    basis: ConsentBasis | OtherBasis = BY_CONSENT,
    sop: Sop = SOP,
) -> dict[Compartment, str]:
    """Return the code for each compartment held back."""
    found = held_back(offered, recipient=SHELTER, service=a_service(), basis=basis, lineage=consents, sop=sop)
    return {compartment: reason.code for compartment, reason in found.items()}


def test_nothing_is_held_back_that_was_agreed_to() -> None:
    assert codes(AGREED, a_consent()) == {}


def test_what_is_held_back_says_why() -> None:
    consent = a_consent(takings=(a_taking(compartments=frozenset({Compartment.NEEDS})),))
    assert codes(REQUIRED | {Compartment.FORENSIC, Compartment.MEDICAL, Compartment.NEEDS}, consent) == {
        Compartment.FORENSIC: "sop.compartment-forbidden",
        Compartment.MEDICAL: "consent.compartment",
        Compartment.NEEDS: "consent.revoked",
    }


def test_without_a_whole_lineage_all_is_held_back() -> None:
    assert set(codes(REQUIRED).values()) == {"consent.missing"}
    assert set(codes(REQUIRED, a_consent(derived_from="other")).values()) == {"consent.missing"}


def test_another_ground_holds_back_what_lies_beyond_its_maximum() -> None:
    assert codes(REQUIRED | {Compartment.NEEDS}, basis=another_basis()) == {Compartment.NEEDS: "basis.maximum"}


def test_a_ground_that_is_none_holds_back_all() -> None:
    asserted = another_basis(kind=LegalBasisKind.CONSENT)
    assert codes(frozenset({Compartment.SAFETY}), basis=asserted) == {Compartment.SAFETY: "consent.missing"}
    unknown = a_sop(legal_bases={})
    assert codes(frozenset({Compartment.SAFETY}), basis=another_basis(), sop=unknown) == {
        Compartment.SAFETY: "sop.basis"
    }


def test_what_is_not_held_back_is_what_the_decision_permits() -> None:
    consent = a_consent(withheld=frozenset({Compartment.PREFERENCES}))
    rest = EVERYTHING - codes(EVERYTHING, consent).keys()
    assert rest == AGREED - {Compartment.PREFERENCES}
    assert decide(a_disclosure(compartments=rest), lineage=(consent,), sop=SOP, at=NOON).permitted
