"""Messages become the values that are decided over, without loss and without invention."""

import json
from datetime import UTC, datetime

from shared.consent.request import ConsentBasis, OtherBasis
from shared.sop.model import Compartment, LegalBasisKind
from shared.wire.mapping import basis_document, basis_of, consent_of, taking_of
from shared.wire.messages import ReferralV1, parse_consent, parse_referral, parse_revocation, to_body
from shared.wire.parts import OtherBasisV1
from tests.support.messages import golden, golden_bytes

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_consent_keeps_every_grant_and_what_is_withheld() -> None:
    consent = consent_of(parse_consent(golden_bytes("consent-first")))
    assert (consent.recorder, consent.derived_from, consent.takings) == ("thanh-hoa-hospital", None, ())
    assert consent.withheld == {Compartment.MEDICAL}
    assert consent.purposes == {"service", "statistics"}
    assert consent.allowed("legal-aid-centre", "LEG-02") == {Compartment.IDENTITY, Compartment.LEGAL}
    assert consent.allowed("legal-aid-centre", "SOC-01") == frozenset()
    assert [grant.onward for grant in consent.grants] == [True, False]
    assert consent.valid_to == datetime(2027, 2, 19, 7, 50, tzinfo=UTC)


def test_consent_with_its_revocations_allows_less() -> None:
    taking = taking_of(parse_revocation(golden_bytes("revocation-part")), at=AT)
    consent = consent_of(parse_consent(golden_bytes("consent-first")), takings=[taking])
    assert Compartment.IDENTITY not in consent.allowed("anh-duong-house", "SOC-01")
    assert Compartment.SAFETY in consent.allowed("anh-duong-house", "SOC-01")
    assert Compartment.IDENTITY in consent.allowed("legal-aid-centre", "LEG-02")


def test_revocation_without_names_takes_all_back() -> None:
    taking = taking_of(parse_revocation(golden_bytes("revocation-all")), at=AT)
    assert (taking.at, taking.by, taking.recipients, taking.compartments) == (AT, "survivor", None, None)


def test_basis_is_a_consent_or_law() -> None:
    first = parse_referral(golden_bytes("referral-first"))
    assert basis_of(first.basis) == ConsentBasis(golden("consent-first")["id"])
    immediate = parse_referral(golden_bytes("referral-immediate"))
    assert basis_of(immediate.basis) == OtherBasis(
        kind=LegalBasisKind.VITAL_INTEREST,
        article="Điều 19 Luật 91/2025/QH15",
        approver="staff:7f3a",
        notify_unsafe=True,
    )


def test_every_legal_basis_of_the_procedure_has_its_form_on_the_wire() -> None:
    kinds = set(LegalBasisKind) - {LegalBasisKind.CONSENT}
    given = {basis_of(OtherBasisV1(kind=kind.value, article="1", approver="a")).kind for kind in kinds}
    assert given == kinds


def test_basis_is_hashed_as_it_stands_in_the_body() -> None:
    short = {"kind": "court_order", "article": "Đ 1", "approver": "staff-1"}
    for basis in (short, {**short, "notify_unsafe": False}, golden("referral-first")["basis"]):
        sent = to_body(ReferralV1(**{**golden("referral-first"), "basis": basis}))
        assert basis_document(parse_referral(sent).basis) == json.loads(sent)["basis"] == basis
