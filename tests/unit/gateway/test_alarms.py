"""What clocks say and when: across midnight, Tet and the ends of months, and never after an end."""

from dataclasses import replace

import pytest

from gateway.domain.alarms import FiringKind, next_clock_at, schedule, worth_saying
from gateway.domain.referral import ClockRecord
from shared.referral.lifecycle import open_events
from shared.sop.model import ENDS, ClockPhase, EventType, Party, ReferralState, Urgency
from tests.support.clocked import HOUR, MINUTE, SOP, a_referral, after, firings, hanoi, in_hanoi, said


def spoken(*, phase: str, **how: object) -> list[tuple[str, str, str]]:
    """What is said of one duty of a new referral; of the later ones, after somebody acknowledged it."""
    state = ReferralState.SENT if phase == "acknowledge" else ReferralState.ACKNOWLEDGED
    return [row for row in said(a_referral(state=state, **how)) if row[1].startswith(phase)]  # type: ignore[arg-type]


def test_immediate_danger_is_called_out_after_5_10_and_15_minutes_and_ends_across_midnight() -> None:
    assert spoken(phase="acknowledge", service="POL-01", received_at=hanoi("2026-11-20 23:57")) == [
        ("2026-11-21 00:02", "acknowledge:missed", "caseworker"),
        ("2026-11-21 00:07", "acknowledge:missed", "supervisor"),
        ("2026-11-21 00:12", "acknowledge:missed", "coordinator"),
        ("2026-11-21 00:12", "acknowledge:expired", "coordinator"),
    ]


def test_urgent_is_warned_of_at_half_the_clock_then_missed_then_goes_up() -> None:
    assert spoken(phase="decide", service="HEA-02", received_at=hanoi("2026-11-20 23:30")) == [
        ("2026-11-21 00:00", "decide:warning", "caseworker"),
        ("2026-11-21 00:30", "decide:missed", "caseworker"),
        ("2026-11-21 01:00", "decide:missed", "supervisor"),
        ("2026-11-21 01:30", "decide:missed", "coordinator"),
    ]


def test_what_is_sent_before_tet_is_due_after_it_and_expires_after_three_times_the_working_days() -> None:
    assert spoken(phase="acknowledge", service="LEG-01", received_at=hanoi("2026-02-13 16:00"))[:2] == [
        ("2026-02-23 23:59", "acknowledge:missed", "caseworker"),
        ("2026-02-25 23:59", "acknowledge:expired", "coordinator"),
    ]


def test_an_hour_is_an_hour_in_the_night_of_tet() -> None:
    assert spoken(phase="acknowledge", service="SOC-01", received_at=hanoi("2026-02-16 23:45")) == [
        ("2026-02-16 23:52", "acknowledge:warning", "caseworker"),
        ("2026-02-17 00:00", "acknowledge:missed", "caseworker"),
        ("2026-02-17 00:07", "acknowledge:missed", "supervisor"),
        ("2026-02-17 00:15", "acknowledge:missed", "coordinator"),
        ("2026-02-17 00:30", "acknowledge:expired", "coordinator"),
    ]


def test_working_days_run_over_the_end_of_a_month() -> None:
    rows = spoken(phase="decide", service="LEG-01", received_at=hanoi("2026-02-26 09:00"))
    assert rows[0] == ("2026-03-03 23:59", "decide:missed", "caseworker")


def test_hours_run_over_the_last_day_of_february_in_a_leap_year() -> None:
    rows = spoken(phase="decide", service="LEG-01", urgency=Urgency.PROMPT, received_at=hanoi("2028-02-28 12:00"))
    assert rows[0][0] == "2028-02-29 12:00"


def test_planned_work_is_called_out_once_and_left_to_the_digest() -> None:
    rows = spoken(phase="contact", service="SOC-11", received_at=hanoi("2026-11-02 09:00"))
    assert [level for _, _, level in rows] == ["caseworker"]


def test_in_a_remote_area_there_is_twice_the_time_to_reach_her() -> None:
    rows = spoken(phase="contact", service="POL-01", remote_area=True, received_at=hanoi("2026-11-20 23:30"))
    assert rows[0] == ("2026-11-21 00:30", "contact:missed", "supervisor")


