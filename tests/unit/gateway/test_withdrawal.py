"""What a holder owes after a withdrawal, and when its limits pass: the house rule, then the law, by the calendar."""

from dataclasses import replace

import pytest

from gateway.domain.referral import Half, HalfState
from gateway.domain.withdrawal import (
    Extension,
    Hold,
    HoldResult,
    Reach,
    SignedAnswer,
    answer_due_at,
    extended_until,
    limits_of,
    may_keep,
    next_limit_at,
    passed_limits,
    reach_of,
    remembering,
)
from shared.kernel.clock import to_wire
from shared.sop.model import Compartment, Stage
from tests.support.clocked import SOP, a_referral, hanoi, in_hanoi

RULES = SOP.withdrawal


def a_hold(*, asked: str = "2026-12-07 10:00", onward: bool = False) -> Hold:
    asked_at = to_wire(hanoi(asked))
    return Hold(
        consent_id="consent",
        revocation_id="revocation",
        referral_id="referral",
        agency="legal-th",
        via="health-th",
        onward=onward,
        compartments=frozenset({Compartment.LEGAL, Compartment.IDENTITY}),
        asked_at=asked_at,
        due_at=answer_due_at(asked_at, sop=SOP),
        notice="notice",
    )


def planned(hold: Hold) -> list[tuple[str, str]]:
    return [(one.limit.id, in_hanoi(one.at)) for one in limits_of(hold, sop=SOP)]


def test_limits_of_a_direct_holder() -> None:
    assert planned(a_hold()) == [
        ("withdrawal.unreached", "2026-12-07 11:00"),
        ("withdrawal.answer", "2026-12-08 10:00"),
        ("withdrawal.statute", "2026-12-09 23:59"),
        ("withdrawal.stop", "2026-12-22 23:59"),
    ]


def test_who_got_it_from_another_holder_has_the_time_of_a_third_party() -> None:
    assert planned(a_hold(onward=True))[-1] == ("withdrawal.third-party", "2026-12-28 23:59")


def test_an_extension_moves_the_last_limit_alone_by_the_calendar() -> None:
    hold = a_hold()
    until = extended_until(hold, 15, sop=SOP)
    assert in_hanoi(until) == "2027-01-06 23:59"
    extension = Extension(
        days=15,
        reason="other",
        declared_at=hold.asked_at,
        until=until,
        ledger_index=7,
        declaration=SignedAnswer("", ""),
    )
    extended = replace(hold, extension=extension)
    assert planned(extended)[:-1] == planned(hold)[:-1]
    assert planned(extended)[-1] == ("withdrawal.stop", "2027-01-06 23:59")


def test_working_days_wait_for_tet_and_the_house_rule_does_not() -> None:
    due = dict(planned(a_hold(asked="2027-02-04 16:00")))  # the last working day before Tet 2027
    assert due["withdrawal.answer"] == "2027-02-05 16:00"
    assert due["withdrawal.statute"] > "2027-02-10"


def test_each_limit_passes_once_and_none_after_the_answer() -> None:
    hold = a_hold()
    late = to_wire(hanoi("2026-12-10 08:00"))
    passed = passed_limits(hold, now=late, sop=SOP)
    assert [one.limit.id for one in passed] == ["withdrawal.unreached", "withdrawal.answer", "withdrawal.statute"]
    after = remembering(hold, passed)
    assert passed_limits(after, now=late, sop=SOP) == []
    assert in_hanoi(next_limit_at(after, sop=SOP) or "") == "2026-12-22 23:59"
    answered = replace(hold, result=HoldResult.SEALED)
    assert (passed_limits(answered, now=late, sop=SOP), next_limit_at(answered, sop=SOP)) == ((), None)


@pytest.mark.parametrize(
    ("facts", "reach"),
    [
        ({"is_active": False, "waiting": True, "settled_as": None}, Reach.DISABLED),
        ({"is_active": False, "waiting": False, "settled_as": "stored"}, Reach.DISABLED),
        ({"is_active": True, "waiting": False, "settled_as": "stored"}, Reach.REACHED),
        ({"is_active": True, "waiting": False, "settled_as": "referral.unknown"}, Reach.REJECTED),
        ({"is_active": True, "waiting": True, "settled_as": None}, Reach.WAITING),
    ],
)
def test_reach_of_a_notice(facts: dict[str, object], reach: Reach) -> None:
    at = to_wire(hanoi("2026-12-07 10:59"))
    assert reach_of(a_hold(), now=at, rules=RULES, **facts) is reach  # type: ignore[arg-type]


def test_notice_that_waits_an_hour_has_not_reached_its_agency() -> None:
    at = to_wire(hanoi("2026-12-07 11:00"))
    assert reach_of(a_hold(), is_active=True, waiting=True, settled_as=None, now=at, rules=RULES) is Reach.UNDELIVERED


def test_who_reported_the_revocation_needs_no_notice() -> None:
    own = replace(a_hold(), notice=None)
    at = to_wire(hanoi("2026-12-23 11:00"))
    assert reach_of(own, is_active=True, waiting=False, settled_as=None, now=at, rules=RULES) is Reach.REACHED


def test_law_keeps_only_opened_evidence_of_what_was_taken_back() -> None:
    referral = a_referral(service="LEG-01", received_at=hanoi("2026-11-20 10:00"))
    opened, sealed = Half(Stage.ACCEPTED, HalfState.OPENED, None), Half(Stage.ACCEPTED, HalfState.SEALED, "half")
    both = {Compartment.IDENTITY: opened, Compartment.LEGAL: opened, Compartment.INCIDENT: opened}
    assert may_keep(a_hold(), replace(referral, halves=both), sop=SOP) == {Compartment.LEGAL}
    assert may_keep(a_hold(), replace(referral, halves={**both, Compartment.LEGAL: sealed}), sop=SOP) == frozenset()
    elsewhere = replace(referral, service_type="SOC-01", halves=both)
    assert may_keep(a_hold(), elsewhere, sop=SOP) == frozenset()
