"""Which clocks may stand still, and for how long."""

from dataclasses import replace

import pytest

from gateway.domain.clocks import with_due_times
from shared.kernel.clock import from_wire
from shared.sop.model import ClockPhase, EventType, ReferralState, Urgency
from tests.support.clocked import DAY, HOUR, MINUTE, SOP, a_referral, after, hanoi, in_hanoi

NINE = hanoi("2026-11-18 09:00")
DECIDE, COMPLETE = ClockPhase.DECIDE, ClockPhase.COMPLETE


def test_a_question_stops_the_decision_for_as_long_as_the_answer_takes() -> None:
    referral = a_referral(urgency=Urgency.PROMPT, received_at=NINE)
    asked = after(referral, EventType.INFO_REQUESTED, at=NINE + HOUR)
    answered = after(asked, EventType.INFO_PROVIDED, at=NINE + 3 * HOUR)
    assert in_hanoi(answered.due[DECIDE].at) == "2026-11-19 11:00"
    assert answered.due[DECIDE].rule_id == referral.due[DECIDE].rule_id


def test_a_question_nobody_answers_stops_the_decision_for_half_its_clock_and_no_longer() -> None:
    asked = after(a_referral(urgency=Urgency.PROMPT, received_at=NINE), EventType.INFO_REQUESTED, at=NINE + HOUR)
    assert in_hanoi(asked.due[DECIDE].at) == "2026-11-19 21:00"
    assert after(asked, EventType.INFO_PROVIDED, at=NINE + 2 * DAY) == asked


def test_a_second_question_stops_nothing() -> None:
    asked = after(a_referral(urgency=Urgency.PROMPT, received_at=NINE), EventType.INFO_REQUESTED, at=NINE + HOUR)
    answered = after(asked, EventType.INFO_PROVIDED, at=NINE + 2 * HOUR)
    assert after(answered, EventType.INFO_REQUESTED, at=NINE + 3 * HOUR) == answered


@pytest.mark.parametrize("urgency", [Urgency.IMMEDIATE, Urgency.URGENT])
def test_a_question_stops_nothing_where_hours_count(urgency: Urgency) -> None:
    referral = a_referral(urgency=urgency, received_at=NINE)
    assert after(referral, EventType.INFO_REQUESTED, at=NINE + MINUTE) == referral


def test_a_question_after_the_limit_does_not_bring_it_back() -> None:
    referral = a_referral(urgency=Urgency.PROMPT, received_at=NINE)
    assert after(referral, EventType.INFO_REQUESTED, at=NINE + 2 * DAY) == referral


def test_a_statutory_decision_does_not_wait_for_an_answer() -> None:
    referral = a_referral(service="POL-03", received_at=NINE)
    assert SOP.urgencies[referral.urgency].pauses is not None
    assert after(referral, EventType.INFO_REQUESTED, at=NINE + HOUR) == referral


def held(service: str, *, review_on: str, urgency: Urgency | None = None) -> tuple[str, str]:
    """When a case is due that is put on hold the next morning: before, and after."""
    referral = a_referral(service=service, urgency=urgency, received_at=NINE, state=ReferralState.IN_PROGRESS)
    on_hold = after(referral, EventType.ON_HOLD, at=NINE + HOUR, review_on=review_on, reason="D99")
    return in_hanoi(referral.due[COMPLETE].at), in_hanoi(on_hold.due[COMPLETE].at)


def test_a_hold_stops_a_policy_clock_until_its_review_date() -> None:
    assert held("SOC-01", review_on="2026-11-18") == ("2026-11-18 13:00", "2026-11-19 02:59")


def test_a_hold_never_stops_a_clock_for_longer_than_the_procedure_allows() -> None:
    assert held("SOC-01", review_on="9999-12-31") == ("2026-11-18 13:00", "2026-12-18 13:00")


def test_a_review_date_in_the_past_stops_nothing() -> None:
    before, now = held("SOC-01", review_on="2026-01-01")
    assert before == now


@pytest.mark.parametrize("service", ["POL-04", "POL-08", "SOC-07", "HEA-02"])
def test_a_hold_stops_no_statutory_or_clinical_clock(service: str) -> None:
    before, now = held(service, review_on="2026-12-01")
    assert before == now


def test_in_immediate_danger_a_hold_stops_nothing() -> None:
    before, now = held("SOC-01", review_on="2026-12-01", urgency=Urgency.IMMEDIATE)
    assert before == now


def test_who_resumes_early_gives_back_the_rest_of_the_hold() -> None:
    referral = a_referral(service="SOC-01", received_at=NINE, state=ReferralState.IN_PROGRESS)
    on_hold = after(referral, EventType.ON_HOLD, at=NINE + HOUR, review_on="2026-11-20")
    resumed = after(on_hold, EventType.RESUMED, at=NINE + 3 * HOUR)
    assert from_wire(resumed.due[COMPLETE].at) == from_wire(referral.due[COMPLETE].at) + 2 * HOUR


def test_a_second_hold_adds_to_the_first() -> None:
    referral = a_referral(service="SOC-01", received_at=NINE, state=ReferralState.IN_PROGRESS)
    first = after(referral, EventType.ON_HOLD, at=NINE + HOUR, review_on="2026-11-20")
    resumed = after(first, EventType.RESUMED, at=NINE + 2 * HOUR)
    second = after(resumed, EventType.ON_HOLD, at=NINE + 3 * HOUR, review_on="2026-11-20")
    done = after(second, EventType.RESUMED, at=NINE + 4 * HOUR)
    assert from_wire(done.due[COMPLETE].at) == from_wire(referral.due[COMPLETE].at) + 2 * HOUR


def test_a_hold_does_not_stop_the_first_contact() -> None:
    referral = replace(a_referral(service="SOC-01", received_at=NINE), state=ReferralState.IN_PROGRESS)
    on_hold = after(referral, EventType.ON_HOLD, at=NINE + HOUR, review_on="2026-11-20")
    assert on_hold.due[ClockPhase.CONTACT] == referral.due[ClockPhase.CONTACT]


def test_accepting_does_not_take_back_the_time_that_an_answer_took() -> None:
    asked = after(a_referral(urgency=Urgency.PROMPT, received_at=NINE), EventType.INFO_REQUESTED, at=NINE + HOUR)
    answered = after(asked, EventType.INFO_PROVIDED, at=NINE + 3 * HOUR)
    accepted = with_due_times(answered, sop=SOP, accepted_at=NINE + 25 * HOUR)
    assert accepted.due[DECIDE] == answered.due[DECIDE]
