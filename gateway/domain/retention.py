"""How long the gateway remembers what is over, and which chains a law keeps longer.

24 months, derived from the fact sheet, section 2.10: a policy of the design, not a rule of law. A chain of which
something is kept for a proceeding stays until an operator lets it go, with a reason as a code and a day to look again.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from shared.sop.calendar import in_viet_nam, months_after

MONTHS_KEPT: Final = 24


@dataclass(frozen=True, slots=True)
class KeptChain:
    """A chain that is not forgotten: why, as a code, since when, and when somebody has to look again."""

    chain_id: str
    reason: str
    review_on: date
    kept_at: str


def forgotten_before(now: datetime, *, months: int) -> datetime:
    """Return the moment so many months ago by the calendar of Viet Nam: what was over by then is forgotten now."""
    local = in_viet_nam(now)
    return datetime.combine(months_after(local.date(), -months), local.timetz()).astimezone(UTC)
