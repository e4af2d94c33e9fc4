"""Opening hours against a calendar on which every open stretch is painted."""

from contextlib import suppress
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.opening_hours import AHEAD_DAYS, parse_hours
from shared.kernel.errors import InputRejected
from shared.sop.calendar import ZONE, is_public_holiday

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su", "PH")
MINUTE = timedelta(minutes=1)

#: Two spans a day at most, in order; the last may run past midnight.
spans = st.lists(st.integers(0, 1439), min_size=2, max_size=4, unique=True).map(
    lambda minutes: sorted(minutes)[: len(minutes) // 2 * 2]
)
weeks = st.dictionaries(st.sampled_from(DAYS), spans, max_size=8)
nights = st.dictionaries(st.sampled_from(DAYS), st.integers(1, 1439).map(lambda end: [end, end - 1]), min_size=1)
moments = st.integers(0, 370 * 24 * 3600).map(
    lambda second: datetime(2025, 12, 25, tzinfo=ZONE) + timedelta(seconds=second)
)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def written(week: dict[str, list[int]]) -> str:
    rules = [
        f"{day} " + ",".join(f"{clock(a)}-{clock(b)}" for a, b in zip(minutes[::2], minutes[1::2], strict=True))
        for day, minutes in week.items()
    ]
    return "; ".join(rules) or "Mo off"


def painted(week: dict[str, list[int]], day: date) -> list[tuple[datetime, datetime]]:
    """Every stretch of time in which a span that begins on `day` is open."""
    name = "PH" if is_public_holiday(day) else DAYS[day.weekday()]
    minutes = week.get(name, [])
    midnight = datetime.combine(day, time(), tzinfo=ZONE)
    return [
        (midnight + start * MINUTE, midnight + (end if end > start else end + 1440) * MINUTE)
        for start, end in zip(minutes[::2], minutes[1::2], strict=True)
    ]


@given(st.one_of(weeks, nights), moments)
def test_open_exactly_where_the_calendar_is_painted(week: dict[str, list[int]], moment: datetime) -> None:
    stretches = painted(week, moment.date()) + painted(week, moment.date() - timedelta(days=1))
    expected = any(start <= moment < end for start, end in stretches)
    assert parse_hours(written(week)).is_open(moment) is expected


@settings(deadline=None)
@given(st.one_of(weeks, nights), moments)
def test_next_opening_is_open_and_no_sooner_moment_is(week: dict[str, list[int]], moment: datetime) -> None:
    hours = parse_hours(written(week))
    opening = hours.opens_at(moment)
    if opening is None:
        assert not any(painted(week, moment.date() + timedelta(days=ahead)) for ahead in range(1, AHEAD_DAYS + 1))
        return
    assert hours.is_open(opening)
    if opening != moment:
        assert not hours.is_open(moment)
        assert not hours.is_open(opening - MINUTE) or opening - MINUTE < moment
        between = moment + (opening - moment) / 2
        assert not hours.is_open(between)


@given(moments)
def test_always_open_is_open_at_every_moment(moment: datetime) -> None:
    assert parse_hours("24/7").is_open(moment)
    assert parse_hours("24/7").opens_at(moment) == moment


@given(st.one_of(st.text(max_size=60), st.text(alphabet="MoTuSaPHf0124:,-; /7", max_size=60)))
def test_whatever_text_is_read_it_is_hours_or_our_refusal(text: str) -> None:
    with suppress(InputRejected):
        assert len(parse_hours(text).days) == 8
