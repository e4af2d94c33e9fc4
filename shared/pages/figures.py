"""Times and numbers as people in Viet Nam read them: Asia/Ho_Chi_Minh, by the locale of the page."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal

from shared.kernel.clock import from_wire
from shared.pages.catalogue import Language
from shared.sop.calendar import in_viet_nam

_MINUTE = timedelta(minutes=1)
_LOCALE: Final[Mapping[Language, str]] = {"vi": "vi", "en": "en_GB"}


def moment(at: str | datetime, language: Language) -> str:
    """Return a day with its hour, such as "09:30, 21 thg 11, 2026"."""
    local = _local(at)
    pattern = "HH:mm, d MMM y" if language == "vi" else "d MMM y, HH:mm"
    return format_datetime(local, pattern, locale=_LOCALE[language])


def day(at: str | datetime | date, language: Language) -> str:
    """Return a day."""
    return format_date(at if type(at) is date else _local(at), "medium", locale=_LOCALE[language])  # type: ignore[arg-type]


def weekday(at: date, language: Language) -> str:
    """Return the short name of a day of the week."""
    return format_date(at, "EEE", locale=_LOCALE[language])


def span(length: timedelta, language: Language) -> str:
    """Return a length of time in words, such as "3 giờ"."""
    return format_timedelta(max(abs(length), _MINUTE), granularity="minute", threshold=1.5, locale=_LOCALE[language])


def number(value: float, language: Language) -> str:
    """Return a number, with at most one decimal."""
    return format_decimal(value, "#,##0.#", locale=_LOCALE[language])


def _local(at: str | datetime) -> datetime:
    return in_viet_nam(from_wire(at) if isinstance(at, str) else at)
