"""How long the gateway remembers what is over, and which chains a law keeps longer.

24 months, derived from the fact sheet, section 2.10: a policy of the design, not a rule of law. A chain of which
something is kept for a proceeding stays until an operator lets it go, with a reason as a code and a day to look again.
"""

import calendar
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

MONTHS_KEPT: Final = 24
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class KeptChain:
    """A chain that is not forgotten: why, as a code, since when, and when somebody has to look again."""

    chain_id: str
    reason: str
    review_on: date
    kept_at: str


def forgotten_before(now: datetime, *, months: int) -> datetime:
    """Return the moment so many months of the calendar ago: what was over by then is forgotten now."""
    count = now.year * _MONTHS + now.month - 1 - months
    year, month = divmod(count, _MONTHS)
    return now.replace(year=year, month=month + 1, day=min(now.day, calendar.monthrange(year, month + 1)[1]))
