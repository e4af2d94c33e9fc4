"""Opening hours: what the notation says, over midnight, weekends and Tet."""

from datetime import datetime

import pytest

from gateway.domain.opening_hours import known_hours, parse_hours
from shared.kernel.errors import InputRejected
from shared.sop.calendar import ZONE

OFFICE = "Mo-Fr 07:30-11:30,13:30-17:00; Sa 08:00-12:00; PH off"
NIGHT = "Fr-Su 18:00-06:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("hours", "moment", "is_open"),
    [
        (OFFICE, "2026-11-18T07:29:59", False),
        (OFFICE, "2026-11-18T07:30", True),
        (OFFICE, "2026-11-18T11:30", False),  # noon rest
        (OFFICE, "2026-11-18T16:59:59", True),
        (OFFICE, "2026-11-21T09:00", True),  # a Saturday
        (OFFICE, "2026-11-22T09:00", False),  # a Sunday
        (OFFICE, "2026-02-17T09:00", False),  # Tet, a Tuesday
        (OFFICE, "2026-09-02T09:00", False),  # National Day, a Wednesday
        ("Mo-Su 08:00-17:00", "2026-02-17T09:00", False),  # who works through Tet says so
        ("Mo-Su,PH 08:00-17:00", "2026-02-17T09:00", True),
        ("24/7", "2026-02-17T03:00", True),
        (NIGHT, "2026-11-20T17:59", False),
        (NIGHT, "2026-11-20T23:00", True),
        (NIGHT, "2026-11-21T05:59", True),
        (NIGHT, "2026-11-23T05:59", True),  # Sunday's night ends on Monday
        (NIGHT, "2026-11-23T06:00", False),
        ("Sa-Mo 00:00-24:00", "2026-11-23T12:00", True),
        ("Sa-Mo 00:00-24:00", "2026-11-24T00:00", False),
        ("Mo-Su 08:00-17:00; We off", "2026-11-18T09:00", False),  # the later rule wins
    ],
)
def test_open_is_what_the_schedule_says(hours: str, moment: str, *, is_open: bool) -> None:
    assert parse_hours(hours).is_open(at(moment)) is is_open


def test_open_is_judged_in_vietnamese_time() -> None:
    assert parse_hours(OFFICE).is_open(datetime.fromisoformat("2026-11-18T00:30:00+00:00"))
    assert not parse_hours(OFFICE).is_open(datetime.fromisoformat("2026-11-18T12:00:00+00:00"))


def test_next_opening_skips_tet() -> None:
    before_tet, after_tet = at("2026-02-13T18:00"), at("2026-02-23T07:30")  # the holiday ran from 14 to 22 February
    assert parse_hours("Mo-Fr 07:30-17:00").opens_at(before_tet) == after_tet


def test_who_never_opens_has_no_next_opening() -> None:
    assert parse_hours("Mo off").opens_at(at("2026-11-18T09:00")) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "24/8", "always", "Mo-Fr", "08:00-17:00", "Mo-Fr 8:00-17:00", "Mo-Fr 08:00-25:00", "Mo 24:00-08:00",
        "Mo 08:00-24:30", "Mo 08:00-08:00", "Mo 08:00-12:00,11:00-13:00", "Xx 08:00-12:00", "Mo- 08:00-12:00",
        "PH-Mo 08:00-12:00", "Mo 08:00-12:00;", "Mo  08:00-12:00", "Mo 08:00-12:00\n", "Mo ٠٨:00-12:00",
        "Mo 08:00-12:00; " * 30 + "Tu off",
    ],
)  # fmt: skip
def test_hours_in_any_other_form_are_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refused:
        parse_hours(text)
    assert refused.value.code == "agency.hours"
    assert known_hours(text) is None


def test_hours_that_are_not_stated_are_not_known() -> None:
    assert known_hours(None) is None
    assert known_hours("24/7") == parse_hours("Mo-Su,PH 00:00-24:00")
