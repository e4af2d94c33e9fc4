"""Time, taken from a `Clock` and never from the air; and its one text form on the wire."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

from shared.kernel.errors import InputRejected, PeerUnavailable

#: The last moment that the wire can carry. Many a system writes it for what has no end.
LAST_MOMENT: Final = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)

#: The one form in which we write times ourselves.
_OWN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_TO_MILLISECONDS = len("2026-11-21T08:15:30.123")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class Clock(Protocol):
    """Whoever needs the time is given one of these."""

    def now(self) -> datetime:
        """Return the present moment: aware, UTC, whole milliseconds."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment: aware, UTC, whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


class ManualClock:
    """A clock that stands still until it is moved. For tests and for replaying a day."""

    def __init__(self, at: datetime) -> None:
        self._at = whole_milliseconds(at)

    def now(self) -> datetime:
        """Return the moment this clock was last set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Move the clock on by `by`."""
        self._at = whole_milliseconds(self._at + by)


def check_together(here: datetime, there: datetime, *, within: float) -> None:
    """Raise `PeerUnavailable` (`clock.skewed`) when two clocks that were read at once differ by more seconds."""
    if abs((here - there).total_seconds()) > within:
        raise PeerUnavailable("clock.skewed", "The clock of this machine differs from that of others. Set it right.")


def later(at: datetime, by: timedelta) -> datetime:
    """Return the moment `by` after `at`, in UTC; the last one there is where it would lie beyond the calendar."""
    return at.astimezone(UTC) + by if by < LAST_MOMENT - at else LAST_MOMENT


def whole_milliseconds(at: datetime) -> datetime:
    """Return `at` in UTC, cut to the milliseconds that the wire carries."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@lru_cache(maxsize=4096)
def to_wire(at: datetime) -> str:
    """Write `at` as RFC 3339 UTC with milliseconds, e.g. `2026-11-21T08:15:30.123Z`.

    The moment of a transaction is written again and again, and the end of a consent with each referral under it.
    """
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat("T", "milliseconds")[:_TO_MILLISECONDS] + "Z"


@lru_cache(maxsize=4096)
def from_wire(text: str) -> datetime:
    """Read an RFC 3339 time with an offset. Raises `InputRejected` (`time.malformed`).

    The times of a record are read again and again while it is worked on, hence the bounded memory.
    """
    is_own = _OWN.fullmatch(text)
    if not is_own and not _RFC3339.fullmatch(text):
        raise InputRejected(
            "time.malformed", "Write times as RFC 3339 with an offset, such as 2026-11-21T08:15:30.123Z."
        )
    try:
        at = datetime.fromisoformat(text)
        return at if is_own else whole_milliseconds(at)
    except (ValueError, OverflowError) as fault:
        raise InputRejected("time.malformed", "This time does not exist in the calendar.") from fault