def test_a_window_that_had_closed_before_anybody_was_asked_is_called_out_once_and_not_escalated() -> None:
    sent, happened = hanoi("2026-11-20 09:00"), hanoi("2026-11-14 09:00")
    assert spoken(phase="complete", service="HEA-02", received_at=sent, incident_at=happened) == [
        ("2026-11-17 09:00", "complete:missed", "caseworker")
    ]


@pytest.mark.parametrize("end", sorted(ENDS))
def test_nothing_is_said_after_an_end(end: ReferralState) -> None:
    referral = replace(a_referral(received_at=hanoi("2026-11-20 09:00")), state=end)
    assert not schedule(referral, sop=SOP)
    assert next_clock_at(referral, sop=SOP) is None


def test_what_was_said_is_not_said_again() -> None:
    referral = a_referral(service="SOC-01", received_at=hanoi("2026-11-20 09:00"))
    first = firings(referral)[0]
    told = replace(referral, clocks=ClockRecord(fired=frozenset({first.key})))
    assert next_clock_at(referral, sop=SOP) == first.at
    assert first.key not in {firing.key for firing in schedule(told, sop=SOP)}


def test_a_referral_that_was_acknowledged_never_expires() -> None:
    referral = replace(
        a_referral(service="SOC-01", received_at=hanoi("2026-11-20 09:00")), state=ReferralState.ACKNOWLEDGED
    )
    assert FiringKind.EXPIRED not in {firing.kind for firing in schedule(referral, sop=SOP)}
    assert ClockPhase.ACKNOWLEDGE not in {firing.phase for firing in schedule(referral, sop=SOP)}


def test_the_hub_expires_exactly_what_the_lifecycle_lets_it() -> None:
    from gateway.domain.alarms import UNHEARD

    allowed = {state for state in ReferralState if EventType.EXPIRED in open_events(SOP, state=state, by=Party.GATEWAY)}
    assert allowed == UNHEARD


def test_a_warning_is_not_given_any_more_once_its_limit_has_passed() -> None:
    referral = a_referral(service="SOC-01", received_at=hanoi("2026-11-20 09:00"))
    due = [firing for firing in schedule(referral, sop=SOP) if firing.phase is ClockPhase.ACKNOWLEDGE]
    assert FiringKind.WARNING in {firing.kind for firing in due}
    assert FiringKind.WARNING not in {firing.kind for firing in worth_saying(due)}


def test_of_two_alarms_on_one_moment_the_higher_level_speaks() -> None:
    due = schedule(a_referral(service="POL-01", received_at=hanoi("2026-11-20 09:00")), sop=SOP)
    at_limit = [firing for firing in due if firing.code == "acknowledge:missed" and firing.at == due[0].at]
    assert {firing.alarm for firing in at_limit} == {"due", "5-minutes"}
    assert len(worth_saying(at_limit)) == 1


def test_a_question_moves_the_alarms_of_the_decision_with_it_and_no_others() -> None:
    received = hanoi("2026-11-20 09:00")
    referral = a_referral(
        service="LEG-01", urgency=Urgency.PROMPT, received_at=received, state=ReferralState.ACKNOWLEDGED
    )
    asked = after(referral, EventType.INFO_REQUESTED, at=received + HOUR)
    moved = {f.key: in_hanoi(f.at) for f in schedule(asked, sop=SOP)}
    stood = {f.key: in_hanoi(f.at) for f in schedule(referral, sop=SOP)}
    assert {key for key in moved if moved[key] != stood[key]} == {"decide.due", "decide.late"}
    assert (stood["decide.due"], moved["decide.due"]) == ("2026-11-21 09:00", "2026-11-21 21:00")
    answered = after(asked, EventType.INFO_PROVIDED, at=received + HOUR + 30 * MINUTE)
    assert {f.key: in_hanoi(f.at) for f in schedule(answered, sop=SOP)}["decide.due"] == "2026-11-21 09:30"
