"""What is left of a consent after withholding and taking back, and the state it is in."""

from datetime import timedelta

import pytest

from shared.consent.grant import ConsentState
from shared.sop.model import Compartment
from tests.support.builders import AGREED, LEGAL_CENTRE, NOON, SHELTER, a_consent, a_grant, a_taking

HEALTH_DATA = frozenset({Compartment.MEDICAL})


def test_a_recipient_may_receive_what_the_grant_that_names_it_lists() -> None:
    assert a_consent().allowed(SHELTER, "SOC-01") == AGREED


@pytest.mark.parametrize(("recipient", "service"), [(LEGAL_CENTRE, "SOC-01"), (SHELTER, "SOC-02")])
def test_nothing_is_allowed_to_others_or_for_other_services(recipient: str, service: str) -> None:
    assert a_consent().allowed(recipient, service) == frozenset()


def test_two_grants_to_one_recipient_add_up() -> None:
    consent = a_consent(grants=(a_grant(), a_grant(compartments=HEALTH_DATA)))
    assert consent.allowed(SHELTER, "SOC-01") == AGREED | HEALTH_DATA


def test_what_is_withheld_is_withheld_from_every_grant() -> None:
    consent = a_consent(grants=(a_grant(), a_grant(recipients=frozenset({LEGAL_CENTRE}))), withheld=AGREED)
    assert not consent.allowed(SHELTER, "SOC-01")
    assert not consent.allowed(LEGAL_CENTRE, "SOC-01")


def test_taking_back_from_one_recipient_leaves_the_other() -> None:
    both = a_grant(recipients=frozenset({SHELTER, LEGAL_CENTRE}))
    consent = a_consent(grants=(both,), takings=(a_taking(recipients=frozenset({SHELTER})),))
    assert not consent.allowed(SHELTER, "SOC-01")
    assert consent.allowed(LEGAL_CENTRE, "SOC-01") == AGREED
    assert consent.state(NOON) is ConsentState.NARROWED


def test_taking_back_one_compartment_leaves_the_others() -> None:
    consent = a_consent(takings=(a_taking(compartments=frozenset({Compartment.NEEDS})),))
    assert consent.allowed(SHELTER, "SOC-01") == AGREED - {Compartment.NEEDS}
    assert consent.state(NOON) is ConsentState.NARROWED


def test_a_taking_that_names_nobody_takes_from_everybody() -> None:
    consent = a_consent(takings=(a_taking(recipients=frozenset(), compartments=frozenset()),))
    assert not consent.allowed(SHELTER, "SOC-01")


def test_a_taking_holds_even_when_its_time_lies_ahead_of_our_clock() -> None:
    consent = a_consent(takings=(a_taking(at=NOON + timedelta(minutes=9)),))
    assert consent.state(NOON) is ConsentState.REVOKED


def test_state_follows_period_and_takings() -> None:
    consent = a_consent()
    assert consent.state(consent.valid_from - timedelta(seconds=1)) is ConsentState.ACTIVE
    assert consent.state(NOON) is ConsentState.ACTIVE
    assert consent.state(consent.valid_to) is ConsentState.EXPIRED
    assert a_consent(takings=(a_taking(),)).state(consent.valid_to) is ConsentState.REVOKED


def test_taking_back_from_a_stranger_changes_nothing() -> None:
    assert a_consent(takings=(a_taking(recipients=frozenset({LEGAL_CENTRE})),)).state(NOON) is ConsentState.ACTIVE


def test_a_consent_without_grants_is_active_and_allows_nothing() -> None:
    consent = a_consent(grants=())
    assert consent.state(NOON) is ConsentState.ACTIVE
    assert not consent.allowed(SHELTER, "SOC-01")


def test_only_a_recipient_with_an_onward_grant_may_pass_on() -> None:
    assert not a_consent().may_pass_on(SHELTER)
    assert a_consent(grants=(a_grant(onward=True),)).may_pass_on(SHELTER)
    assert not a_consent(grants=(a_grant(onward=True),)).may_pass_on(LEGAL_CENTRE)


def test_a_recipient_from_whom_all_was_taken_may_not_pass_on() -> None:
    consent = a_consent(grants=(a_grant(onward=True),), takings=(a_taking(recipients=frozenset({SHELTER})),))
    assert not consent.may_pass_on(SHELTER)
