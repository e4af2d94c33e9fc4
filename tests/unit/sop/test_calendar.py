"""Limits fall where the Civil Code puts them, in Vietnamese time, around Tet as well."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import LAST_MOMENT
from shared.kernel.errors import InternalFault
from shared.sop.calendar import (
    ZONE,
    day_in_viet_nam,
    due_at,
    in_viet_nam,
    is_public_holiday,
    is_working_day,
    months_after,
)
from shared.sop.model import ClockUnit


def at(text: str) -> datetime:
    return datetime.fromisoformat(text + "+07:00")


def end_of(text: str) -> datetime:
    return at(f"{text}T23:59:59.999")


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),  # New Year
        date(2026, 2, 17),  # Tet
        date(2026, 2, 20),  # Tet, a Friday
        date(2026, 4, 27),  # Hung Kings fell on a Sunday: the Monday after
        date(2026, 4, 30),
        date(2026, 5, 1),
        date(2026, 9, 2),
        date(2026, 11, 21),  # a Saturday
        date(2026, 11, 22),  # a Sunday
    ],
)
def test_rest_days_are_no_working_days(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 2, 23), date(2026, 8, 22)])
def test_ordinary_weekdays_and_saturdays_worked_instead_are_working_days(day: date) -> None:
    assert is_working_day(day)


def test_hours_run_by_the_clock_through_night_weekend_and_tet() -> None:
    assert due_at(at("2026-02-16T22:00"), 72, ClockUnit.HOURS) == at("2026-02-19T22:00")


def test_minutes_run_by_the_clock() -> None:
    assert due_at(at("2026-11-21T23:58"), 5, ClockUnit.MINUTES) == at("2026-11-22T00:03")


def test_days_start_on_the_next_day_and_end_with_the_last() -> None:
    assert due_at(at("2026-11-16T08:00"), 3, ClockUnit.DAYS) == end_of("2026-11-19")


def test_days_that_end_on_a_rest_day_end_on_the_next_working_day() -> None:
    assert due_at(at("2026-11-18T08:00"), 3, ClockUnit.DAYS) == end_of("2026-11-23")


def test_working_days_skip_tet() -> None:
    assert due_at(at("2026-02-13T16:00"), 1, ClockUnit.WORKING_DAYS) == end_of("2026-02-23")


def test_the_day_is_the_vietnamese_one() -> None:
    late_in_london = datetime(2026, 11, 16, 18, 0, tzinfo=UTC)  # already Tuesday in Ha Noi
    assert due_at(late_in_london, 1, ClockUnit.WORKING_DAYS) == end_of("2026-11-18")


def test_result_is_utc() -> None:
    assert due_at(at("2026-11-16T08:00"), 1, ClockUnit.HOURS).tzinfo is UTC


def test_time_without_offset_is_refused() -> None:
    with pytest.raises(InternalFault):
        due_at(datetime(2026, 11, 16), 1, ClockUnit.DAYS)  # noqa: DTZ001 - that is the point


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.integers(1, 60), st.sampled_from(ClockUnit))
def test_a_limit_lies_after_its_start_and_never_before_a_shorter_one(
    start: datetime, amount: int, unit: ClockUnit
) -> None:
    assert start < due_at(start, amount, unit) <= due_at(start, amount + 1, unit)


@given(MOMENTS, st.integers(1, 60), st.sampled_from(ClockUnit), st.integers(-12, 14))
def test_the_offset_a_time_is_written_in_changes_nothing(
    start: datetime, amount: int, unit: ClockUnit, hours: int
) -> None:
    elsewhere = start.astimezone(timezone(timedelta(hours=hours)))
    assert due_at(elsewhere, amount, unit) == due_at(start, amount, unit)


@given(MOMENTS, st.integers(1, 40), st.sampled_from([ClockUnit.DAYS, ClockUnit.WORKING_DAYS]))
def test_terms_in_days_end_with_a_working_day(start: datetime, amount: int, unit: ClockUnit) -> None:
    due = due_at(start, amount, unit).astimezone(ZONE)
    assert is_working_day(due.date())
    assert due.isoformat().endswith("T23:59:59.999000+07:00")


@given(MOMENTS, st.integers(1, 40))
def test_working_days_are_counted_one_by_one(start: datetime, amount: int) -> None:
    first = start.astimezone(ZONE).date()
    last = due_at(start, amount, ClockUnit.WORKING_DAYS).astimezone(ZONE).date()
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(is_working_day(day) for day in between) == amount


def test_public_holiday_is_not_every_day_of_rest() -> None:
    assert is_public_holiday(date(2026, 2, 17))  # Tet
    assert is_public_holiday(date(2026, 4, 27))  # given for a Sunday
    assert not is_public_holiday(date(2026, 11, 21))  # an ordinary Saturday


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 11, 21), date(2027, 3, 21)),
        (date(2026, 10, 31), date(2027, 2, 28)),
        (date(2027, 10, 31), date(2028, 2, 29)),
        (date(2026, 8, 31), date(2026, 12, 31)),
    ],
)
def test_four_months_end_on_the_same_day_or_the_last_of_the_month(day: date, later: date) -> None:
    assert months_after(day, 4) == later


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(9999, 9, 1), 4, date(9999, 12, 31)),
        (date(1, 2, 3), -2, date(1, 1, 1)),
    ],
)
def test_months_go_back_as_well_and_never_leave_the_calendar(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_seven_hours_before_the_end_of_the_calendar_it_ends_in_viet_nam() -> None:
    end = datetime(9999, 12, 31, 16, 59, 59, 999_000, tzinfo=UTC)
    assert in_viet_nam(end).isoformat() == "9999-12-31T23:59:59.999000+07:00"
    assert in_viet_nam(LAST_MOMENT) == in_viet_nam(end)
    assert day_in_viet_nam(end - timedelta(days=1)) == date(9999, 12, 30)


@pytest.mark.parametrize("unit", ClockUnit)
def test_a_limit_beyond_the_calendar_is_its_last_moment(unit: ClockUnit) -> None:
    assert due_at(LAST_MOMENT - timedelta(seconds=59), 1, unit) == LAST_MOMENT
