"""Whether she may be contacted now and in this way (R-03): inside her safe hours, by a channel that she allowed.

Safe hours are read as `09:00-11:00` or as days with from and to, in the time of Viet Nam; what is written in other
words a person has to read. What she said of one of her numbers counts for that number in place of what she said in
general.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from shared.agency.safe_contact import as_dialled
from shared.sop.calendar import in_viet_nam


class Method(StrEnum):
    """How somebody wants to contact her; the values of the fact `method` that a rule can be asked about."""

    PHONE = "phone"
    TEXT = "text"
    IN_PERSON = "in_person"
    RELAY = "relay"


_DIALLED: Final = frozenset({Method.PHONE, Method.TEXT})
_HOURS: Final = re.compile(r"\s*([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-4]):([0-5][0-9])\s*")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY: Final = timedelta(days=1)


def contact_refused(
    contact: Mapping[str, Any], method: Method, *, at: datetime, telephone: str | None = None
) -> str | None:
    """Return why she may not be contacted now in this way; None where she may.

    Where no `telephone` is named, she may be called or written to only if that is so for every number of hers.
    """
    if not _is_channel(contact, method):
        return "social.channel-unsafe"
    ways = _numbers(contact, telephone) if method in _DIALLED else [contact]
    if not ways:
        return "social.telephone-unknown"
    found = {_refused(one, method, in_viet_nam(at)) for one in ways}
    return found.pop() if len(found) == 1 else "social.telephone-unnamed"


def _is_channel(contact: Mapping[str, Any], method: Method) -> bool:
    named: Iterable[str] = contact.get("channels") or filter(None, [contact.get("channel")])
    allowed = frozenset(named)
    return not allowed or method in allowed


def _numbers(contact: Mapping[str, Any], telephone: str | None) -> Sequence[Mapping[str, Any]]:
    """Return what she said of each number that may be meant; her contact as a whole where she gave none."""
    listed = [{**contact, **one} for one in contact.get("phones", ())]
    if "phone" in contact:
        listed.append({**contact, "number": contact["phone"]})
    if telephone is None:
        return listed or [{**contact}]
    return [one for one in listed if as_dialled(one["number"]) == as_dialled(telephone)]


def _refused(way: Mapping[str, Any], method: Method, at: datetime) -> str | None:
    """Return why not by this number, or by no number."""
    if method is Method.TEXT and way.get("may_text") is False:
        return "social.channel-unsafe"
    hours = way.get("safe_hours")
    if hours is None:
        return None
    inside = [_inside(one, at) for one in (hours if isinstance(hours, list) else [hours])]
    if None in inside:
        return "social.safe-hours-unclear"
    return None if any(inside) else "social.outside-safe-hours"


def _inside(hours: Any, at: datetime) -> bool | None:
    """Say whether a time is inside one window, which belongs to the day it begins on; None where it is in words."""
    days = None
    if isinstance(hours, dict):
        days = hours.get("days")
        hours = f"{hours.get('from', '00:00')}-{hours.get('to', '24:00')}"
    found = _HOURS.fullmatch(hours)
    if found is None or not frozenset(_DAYS).issuperset(days or ()):
        return None
    first, last = (int(found[n]) * 60 + int(found[n + 1]) for n in (1, 3))
    now = at.hour * 60 + at.minute
    over_night = last < first
    today = first <= now and (over_night or now < last)
    since_yesterday = over_night and now < last
    return (today and _is_on(days, at)) or (since_yesterday and _is_on(days, at - _DAY))


def _is_on(days: Sequence[str] | None, at: datetime) -> bool:
    return days is None or _DAYS[at.weekday()] in days
