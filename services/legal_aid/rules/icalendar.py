"""A calendar of hearings that says when, and nothing else (RFC 5545, R-07).

Owns the text of an iCalendar object: CRLF, lines of at most 75 octets folded between characters, times in UTC.
Promises that nothing about a case can get into it: an appointment is a random id, two times and a state; the title is
the same for all. Refuses ids that would need escaping, and times that are not whole seconds of UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shared.kernel.errors import InternalFault
from shared.kernel.identifiers import is_uuid7

MEDIA_TYPE: Final = "text/calendar"
#: What every appointment is called: nothing that tells a passer-by what it is about.
TITLE: Final = "Lịch làm việc / Appointment"

_LINE_MOST: Final = 75
_CRLF: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One hearing as a calendar shows it."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    sequence: int
    cancelled: bool = False


def calendar_of(appointments: Iterable[Appointment]) -> str:
    """Return the calendar. Raises `InternalFault` (`calendar.malformed`) for an id or a time it cannot write."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Referral Mesh//Legal aid//EN", "CALSCALE:GREGORIAN"]
    for one in sorted(appointments, key=lambda each: (each.starts_at, each.uid)):
        lines += _event(one)
    lines.append("END:VCALENDAR")
    return "".join(folded(line) + _CRLF for line in lines)


def folded(line: str) -> str:
    """Return a content line folded to at most 75 octets each, never within a character (section 3.1)."""
    parts, part, octets = [], "", 0
    for character in line:
        size = len(character.encode())
        if octets + size > _LINE_MOST:
            parts.append(part)
            part, octets = "", 1  # the blank that begins the next line
        part, octets = part + character, octets + size
    return f"{_CRLF} ".join([*parts, part])


def escaped(text: str) -> str:
    """Return a text as a value (section 3.3.11)."""
    for plain, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(plain, written)
    return text


def _event(one: Appointment) -> Iterator[str]:
    if not is_uuid7(one.uid):
        raise InternalFault("calendar.malformed", "An appointment has no id of its own.")
    yield "BEGIN:VEVENT"
    yield f"UID:{one.uid}"
    yield f"DTSTAMP:{_time(one.changed_at)}"
    yield f"DTSTART:{_time(one.starts_at)}"
    yield f"DTEND:{_time(one.ends_at)}"
    yield f"SEQUENCE:{one.sequence}"
    yield f"STATUS:{'CANCELLED' if one.cancelled else 'CONFIRMED'}"
    yield f"SUMMARY:{escaped(TITLE)}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"


def _time(at: datetime) -> str:
    if at.tzinfo is None:
        raise InternalFault("calendar.malformed", "An appointment has a time without an offset.")
    utc = at.astimezone(UTC)
    return f"{utc.year:04}{utc:%m%dT%H%M%SZ}"
