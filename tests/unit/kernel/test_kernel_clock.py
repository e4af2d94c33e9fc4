"""Times on the wire: RFC 3339, UTC, milliseconds; nothing that has no offset."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.clock import ManualClock, SystemClock, from_wire, to_wire, whole_milliseconds
from shared.kernel.errors import InputRejected

AT = datetime(2026, 11, 21, 8, 15, 30, 123456, tzinfo=UTC)

moments = st.datetimes(
    min_value=datetime(1000, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=st.timezones() | st.just(UTC),
    allow_imaginary=False,
)


@given(moments)
def test_a_moment_comes_back_from_the_wire_to_the_millisecond(at: datetime) -> None:
    assert from_wire(to_wire(at)) == whole_milliseconds(at)


@given(moments)
def test_the_wire_form_is_utc_with_milliseconds(at: datetime) -> None:
    text = to_wire(at)
    assert len(text) == 24
    assert text.endswith("Z")
    assert text[19] == "."


def test_an_offset_is_turned_into_utc() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert from_wire("2026-11-21T15:15:30.123+07:00") == datetime(2026, 11, 21, 15, 15, 30, 123000, tzinfo=hanoi)
    assert to_wire(from_wire("2026-11-21T15:15:30.123+07:00")) == "2026-11-21T08:15:30.123Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21",
        "2026-11-21T08:15:30",
        "2026-11-21 08:15:30Z",
        "2026-11-21T08:15Z",
        "2026-11-21T08:15:30.Z",
        "2026-11-21T08:15:30.1234567890Z",
        "2026-13-21T08:15:30Z",
        "2026-02-30T08:15:30Z",
        "2026-11-21T25:15:30Z",
        "2026-11-21T08:15:30+25:00",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "2026-11-21T08:15:30Z\n",
        "1763712930",
    ],
)
def test_what_is_no_time_with_an_offset_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        from_wire(text)
    assert refusal.value.code == "time.malformed"


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_is_refused_as_input(text: str) -> None:
    with suppress(InputRejected):
        assert from_wire(text).tzinfo is UTC


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(AT)
    assert clock.now() == clock.now() == whole_milliseconds(AT)
    clock.advance(timedelta(minutes=5))
    assert clock.now() == whole_milliseconds(AT) + timedelta(minutes=5)


def test_the_system_clock_is_aware_and_cut_to_milliseconds() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
