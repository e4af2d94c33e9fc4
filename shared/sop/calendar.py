"""When a limit falls: the calendar of Viet Nam, in the time zone Asia/Ho_Chi_Minh.

Minutes and hours run by the clock from the event. Days start on the next day and end with the last
one, moved to the next working day if that is a day of rest; working days skip days of rest (Civil
Code 2015 Arts 146-148). Rest days are Saturdays, Sundays and public holidays with their substitutes,
from the `holidays` library; Tet moves, so that a year the library does not know well is an estimate.
Promises the same answer for the same question, and an answer for every moment that the wire can carry: what would lie
beyond the calendar is its last moment. Refuses a time without an offset.
"""

import importlib.util
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shared.kernel.clock import LAST_MOMENT, later
from shared.kernel.errors import InternalFault
from shared.sop.model import ClockUnit

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_BY_THE_CLOCK = {ClockUnit.MINUTES: timedelta(minutes=1), ClockUnit.HOURS: timedelta(hours=1)}
_END_OF_DAY = time(23, 59, 59, 999_000, tzinfo=ZONE)
_LAST_HERE = datetime.combine(date.max, _END_OF_DAY)
_ONE_DAY = timedelta(days=1)
_MONTHS = 12


def in_viet_nam(at: datetime) -> datetime:
    """Return a moment as clocks in Viet Nam show it; where that is beyond the year 9999, its last moment there."""
    return _LAST_HERE if at > _LAST_HERE else at.astimezone(ZONE)


def day_in_viet_nam(at: datetime) -> date:
    """Return the day that it is in Viet Nam at a moment."""
    return in_viet_nam(at).date()


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later (earlier, if negative), or the last day of that month."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    if not date.min.year <= year <= date.max.year:
        return date.min if months < 0 else date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_at(start: datetime, amount: int, unit: ClockUnit) -> datetime:
    """Return the last moment (UTC, whole milliseconds) at which a duty of `amount` `unit` is still in time.

    `start` is the event, aware. Raises `InternalFault` when it has no offset.
    """
    if start.tzinfo is None:
        raise InternalFault("sop.time-without-offset", "A limit was asked for from a time without an offset.")
    if unit in _BY_THE_CLOCK:
        return later(start, amount * _BY_THE_CLOCK[unit])
    count = _after_working_days if unit is ClockUnit.WORKING_DAYS else _or_next_working_day
    try:
        last = count(day_in_viet_nam(start), amount)
    except OverflowError:
        return LAST_MOMENT
    return datetime.combine(last, _END_OF_DAY).astimezone(UTC)


def is_working_day(day: date) -> bool:
    """Tell whether `day` is a working day in Viet Nam: no weekend (unless worked instead), no public holiday."""
    rest, worked = _year(day.year)
    return day not in rest and (day.weekday() < 5 or day in worked)  # noqa: PLR2004 - Monday 0 to Friday 4


def is_public_holiday(day: date) -> bool:
    """Tell whether `day` is a public holiday of Viet Nam, or a day of rest given for one."""
    return day in _year(day.year)[0]


def _after_working_days(day: date, amount: int) -> date:
    for _ in range(amount):
        day += _ONE_DAY
        while not is_working_day(day):
            day += _ONE_DAY
    return day


def _or_next_working_day(day: date, amount: int) -> date:
    day += amount * _ONE_DAY
    while not is_working_day(day):
        day += _ONE_DAY
    return day


@cache
def _vietnam() -> Any:
    """Return the library's calendar of Viet Nam, loaded when first asked for.

    Its package would load those of all other countries as well.
    """
    import holidays  # noqa: PLC0415 - 4 MiB that many a process never asks for

    file = Path(holidays.__file__).with_name("countries") / "vietnam.py"
    spec = importlib.util.spec_from_file_location("holidays_of_vietnam", file)
    if spec is None or spec.loader is None:
        raise InternalFault("sop.no-calendar", "The calendar of public holidays is not installed as it should be.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Vietnam


@cache
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    calendar = _vietnam()(years=year)
    return frozenset(calendar), frozenset(calendar.weekend_workdays)
