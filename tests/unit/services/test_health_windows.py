"""Clinical windows run from what happened; nothing that was sent moves them, and something always helps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.health.profile import PROFILE
from services.health.rules.windows import (
    FROM_SENDING,
    OTHER_START,
    Dose,
    FollowUp,
    From,
    Kind,
    Need,
    Standing,
    State,
    Story,
    load_windows,
    stand,
    wrong_start,
)
from shared.sop.loader import load_sop
from shared.sop.model import Confidence
from shared.sop.sector_rules import Limit, read_sector_rules

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
RULES = read_sector_rules(Path(PROFILE.rules), load_sop())
WINDOWS = load_windows()
NEEDS_ALL = frozenset(Need)
moments = st.integers(-400 * 3600, 0).map(lambda seconds: NOW + timedelta(seconds=seconds))


def limit(window_id: str) -> Limit:
    found = RULES.rules[WINDOWS[window_id].rule].limit
    assert found is not None
    return found


def standing(window_id: str, *, hours_ago: float, **story: Any) -> Standing:
    told = Story(incident_at=NOW - timedelta(hours=hours_ago), needs=NEEDS_ALL, **story)
    return stand(WINDOWS[window_id], told, limit(window_id), now=NOW)


@pytest.mark.rule("E6")
@given(moments, moments)
def test_where_the_incident_is_known_no_other_time_starts_a_window(incident: datetime, other: datetime) -> None:
    found = wrong_start(other, Story(incident_at=incident), sent_at=NOW, now=NOW)
    assert (found is None) is (other == incident)


@pytest.mark.rule("E6")
@given(moments)
def test_the_time_of_sending_never_starts_a_window(sent: datetime) -> None:
    unknown = wrong_start(sent, Story(assessed_at=sent), sent_at=sent, now=NOW)
    known = wrong_start(sent, Story(incident_at=sent - timedelta(minutes=1)), sent_at=sent, now=NOW)
    assert (unknown, known) == (FROM_SENDING, FROM_SENDING)


@pytest.mark.rule("E6")
def test_where_nobody_knows_when_it_happened_windows_count_from_now() -> None:
    sent = NOW - timedelta(hours=3)
    earlier = NOW - timedelta(hours=1)
    assert wrong_start(NOW, Story(), sent_at=sent, now=NOW) is None
    assert wrong_start(earlier, Story(), sent_at=sent, now=NOW) == OTHER_START
    assert wrong_start(earlier, Story(assessed_at=earlier), sent_at=sent, now=NOW) is None


@pytest.mark.parametrize(
    ("window_id", "hours_ago", "state"),
    [
        ("pep", 72, State.OPEN),
        ("pep", 72.001, State.CLOSED),
        ("emergency_contraception", 71, State.OPEN),
        ("emergency_contraception", 73, State.OPEN_LATE),
        ("emergency_contraception", 121, State.CLOSED),
        ("hepatitis_b", 25, State.OPEN_LATE),
        ("hepatitis_b", 14 * 24 + 1, State.CLOSED),
        ("vaginal", 73, State.OPEN_LATE),
        ("vaginal", 169, State.CLOSED),
    ],
)
def test_a_window_closes_as_long_after_the_incident_as_its_rule_says(
    window_id: str, hours_ago: float, state: State
) -> None:
    assert standing(window_id, hours_ago=hours_ago).state is state


@pytest.mark.rule("E6")
def test_what_is_left_is_counted_in_seconds_from_the_incident() -> None:
    found = standing("pep", hours_ago=70)
    assert (found.counted, found.seconds_left) == (From.INCIDENT, 2 * 3600)


def test_the_course_begins_with_the_first_dose() -> None:
    assert standing("pep_course", hours_ago=10).state is State.NOT_BEGUN
    begun = standing("pep_course", hours_ago=10, first_dose_at=NOW - timedelta(days=27))
    assert (begun.state, begun.seconds_left) == (State.OPEN, 24 * 3600)


def test_what_she_does_not_need_does_not_count_down() -> None:
    told = Story(incident_at=NOW, needs=frozenset())
    found = stand(WINDOWS["pep"], told, limit("pep"), now=NOW)
    assert (found.state, found.seconds_left) == (State.NOT_NEEDED, None)


def test_before_anybody_assessed_her_everything_may_be_needed() -> None:
    found = stand(WINDOWS["pep"], Story(incident_at=NOW), limit("pep"), now=NOW)
    assert found.state is State.OPEN


@given(st.sampled_from(sorted(WINDOWS)), st.integers(0, 10_000))
def test_when_a_window_is_over_something_is_still_offered(window_id: str, hours_ago: int) -> None:
    found = standing(window_id, hours_ago=hours_ago)
    assert found.window.after.en
    assert found.window.after.vi


def test_every_window_rests_on_a_rule_with_a_length_and_every_closing_on_a_refusal() -> None:
    assert all(RULES.rules[window.rule].limit is not None for window in WINDOWS.values())
    assert {window.refusal for window in WINDOWS.values() if window.refusal} <= RULES.refusals.keys()


def test_a_value_that_nobody_has_confirmed_refuses_nothing() -> None:
    closing = [RULES.rules[window.rule].basis.confidence for window in WINDOWS.values() if window.refusal]
    assert Confidence.UNVERIFIED not in closing


def test_doses_and_follow_ups_are_those_of_the_table() -> None:
    later = {Kind.COURSE, Kind.TEST, Kind.WATCH}
    assert {window.id for window in WINDOWS.values() if window.kind is Kind.TREATMENT} == set(Dose)
    assert {window.id for window in WINDOWS.values() if window.kind in later} == set(FollowUp)
