"""When a clock stands still: a question back, and a case on hold. Only policy clocks do, and only so long.

A pause moves the limit at once by the longest it may last, and its end takes back what was not used: so the limit
is always one absolute time, and a pause that nobody ends runs out by itself. Promises that a statutory or
clinical limit never moves later (INV-05), that in immediate danger nothing pauses (INV-06), and that no
pause reaches past a limit of the same duty that may not move. Follows fact sheet section 7.1.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from gateway.domain.alarms import began_at, rule_of
from gateway.domain.referral import DueTime, Pause, Referral
from shared.kernel.clock import from_wire, to_wire, whole_milliseconds
from shared.referral.deadlines import due_times
from shared.sop.calendar import ZONE, day_in_viet_nam
from shared.sop.model import ClockPhase, EventType, Pauses, Sop

_WHOLE = 100
_LAST_MOMENT = time(23, 59, 59, 999_000, tzinfo=ZONE)


def paused_by(referral: Referral, event: EventType, data: Mapping[str, Any], *, at: datetime, sop: Sop) -> Referral:
    """Return the referral with what `event` does to its clocks: most events do nothing."""
    if event is EventType.INFO_REQUESTED:
        return _begin(referral, ClockPhase.DECIDE, at=at, until=_question_until(referral, at, sop), sop=sop)
    if event is EventType.INFO_PROVIDED:
        return _end(referral, ClockPhase.DECIDE, at=at, sop=sop)
    if event is EventType.ON_HOLD:
        return _begin(referral, ClockPhase.COMPLETE, at=at, until=_hold_until(referral, data, at, sop), sop=sop)
    if event is EventType.RESUMED:
        return _end(referral, ClockPhase.COMPLETE, at=at, sop=sop)
    return referral


def _question_until(referral: Referral, at: datetime, sop: Sop) -> datetime:
    """Return when the pause for a question runs out: once, after at most the share of the clock that is allowed."""
    pauses, due = _allowed(referral, sop), referral.due.get(ClockPhase.DECIDE)
    if pauses is None or due is None or ClockPhase.DECIDE in referral.clocks.pauses:
        return at
    length = from_wire(due.at) - began_at(referral, rule_of(referral, ClockPhase.DECIDE, sop=sop))
    return whole_milliseconds(at + length * pauses.decide_percent / _WHOLE)


def _hold_until(referral: Referral, data: Mapping[str, Any], at: datetime, sop: Sop) -> datetime:
    """Return when a hold runs out: with its review date, or after as many days as the procedure allows."""
    pauses = _allowed(referral, sop)
    if pauses is None:
        return at
    longest = at + timedelta(days=pauses.hold_days)
    review_on = date.fromisoformat(str(data["review_on"]))
    if review_on >= day_in_viet_nam(longest):
        return longest
    return max(at, whole_milliseconds(datetime.combine(review_on, _LAST_MOMENT)))


def _allowed(referral: Referral, sop: Sop) -> Pauses | None:
    level = sop.urgencies[referral.urgency]
    return level.pauses if level.pausable else None


def _begin(referral: Referral, phase: ClockPhase, *, at: datetime, until: datetime, sop: Sop) -> Referral:
    base, rule = referral.due.get(phase), rule_of(referral, phase, sop=sop)
    if base is None or rule is None or not rule.pausable or until <= at or from_wire(base.at) <= at:
        return referral
    return _with(referral, phase, Pause(to_wire(at), to_wire(until), base), sop)


def _end(referral: Referral, phase: ClockPhase, *, at: datetime, sop: Sop) -> Referral:
    pause = referral.clocks.pauses.get(phase)
    if pause is None or from_wire(pause.until) <= at:
        return referral
    return _with(referral, phase, replace(pause, until=to_wire(max(at, from_wire(pause.since)))), sop)


def _with(referral: Referral, phase: ClockPhase, pause: Pause, sop: Sop) -> Referral:
    clocks = replace(referral.clocks, pauses={**referral.clocks.pauses, phase: pause})
    return replace(referral, clocks=clocks, due={**referral.due, phase: _moved(referral, phase, pause, sop)})


def _moved(referral: Referral, phase: ClockPhase, pause: Pause, sop: Sop) -> DueTime:
    """Return the limit after a pause: later by its length, but never past one that does not move."""
    later = from_wire(pause.base.at) + (from_wire(pause.until) - from_wire(pause.since))
    firm = due_times(
        sop,
        sop.services[referral.service_type],
        urgency=referral.urgency,
        sent_at=from_wire(referral.received_at),
        incident_at=_time(referral.incident_at),
        accepted_at=_time(referral.clocks.accepted_at),
        remote_area=referral.remote_area,
        firm_only=True,
    ).get(phase)
    if firm is not None and firm.at < later:
        return DueTime(to_wire(firm.at), firm.rule_id)
    return DueTime(to_wire(later), pause.base.rule_id)


def _time(text: str | None) -> datetime | None:
    return None if text is None else from_wire(text)
