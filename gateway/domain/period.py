"""The periods that can be asked for: months and quarters of the calendar of Viet Nam, and no others.

That there are no others is part of the method (`gateway.domain.suppression`): two periods that differ by a day would
tell by their difference of whoever came that day.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.sop.calendar import ZONE, in_viet_nam

PATTERN = r"^20[0-9]{2}-(0[1-9]|1[0-2]|Q[1-4])$"
_QUARTER = 3
_YEAR = 12


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`count` months from a first one on: one, or the three of a quarter."""

    year: int
    month: int
    count: int = 1

    @property
    def key(self) -> str:
        """Return its name, such as `2026-09` or `2026-Q3`."""
        return f"{self.year}-Q{-(-self.month // _QUARTER)}" if self.is_quarter else f"{self.year}-{self.month:02}"

    @property
    def is_quarter(self) -> bool:
        """Say whether it is a quarter."""
        return self.count == _QUARTER

    @property
    def begin(self) -> datetime:
        """Return its first moment, as UTC."""
        return _first_of(self.year, self.month)

    @property
    def end(self) -> datetime:
        """Return the first moment after it, as UTC."""
        return _first_of(*_later(self.year, self.month, self.count))

    @property
    def months(self) -> Sequence[str]:
        """Return the keys of its months."""
        return [Period(*_later(self.year, self.month, at)).key for at in range(self.count)]

    @property
    def quarter(self) -> "Period":
        """Return the quarter it lies in."""
        return Period(self.year, (self.month - 1) // _QUARTER * _QUARTER + 1, _QUARTER)

    @property
    def before(self) -> "Period":
        """Return the period of the same length before it."""
        return Period(*_later(self.year, self.month, -self.count), self.count)

    def released_at(self, after: timedelta) -> datetime:
        """Return when what is counted of it is fixed: a month together with its quarter, neither of them first."""
        return self.quarter.end + after


def read_period(key: str) -> Period | None:
    """Return the period of a key; None when there is none of that name."""
    if re.fullmatch(PATTERN, key) is None:
        return None
    year, _, part = key.partition("-")
    if part.startswith("Q"):
        return Period(int(year), (int(part[1:]) - 1) * _QUARTER + 1, _QUARTER)
    return Period(int(year), int(part))


def quarter_of(at: datetime) -> Period:
    """Return the quarter in which a moment lies."""
    local = in_viet_nam(at)
    return Period(local.year, local.month).quarter


def month_of(at: datetime) -> str:
    """Return the key of the month in which a moment lies."""
    return f"{in_viet_nam(at):%Y-%m}"


def _first_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=ZONE).astimezone(UTC)


def _later(year: int, month: int, months: int) -> tuple[int, int]:
    ahead = year * _YEAR + month - 1 + months
    return ahead // _YEAR, ahead % _YEAR + 1
