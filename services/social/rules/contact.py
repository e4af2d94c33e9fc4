"""Whether she may be contacted now and in this way (R-03): inside her safe hours, by a channel that she allowed.

Safe hours are read as `09:00-11:00` or as days with from and to, in the time of Viet Nam; what is written in other
words a person has to read.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from shared.sop.calendar import ZONE


class Method(StrEnum):
    """How somebody wants to contact her; the values of the fact `method` that a rule can be asked about."""

    PHONE = "phone"
    TEXT = "text"
    IN_PERSON = "in_person"
    RELAY = "relay"


_HOURS: Final = re.compile(r"\s*([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-4]):([0-5][0-9])\s*")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def contact_refused(contact: Mapping[str, Any], method: Method, *, at: datetime) -> str | None:
    """Return why she may not be contacted now in this way; None where she may."""
    if not _is_allowed(contact, method):
        return "social.channel-unsafe"
    hours = contact.get("safe_hours")
    if hours is None:
        return None
    inside = [_inside(one, at.astimezone(ZONE)) for one in (hours if isinstance(hours, list) else [hours])]
    if any(one is True for one in inside):
        return None
    return "social.safe-hours-unclear" if None in inside else "social.outside-safe-hours"


def _is_allowed(contact: Mapping[str, Any], method: Method) -> bool:
    if method is Method.TEXT and contact.get("may_text") is False:
        return False
    named: Iterable[str] = contact.get("channels") or filter(None, [contact.get("channel")])
    allowed = frozenset(named)
    return not allowed or method in allowed


def _inside(hours: Any, at: datetime) -> bool | None:
    """Say whether a time is inside one window; None where the window is in words."""
    if isinstance(hours, dict):
        days = hours.get("days")
        if days and _DAYS[at.weekday()] not in days:
            return False
        hours = f"{hours.get('from', '00:00')}-{hours.get('to', '24:00')}"
    found = _HOURS.fullmatch(hours)
    if found is None:
        return None
    first, last = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    now = at.hour * 60 + at.minute
    return first <= now < last if first <= last else now >= first or now < last
