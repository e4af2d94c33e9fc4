"""Whether one half of a key may be handed out now: stage, state, and consent as it stands at this moment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from shared.consent.decision import ACCEPTED_STATES, decide_release
from shared.consent.grant import Consent
from shared.sop.model import ENDS, Compartment, ReferralState, Stage, Urgency
from tests.support.builders import (
    AGREED,
    LEGAL_CENTRE,
    NOON,
    a_consent,
    a_grant,
    a_legal_basis,
    a_release,
    a_sop,
    a_taking,
    another_basis,
)

SOP = a_sop()
WAITING = frozenset(ReferralState) - ENDS - ACCEPTED_STATES
NOTE: Mapping[str, Any] = {"compartment": Compartment.NOTE, "stage": Stage.TRIAGE}


def refusals(*, consents: tuple[Consent, ...] | None = None, sop: Any = SOP, **changes: Any) -> tuple[str, ...]:
    """Ask, and return the codes of the reasons against; () is yes."""
    lineage = (a_consent(),) if consents is None else consents
    decision = decide_release(a_release(**changes), lineage=lineage, sop=sop, at=NOON)
    assert decision.permitted is (decision.reasons == ())
    return tuple(reason.code for reason in decision.reasons)


def test_the_recipient_that_accepted_may_open_what_she_agreed_to() -> None:
    assert refusals() == ()


@pytest.mark.parametrize("state", sorted(ACCEPTED_STATES))
def test_every_state_after_accepting_opens(state: ReferralState) -> None:
    assert refusals(state=state) == ()


@pytest.mark.parametrize("state", sorted(WAITING))
def test_identity_does_not_open_before_acceptance(state: ReferralState) -> None:
    assert refusals(state=state) == ("referral.stage",)


@pytest.mark.parametrize("state", sorted(WAITING))
def test_triage_opens_as_soon_as_it_arrives(state: ReferralState) -> None:
    assert refusals(state=state, compartment=Compartment.SAFETY, stage=Stage.TRIAGE) == ()


@pytest.mark.parametrize("state", sorted(ENDS))
def test_nothing_of_the_case_opens_after_the_end(state: ReferralState) -> None:
    assert refusals(state=state) == ("referral.ended",)


def test_a_sender_cannot_open_early_by_calling_a_compartment_triage() -> None:
    assert refusals(state=ReferralState.DELIVERED, stage=Stage.TRIAGE) == ("referral.stage",)


def test_a_sender_may_keep_back_until_acceptance_what_the_procedure_opens_at_triage() -> None:
    assert refusals(state=ReferralState.DELIVERED, compartment=Compartment.SAFETY) == ("referral.stage",)


def test_in_immediate_danger_nothing_waits_for_acceptance() -> None:
    assert refusals(state=ReferralState.SENT, urgency=Urgency.IMMEDIATE) == ()


def test_immediate_danger_does_not_open_what_has_ended() -> None:
    assert refusals(state=ReferralState.REVOKED, urgency=Urgency.IMMEDIATE) == ("referral.ended",)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_type": "SOC-99"}, "sop.service-unknown"),
        ({"blocked": True}, "referral.blocked"),
        ({"subject": "s-other"}, "consent.subject"),
        ({"recipient": LEGAL_CENTRE}, "consent.recipient"),
        ({"compartment": Compartment.MEDICAL}, "consent.compartment"),
        ({"basis": another_basis(article="")}, "basis.article"),
        ({"basis": another_basis(), "compartment": Compartment.NEEDS}, "basis.maximum"),
    ],
)
def test_each_thing_wrong_with_an_opening_has_its_own_reason(changes: Mapping[str, Any], code: str) -> None:
    assert refusals(**changes) == (code,)


def test_a_compartment_the_service_does_not_list_never_opens() -> None:
    everything = a_consent(grants=(a_grant(compartments=frozenset(Compartment)),))
    assert refusals(consents=(everything,), compartment=Compartment.FORENSIC) == ("sop.compartment-forbidden",)


@pytest.mark.parametrize(
    ("consents", "code"),
    [
        ((), "consent.missing"),
        ((a_consent(valid_to=NOON),), "consent.expired"),
        ((a_consent(takings=(a_taking(),)),), "consent.revoked"),
        ((a_consent(takings=(a_taking(compartments=frozenset({Compartment.IDENTITY})),)),), "consent.revoked"),
    ],
)
def test_a_consent_that_ended_after_sending_stops_the_opening(consents: tuple[Consent, ...], code: str) -> None:
    assert refusals(consents=consents) == (code,)


def test_taking_back_one_compartment_leaves_the_others_open() -> None:
    consent = a_consent(takings=(a_taking(compartments=frozenset({Compartment.NEEDS})),))
    assert refusals(consents=(consent,)) == ()


# Notes: no compartment of the case, but they live and die with it.


@pytest.mark.parametrize("state", sorted(frozenset(ReferralState) - ENDS | {ReferralState.COMPLETED}))
def test_a_note_may_be_read_until_the_case_ends_and_when_it_is_completed(state: ReferralState) -> None:
    assert refusals(state=state, **NOTE) == ()


@pytest.mark.parametrize("state", sorted(ENDS - {ReferralState.COMPLETED}))
def test_a_note_is_not_read_after_any_other_end(state: ReferralState) -> None:
    assert refusals(state=state, **NOTE) == ("referral.ended",)


@pytest.mark.parametrize(
    ("consent", "code"),
    [
        (a_consent(withheld=frozenset({Compartment.NOTE})), "consent.compartment"),
        (a_consent(withheld=AGREED), "consent.compartment"),
        (a_consent(takings=(a_taking(compartments=frozenset({Compartment.NOTE})),)), "consent.revoked"),
        (a_consent(takings=(a_taking(compartments=AGREED),)), "consent.revoked"),
        (a_consent(grants=()), "consent.recipient"),
    ],
)
def test_a_note_needs_something_left_of_the_consent(consent: Consent, code: str) -> None:
    assert refusals(consents=(consent,), **NOTE) == (code,)


def test_a_note_on_another_ground_needs_that_ground_to_carry_notes() -> None:
    assert refusals(consents=(), basis=another_basis(), **NOTE) == ()
    without = replace(a_legal_basis(), maximum=frozenset({Compartment.IDENTITY}))
    sop = a_sop(legal_bases={without.kind: without})
    assert refusals(consents=(), basis=another_basis(), sop=sop, **NOTE) == ("basis.maximum",)
