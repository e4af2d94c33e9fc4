"""Going on to the next agency, decided: never without the sender's wish, her consent, or beyond the bound."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.agency.going_on import (
    IF_DECLINED,
    IF_EXPIRED,
    NEXT_AGENCY,
    consent_carries,
    ends_unheard,
    enough,
    lasting,
    reroute_after_event,
    reroute_after_notice,
    why_not,
)
from shared.agency.records import Referral, Reroute
from shared.consent.grant import Consent, Grant, Taking
from shared.kernel.clock import from_wire
from shared.referral.blocked import blocked_hash
from shared.referral.number import number_of
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, EventType, Stopped

SOP = load_sop()
RULES = SOP.reroutes
SHELTER = SOP.services["SOC-01"]
AT = "2026-11-21T08:00:00.000Z"
NOW = from_wire(AT)
OFFER = {"state": "expired", "next_agency": "peace-house", "reroute": True}
ALL = SHELTER.allowed
AGENCIES = ["social-a", "peace-house", "sun-house", "house-four", "house-five"]


def a_sent(**changes: Any) -> Referral:
    """A referral of this agency's own that was sent with both wishes."""
    referral = Referral(
        referral_id="r1",
        box="sent",
        chain_id="c1",
        parent_id=None,
        sender="health-a",
        recipient="social-a",
        subject="s1",
        service_type="SOC-01",
        urgency="urgent",
        area="38",
        age_band="adult",
        incident_at=None,
        preferences={},
        facts={IF_EXPIRED: True, IF_DECLINED: True},
        basis={"kind": "consent", "consent_id": "k1"},
        consent_id="k1",
        phoned_first=False,
        blocked=[],
        sealed=None,
        state="expired",
        due={},
        next_due_at=None,
        sent_at=AT,
        wrapped_key=b"",
        number=number_of("r1"),
    )
    return replace(referral, **changes)


def a_consent(*agencies: str, **changes: Any) -> Consent:
    """A consent for shelter with all of its data."""
    consent = Consent(
        id="k1",
        subject="s1",
        recorder="health-a",
        recorded_at=from_wire("2026-11-01T00:00:00.000Z"),
        valid_from=from_wire("2026-11-01T00:00:00.000Z"),
        valid_to=from_wire("2026-12-01T00:00:00.000Z"),
        purposes=frozenset({"service"}),
        grants=(Grant(frozenset(agencies), frozenset({"SOC-01"}), ALL, onward=False),),
        withheld=frozenset(),
        derived_from=None,
        takings=(),
    )
    return replace(consent, **changes)


def carries(*lineage: Consent, to: str = "peace-house") -> bool:
    return consent_carries(lineage, a_sent(), to, service=SHELTER, at=NOW)


def code(reroute: Reroute | None) -> str | None:
    return None if reroute is None else reroute.code


def test_a_referral_that_was_not_delivered_ended_unheard_and_a_note_did_not_end_it() -> None:
    assert ends_unheard("undeliverable", {"kind": "referral", "code": "seal.broken"})
    assert ends_unheard("expired", {"state": "expired"})
    assert not ends_unheard("undeliverable", {"kind": "note", "code": "undelivered"})
    assert not ends_unheard(NEXT_AGENCY, OFFER)


@pytest.mark.parametrize("type", ["expired", NEXT_AGENCY])
def test_a_notice_that_offers_an_agency_makes_a_referral_wait_to_go_on(type: str) -> None:
    reroute = reroute_after_notice(a_sent(), type, OFFER, at=AT)
    assert reroute is not None
    assert (reroute.state, reroute.next_agency, reroute.code) == ("waiting", "peace-house", None)


@pytest.mark.parametrize(
    ("type", "changes"),
    [
        ("expired", {"facts": {}}),
        ("expired", {"facts": {IF_DECLINED: True}}),
        (NEXT_AGENCY, {"facts": {IF_EXPIRED: True}}),
        ("expired", {"box": "received"}),
        ("expired", {"rerouted_to": "r2"}),
        ("expired", {"facts": {IF_EXPIRED: "true"}}),
    ],
)
def test_nothing_goes_on_that_nobody_asked_for_or_that_went_on_already(type: str, changes: dict[str, Any]) -> None:
    assert reroute_after_notice(a_sent(**changes), type, OFFER, at=AT) is None


