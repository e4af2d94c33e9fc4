"""The decision on one disclosure: each reason on its own, and what an attacker would try."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.consent.decision import Decision, decide
from shared.consent.grant import STATISTICS, Consent
from shared.consent.request import ConsentBasis
from shared.sop.model import AgeBand, Compartment, FactTest, LegalBasisKind, Sender, Sop, Urgency
from tests.support.builders import (
    CONSENT_ID,
    DERIVED_ID,
    HOSPITAL,
    LEGAL_CENTRE,
    NOON,
    POLICE,
    REQUIRED,
    SHELTER,
    a_consent,
    a_disclosure,
    a_grant,
    a_precondition,
    a_service,
    a_sop,
    a_taking,
    another_basis,
)

SOP = a_sop()


def outcome(
    *, consents: tuple[Consent, ...] | None = None, sop: Sop = SOP, **changes: Any
) -> tuple[bool, tuple[str, ...]]:
    """Ask, and return the answer with the codes of its reasons."""
    lineage = (a_consent(),) if consents is None else consents
    decision = decide(a_disclosure(**changes), lineage=lineage, sop=sop, at=NOON)
    return decision.permitted, tuple(reason.code for reason in decision.reasons)


PERMITTED: tuple[bool, tuple[str, ...]] = (True, ())


def denied(*codes: str) -> tuple[bool, tuple[str, ...]]:
    """Write the answer no."""
    return False, codes


def test_what_she_agreed_to_and_the_service_needs_is_permitted() -> None:
    assert outcome() == PERMITTED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_type": "SOC-99"}, "sop.service-unknown"),
        ({"blocked": True}, "referral.blocked"),
        ({"recipient_services": frozenset({"SOC-02"})}, "sop.recipient"),
        ({"area": "01"}, "sop.area"),
        ({"urgency": Urgency.IMMEDIATE}, "sop.phoned-first"),
        ({"compartments": REQUIRED - {Compartment.SAFETY}}, "sop.compartment-missing"),
        ({"compartments": frozenset()}, "sop.compartment-missing"),
        ({"subject": "s-other"}, "consent.subject"),
        ({"recipient": LEGAL_CENTRE}, "consent.recipient"),
        ({"compartments": REQUIRED | {Compartment.MEDICAL}}, "consent.compartment"),
        ({"sender": POLICE}, "consent.onward"),
    ],
)
def test_each_thing_wrong_with_the_disclosure_has_its_own_reason(changes: Mapping[str, Any], code: str) -> None:
    assert outcome(**changes) == denied(code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_to": NOON}, "consent.expired"),
        ({"valid_from": NOON + timedelta(milliseconds=1)}, "consent.not-yet-valid"),
        ({"purposes": frozenset({STATISTICS})}, "consent.purpose"),
        ({"grants": ()}, "consent.recipient"),
        ({"grants": (a_grant(service_types=frozenset({"SOC-02"})),)}, "consent.service"),
        ({"grants": (a_grant(service_types=frozenset()),)}, "consent.service"),
        ({"grants": (a_grant(recipients=frozenset()),)}, "consent.recipient"),
        ({"grants": (a_grant(compartments=frozenset()),)}, "consent.compartment"),
        ({"withheld": frozenset({Compartment.SAFETY})}, "consent.compartment"),
        ({"takings": (a_taking(),)}, "consent.revoked"),
        ({"takings": (a_taking(recipients=frozenset({SHELTER})),)}, "consent.revoked"),
        ({"takings": (a_taking(compartments=frozenset({Compartment.SAFETY})),)}, "consent.revoked"),
    ],
)
def test_each_thing_wrong_with_the_consent_has_its_own_reason(changes: Mapping[str, Any], code: str) -> None:
    assert outcome(consents=(a_consent(**changes),)) == denied(code)


def test_a_consent_holds_from_its_first_moment() -> None:
    assert outcome(consents=(a_consent(valid_from=NOON),)) == PERMITTED


def test_an_empty_referral_is_refused_even_where_the_service_needs_nothing() -> None:
    sop = a_sop(services=(a_service(required=frozenset()),))
    assert outcome(sop=sop, compartments=frozenset()) == denied("sop.compartment-missing")


def test_every_reason_is_given_and_not_only_the_first() -> None:
    _, codes = outcome(
        consents=(a_consent(valid_to=NOON, purposes=frozenset()),), blocked=True, area="01", sender="x-y"
    )
    assert set(codes) == {"referral.blocked", "sop.area", "consent.purpose", "consent.expired", "consent.onward"}


def test_every_reason_cites_a_rule_and_what_it_rests_on() -> None:
    decision = decide(a_disclosure(blocked=True, area="01", urgency=Urgency.IMMEDIATE), lineage=(), sop=SOP, at=NOON)
    assert {reason.code: reason.rule for reason in decision.reasons} == {
        "referral.blocked": "R-11",
        "sop.area": "SOC-01",
        "sop.phoned-first": "U0",
        "consent.missing": "R-15",
    }
    assert all(reason.basis.startswith("POL ") for reason in decision.reasons)


@pytest.mark.rule("R-16")
def test_withdrawal_is_cited_as_withdrawal() -> None:
    decision = decide(a_disclosure(), lineage=(a_consent(takings=(a_taking(),)),), sop=SOP, at=NOON)
    assert [reason.rule for reason in decision.reasons] == ["R-16"]


def test_a_reason_found_in_two_consents_is_given_once() -> None:
    assert Decision.of([*(decide(a_disclosure(), lineage=(), sop=SOP, at=NOON).reasons * 2)]).reasons == (
        decide(a_disclosure(), lineage=(), sop=SOP, at=NOON).reasons
    )


def test_taking_back_what_was_not_asked_for_does_not_stop_the_rest() -> None:
    consent = a_consent(takings=(a_taking(compartments=frozenset({Compartment.NEEDS})),))
    assert outcome(consents=(consent,)) == PERMITTED


# The lineage: nothing may be left out of it, and every member has a say.

ROOT = a_consent(grants=(a_grant(onward=True), a_grant(recipients=frozenset({LEGAL_CENTRE}))))
DERIVED = a_consent(
    id=DERIVED_ID, recorder=SHELTER, derived_from=CONSENT_ID, grants=(a_grant(recipients=frozenset({LEGAL_CENTRE})),)
)
ONWARD: Mapping[str, Any] = {
    "sender": SHELTER,
    "sender_sectors": frozenset({"social"}),
    "recipient": LEGAL_CENTRE,
    "basis": ConsentBasis(DERIVED_ID),
    "holds_parent": True,
}


def test_a_recipient_may_refer_on_under_a_derived_consent() -> None:
    assert outcome(consents=(DERIVED, ROOT), **ONWARD) == PERMITTED


def test_a_recipient_with_an_onward_grant_may_refer_on_under_the_consent_itself() -> None:
    assert outcome(consents=(ROOT,), **{**ONWARD, "basis": ConsentBasis(CONSENT_ID)}) == PERMITTED


def test_an_agency_that_was_never_referred_to_cannot_use_an_onward_grant() -> None:
    assert outcome(consents=(DERIVED, ROOT), **{**ONWARD, "holds_parent": False}) == denied("consent.onward")


def test_what_is_taken_back_from_the_root_is_taken_back_from_what_was_derived() -> None:
    revoked = replace(ROOT, takings=(a_taking(recipients=frozenset({LEGAL_CENTRE})),))
    assert outcome(consents=(DERIVED, revoked), **ONWARD) == denied("consent.revoked")


def test_an_agency_from_which_all_was_taken_cannot_refer_on() -> None:
    revoked = replace(ROOT, takings=(a_taking(recipients=frozenset({SHELTER})),))
    assert outcome(consents=(DERIVED, revoked), **ONWARD) == denied("consent.onward")


@pytest.mark.parametrize(
    "lineage",
    [
        (),
        (DERIVED,),
        (ROOT,),
        (ROOT, DERIVED),
        (DERIVED, replace(ROOT, id=DERIVED_ID)),
        (DERIVED, replace(ROOT, derived_from="01935f00-0000-7000-8000-000000000009")),
    ],
)
def test_a_lineage_with_a_member_left_out_or_swapped_is_no_consent(lineage: tuple[Consent, ...]) -> None:
    permitted, codes = outcome(consents=lineage, **ONWARD)
    assert not permitted
    assert "consent.missing" in codes


# What the procedure says, whatever she agreed to.


def test_a_forbidden_compartment_does_not_travel_even_when_she_agreed_to_it() -> None:
    everything = a_consent(grants=(a_grant(compartments=frozenset(Compartment)),))
    asked = REQUIRED | {Compartment.FORENSIC}
    assert outcome(consents=(everything,), compartments=asked) == denied("sop.compartment-forbidden")


def test_a_note_is_not_part_of_a_referral() -> None:
    everything = a_consent(grants=(a_grant(compartments=frozenset(Compartment)),))
    asked = REQUIRED | {Compartment.NOTE}
    assert outcome(consents=(everything,), compartments=asked) == denied("sop.compartment-forbidden")


def test_a_sector_that_is_not_listed_may_not_send() -> None:
    assert outcome(sender_sectors=frozenset({"legal_aid"})) == denied("sop.sender")
    assert outcome(sender_sectors=frozenset()) == denied("sop.sender")


def test_the_survivor_may_refer_herself_through_any_agency_but_only_by_her_consent() -> None:
    sop = a_sop(services=(a_service(senders=frozenset({Sender.SELF})),))
    assert outcome(sop=sop) == PERMITTED
    assert outcome(sop=sop, consents=(), basis=another_basis()) == denied("sop.sender")


@pytest.mark.rule("E8")
@pytest.mark.parametrize(
    ("areas", "area", "province", "served"),
    [
        ({"38"}, "38", None, True),
        ({"38"}, "01", None, False),
        ({"14845"}, "14845", None, True),
        ({"14845"}, "14846", "38", False),
        ({"14845"}, "14846", None, False),
        ({"38"}, "14845", "38", True),
        ({"01"}, "14845", "38", False),
        ({"38"}, "14845", None, True),
        ({"14845"}, "38", "38", False),
        (set(), "14845", None, False),
        (set(), "38", "38", False),
    ],
)
def test_a_commune_is_served_when_it_or_its_province_is_listed(
    areas: set[str], area: str, province: str | None, *, served: bool
) -> None:
    found = outcome(recipient_areas=frozenset(areas), area=area, area_province=province)
    assert found == (PERMITTED if served else denied("sop.area"))


def test_life_at_risk_may_be_sent_once_it_was_telephoned() -> None:
    assert outcome(urgency=Urgency.IMMEDIATE, phoned_first=True) == PERMITTED


def with_precondition(*, when: tuple[FactTest, ...] = (), any_of: tuple[FactTest, ...] = ()) -> Sop:
    """Build a procedure whose one service has one precondition."""
    return a_sop(services=(a_service(preconditions=(a_precondition(when=when, any_of=any_of),)),))


PENDING = FactTest("pending_civil_case", (True,))


def test_a_precondition_is_asked_of_the_coded_facts() -> None:
    sop = with_precondition(any_of=(PENDING, FactTest("order_id")))
    assert outcome(sop=sop, facts={"pending_civil_case": True}) == PERMITTED
    assert outcome(sop=sop, facts={"order_id": "o-1"}) == PERMITTED
    assert outcome(sop=sop, facts={"pending_civil_case": False, "order_id": None}) == denied("sop.precondition")
    assert outcome(sop=sop) == denied("sop.precondition")


def test_a_precondition_applies_only_when_it_says_so() -> None:
    sop = with_precondition(when=(FactTest("age_band", ("adult",)),), any_of=(PENDING,))
    assert outcome(sop=sop) == denied("sop.precondition")
    assert outcome(sop=sop, age_band=AgeBand.FROM_16) == PERMITTED


def test_a_precondition_without_alternative_is_never_met() -> None:
    assert outcome(sop=with_precondition()) == denied("sop.precondition")


def test_age_band_and_urgency_cannot_be_overridden_by_a_fact_of_that_name() -> None:
    sop = with_precondition(any_of=(FactTest("age_band", ("under_6",)), FactTest("urgency", ("planned",))))
    assert outcome(sop=sop, facts={"age_band": "under_6", "urgency": "planned"}) == denied("sop.precondition")


# Grounds other than consent.


def test_another_ground_carries_its_maximum_without_any_consent() -> None:
    assert outcome(consents=(), basis=another_basis()) == PERMITTED


def test_another_ground_does_not_demand_what_it_cannot_carry() -> None:
    sop = a_sop(services=(a_service(required=REQUIRED | {Compartment.NEEDS}),))
    assert outcome(sop=sop, consents=(), basis=another_basis()) == PERMITTED
    assert outcome(sop=sop) == denied("sop.compartment-missing")


@pytest.mark.parametrize("compartments", [frozenset(), frozenset({Compartment.SAFETY})])
def test_another_ground_demands_what_it_can_carry(compartments: frozenset[Compartment]) -> None:
    found = outcome(consents=(), basis=another_basis(), compartments=compartments)
    assert found == denied("sop.compartment-missing")


@pytest.mark.parametrize(
    ("changes", "basis", "code"),
    [
        ({"compartments": REQUIRED | {Compartment.NEEDS}}, another_basis(), "basis.maximum"),
        ({}, another_basis(article=" "), "basis.article"),
        ({}, another_basis(approver=""), "basis.approver"),
        ({}, another_basis(kind=LegalBasisKind.BEST_INTEREST_CHILD), "sop.basis"),
        ({}, another_basis(kind=LegalBasisKind.CONSENT), "consent.missing"),
    ],
)
def test_each_thing_wrong_with_another_ground_has_its_own_reason(
    changes: Mapping[str, Any], basis: object, code: str
) -> None:
    assert outcome(consents=(), basis=basis, **changes) == denied(code)


@pytest.mark.rule("R-12")
def test_a_child_or_somebody_of_unknown_age_may_be_helped_in_her_best_interest() -> None:
    basis = another_basis(kind=LegalBasisKind.BEST_INTEREST_CHILD)
    assert outcome(consents=(), basis=basis, age_band=AgeBand.FROM_6) == PERMITTED
    assert outcome(consents=(), basis=basis, age_band=AgeBand.UNKNOWN) == PERMITTED


@pytest.mark.rule("E4")
def test_a_ground_that_the_service_does_not_admit_is_refused() -> None:
    by_consent_only = a_sop(services=(a_service(legal_bases=frozenset({LegalBasisKind.CONSENT})),))
    assert outcome(sop=by_consent_only, consents=(), basis=another_basis()) == denied("sop.basis")
    by_court_only = a_sop(services=(a_service(legal_bases=frozenset({LegalBasisKind.COURT_ORDER})),))
    assert outcome(sop=by_court_only) == denied("sop.basis")


def test_a_ground_that_the_procedure_does_not_know_is_refused() -> None:
    assert outcome(sop=a_sop(legal_bases={}), consents=(), basis=another_basis()) == denied("sop.basis")


def test_consent_cannot_be_asserted_as_if_it_were_another_ground() -> None:
    disguised = another_basis(kind=LegalBasisKind.CONSENT)
    sop = a_sop(services=(a_service(senders=frozenset({Sender.SELF})),))
    assert outcome(sop=sop, consents=(a_consent(),), basis=disguised) == denied("consent.missing")


def test_a_consent_beside_another_ground_does_not_help_its_sender() -> None:
    assert outcome(basis=another_basis(article=""), sender=HOSPITAL) == denied("basis.article")
