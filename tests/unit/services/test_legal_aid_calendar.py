"""The calendar of hearings: read back by a reader of its own, and nothing in it but times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.legal_aid.rules.icalendar import TITLE, Appointment, calendar_of, escaped, folded
from shared.kernel.errors import InternalFault

UID = "01900000-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
ONE = Appointment(UID, NOON, NOON + timedelta(hours=2), NOON - timedelta(days=3), 1)


def unfolded(text: str) -> list[str]:
    """Content lines, as RFC 5545 section 3.1 says to read them."""
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


@pytest.mark.rule("R-07")
def test_an_appointment_says_when_and_nothing_else() -> None:
    lines = unfolded(calendar_of([ONE]))
    assert lines == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Referral Mesh//Legal aid//EN",
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        f"UID:{UID}",
        "DTSTAMP:20261121T050000Z",
        "DTSTART:20261124T050000Z",
        "DTEND:20261124T070000Z",
        "SEQUENCE:1",
        "STATUS:CONFIRMED",
        f"SUMMARY:{TITLE}",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_times_are_written_in_utc_wherever_they_come_from() -> None:
    hanoi = timezone(timedelta(hours=7))
    assert calendar_of([ONE]) == calendar_of([Appointment(UID, NOON.astimezone(hanoi), ONE.ends_at, ONE.changed_at, 1)])


def test_a_year_has_four_digits() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert "DTSTART:00010101T000000Z" in unfolded(calendar_of([Appointment(UID, first, NOON, NOON, 1)]))


@given(st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=300))
def test_a_folded_line_reads_back_and_is_never_longer_than_75_octets(line: str) -> None:
    text = folded(line)
    assert all(len(part.encode()) <= 75 for part in text.split("\r\n"))
    assert text.replace("\r\n ", "") == line


def test_every_line_ends_with_cr_and_lf() -> None:
    text = calendar_of([ONE])
    assert text.count("\n") == text.count("\r\n")
    assert text.endswith("END:VCALENDAR\r\n")


def test_what_means_something_to_a_reader_is_escaped() -> None:
    assert escaped("a;b,c\\d\ne") == "a\\;b\\,c\\\\d\\ne"


def test_an_id_that_is_none_or_a_time_without_offset_is_not_written() -> None:
    for wrong in (
        Appointment("x\r\nATTENDEE:her", NOON, NOON, NOON, 0),
        Appointment(UID, NOON.replace(tzinfo=None), NOON, NOON, 0),
    ):
        with pytest.raises(InternalFault) as fault:
            calendar_of([wrong])
        assert fault.value.code == "calendar.malformed"