def test_a_referral_that_keeps_its_state_when_consent_ends_goes_nowhere() -> None:
    assert reroute_after_notice(a_sent(), "expired", {**OFFER, "state": "accepted"}, at=AT) is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"state": "expired"}, Stopped.NOBODY),
        ({"state": "expired", "code": "consent.expired"}, Stopped.CONSENT),
        ({**OFFER, "reroute": False}, Stopped.LIMIT),
        ({**OFFER, "reroute": "yes"}, Stopped.LIMIT),
        ({**OFFER, "next_agency": ["peace-house"]}, Stopped.NOBODY),
    ],
)
def test_why_it_does_not_go_on_is_kept(data: dict[str, Any], why: Stopped) -> None:
    assert code(reroute_after_notice(a_sent(), "expired", data, at=AT)) == why.code


@given(st.sampled_from(sorted(SOP.decline_reasons)))
def test_only_reasons_of_the_agencys_own_leave_the_way_open(reason: str) -> None:
    said = reroute_after_event(a_sent(), EventType.DECLINED, {"reason": reason}, rules=RULES, at=AT)
    assert code(said) == (None if reason in RULES.declines else Stopped.REASON.code)


def test_no_other_event_stops_anything() -> None:
    assert all(
        reroute_after_event(a_sent(), event, {"reason": "D09"}, rules=RULES, at=AT) is None
        for event in set(EventType) - {EventType.DECLINED}
    )


@given(st.lists(st.sampled_from(AGENCIES), max_size=6), st.sampled_from(AGENCIES), st.sets(st.sampled_from(AGENCIES)))
def test_nobody_is_asked_twice_in_a_row_nor_who_is_blocked_nor_beyond_the_bound(
    line: list[str], following: str, blocked: set[str]
) -> None:
    referral = a_sent(blocked=[blocked_hash("c1", one) for one in blocked])
    earlier = [a_sent(referral_id=f"r-{place}", recipient=one) for place, one in enumerate(line)]
    if why_not(referral, following, line=earlier, rules=RULES) is None:
        assert following not in {*line, "social-a", "health-a", *blocked}
        assert len(line) < RULES.most


def test_a_referral_that_rests_on_law_never_goes_on_by_itself() -> None:
    assert why_not(a_sent(consent_id=None), "peace-house", line=(), rules=RULES) is Stopped.CONSENT


def test_consent_must_name_the_next_agency_stand_and_reach_up_to_the_root() -> None:
    good = a_consent("social-a", "peace-house")
    taken = Taking(at=NOW, by="survivor", recipients=frozenset({"peace-house"}), compartments=None)
    assert carries(good)
    assert not carries()
    assert not carries(a_consent("social-a"))
    assert not carries(replace(good, takings=(taken,)))
    assert not carries(replace(good, valid_to=NOW))
    assert not carries(replace(good, subject="s2"))
    assert not carries(good, a_consent("social-a"))
    assert not carries(replace(good, withheld=frozenset({Compartment.CONTACT})))


@given(st.sets(st.sampled_from(sorted(Compartment))))
def test_what_the_service_requires_must_still_be_readable(left: set[Compartment]) -> None:
    readable: dict[Compartment, Any] = {name: {} for name in left}
    assert enough(readable, SHELTER) is (bool(left) and SHELTER.required <= left)


def test_a_place_held_elsewhere_is_not_carried_on() -> None:
    facts = {IF_EXPIRED: True, "lease_id": "x", "statement_request": "y", "remote_area": True}
    assert lasting(facts) == {IF_EXPIRED: True, "remote_area": True}


def test_every_reason_to_stop_has_words_in_both_languages() -> None:
    assert set(RULES.why) == set(Stopped)
    assert all(says.vi and says.en for says in RULES.why.values())
