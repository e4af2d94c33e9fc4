"""When an agency is open: a small weekly schedule, in Vietnamese time, with public holidays.

Owns a subset of the OpenStreetMap `opening_hours` notation: `24/7`, or rules such as
`Mo-Fr 07:30-11:30,13:30-17:00; Sa 08:00-12:00; PH off`. Days are Mo Tu We Th Fr Sa Su, and PH for a public
holiday of Viet Nam; a later rule replaces an earlier one for the days it names; a span that ends before it
starts runs past midnight. Days that no rule names are closed, and so is a public holiday without a PH rule:
an agency that works through Tet says so. Refuses everything else of that notation.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

from shared.kernel.errors import InputRejected
from shared.sop.calendar import ZONE, in_viet_nam, is_public_holiday

ALWAYS = "24/7"
LONGEST = 400
#: Tet closes an office for nine days or so; who does not open within this time has no regular hours.
AHEAD_DAYS = 21

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOLIDAY = len(_DAYS)
_DAY_MINUTES = 24 * 60
_RULE = re.compile(r"([A-Za-z,-]+) (off|[0-9:,-]+)\Z")
_SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])\Z")
_MALFORMED = (
    "Write opening hours as 24/7, or as rules such as 'Mo-Fr 07:30-11:30,13:30-17:00; Sa 08:00-12:00; PH off' "
    "(days Mo Tu We Th Fr Sa Su, PH for public holidays)."
)

#: Minutes since midnight, the second one past a day's end where the span runs past midnight.
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A week: the spans of Monday to Sunday, and of a public holiday in the eighth place."""

    days: tuple[tuple[Span, ...], ...]

    def is_open(self, at: datetime) -> bool:
        """Say whether the agency is open at this moment."""
        local = in_viet_nam(at)
        minute = local.hour * 60 + local.minute
        today, yesterday = self.on(local.date()), self.on(local.date() - timedelta(days=1))
        return any(start <= minute < end for start, end in today) or any(
            minute + _DAY_MINUTES < end for _, end in yesterday
        )

    def opens_at(self, at: datetime) -> datetime | None:
        """Return when it opens next (`at` itself while it is open); None when it does not within three weeks."""
        if self.is_open(at):
            return at
        local = in_viet_nam(at)
        for ahead in range(AHEAD_DAYS + 1):
            day = local.date() + timedelta(days=ahead)
            for start, _ in self.on(day):
                opening = datetime.combine(day, time(start // 60, start % 60), tzinfo=ZONE)
                if opening > local:
                    return opening
        return None

    def on(self, day: date) -> tuple[Span, ...]:
        """Return the spans that begin on this day, earliest first."""
        return self.days[_HOLIDAY if is_public_holiday(day) else day.weekday()]


@lru_cache(maxsize=1024)
def parse_hours(text: str) -> OpeningHours:
    """Read a schedule. Raises `InputRejected` (`agency.hours`) for what is not in the notation above."""
    if len(text) > LONGEST:
        raise _malformed()
    if text == ALWAYS:
        return OpeningHours((((0, _DAY_MINUTES),),) * (_HOLIDAY + 1))
    days: list[tuple[Span, ...]] = [()] * (_HOLIDAY + 1)
    for rule in text.split("; "):
        found = _RULE.match(rule)
        if found is None:
            raise _malformed()
        spans = () if found[2] == "off" else _spans(found[2])
        for position in _named(found[1]):
            days[position] = spans
    return OpeningHours(tuple(days))


def known_hours(text: str | None) -> OpeningHours | None:
    """Return the schedule of a directory entry; None when it states none that can be read."""
    if text is None:
        return None
    try:
        return parse_hours(text)
    except InputRejected:
        return None


def _named(text: str) -> list[int]:
    positions: list[int] = []
    for part in text.split(","):
        if part == "PH":
            positions.append(_HOLIDAY)
            continue
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise _malformed()
        begin = _DAYS.index(first)
        length = (_DAYS.index(last) - begin) % len(_DAYS) if dash else 0  # Sa-Mo runs over the week's end
        positions.extend((begin + step) % len(_DAYS) for step in range(length + 1))
    return positions


def _spans(text: str) -> tuple[Span, ...]:
    spans = sorted(_span(part) for part in text.split(","))
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise _malformed()
    return tuple(spans)


def _span(text: str) -> Span:
    found = _SPAN.match(text)
    if found is None:
        raise _malformed()
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if start >= _DAY_MINUTES or end > _DAY_MINUTES or start == end:
        raise _malformed()
    return start, end if end > start else end + _DAY_MINUTES


def _malformed() -> InputRejected:
    return InputRejected("agency.hours", _MALFORMED)
