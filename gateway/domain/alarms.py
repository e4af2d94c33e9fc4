"""What the clocks of a referral have to say, and when: alarms about open duties, and the end of what nobody took.

Pure: the same referral and procedure give the same moments, so any process may ask, at any time. What was said
before is remembered on the referral itself and is never said twice. Once a referral has ended, nothing is.
Follows fact sheet sections 4.5 and 7.1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from gateway.domain.referral import DueTime, Referral
from shared.kernel.clock import from_wire, to_wire
from shared.referral.deadlines import clock_rules
from shared.sop.calendar import due_at
from shared.sop.model import (
    ENDS,
    Alarm,
    AlarmLevel,
    ClockPhase,
    ClockRule,
    ClockStart,
    Expiry,
    ReferralState,
    Sop,
    Urgency,
)

#: Nobody has acknowledged: from these states a referral expires (row T17 of the lifecycle).
UNHEARD: frozenset[ReferralState] = frozenset({ReferralState.SENT, ReferralState.DELIVERED})

_EXPIRY = "expiry"
_LIMIT = 100
_LEVELS: Mapping[AlarmLevel, int] = {level: rank for rank, level in enumerate(AlarmLevel)}


class FiringKind(StrEnum):
    """What a clock says: the limit is near, it has passed, or the referral ends for want of an answer."""

    WARNING = "warning"
    MISSED = "missed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Firing:
    """One thing a clock says at one moment (wire text), about one duty."""

    at: str
    kind: FiringKind
    phase: ClockPhase
    alarm: str
    level: AlarmLevel
    due: DueTime

    @property
    def key(self) -> str:
        """Return the name under which the referral remembers that this was said."""
        return f"{self.phase.value}.{self.alarm}"

    @property
    def code(self) -> str:
        """Return what the ledger calls it, e.g. `decide:missed`."""
        return f"{self.phase.value}:{self.kind.value}"


def schedule(referral: Referral, *, sop: Sop) -> Sequence[Firing]:
    """Return everything the clocks will say if nothing happens to the referral, earliest first.

    A referral that nobody acknowledges ends, and then nothing more is said: the end comes last.
    """
    found = [_firing(referral, ring) for ring in _rings(referral, sop)]
    found.sort(key=lambda firing: (firing.at, firing.kind is FiringKind.EXPIRED, firing.phase.value))
    end = next((place for place, firing in enumerate(found) if firing.kind is FiringKind.EXPIRED), len(found))
    return found[: end + 1]


def next_clock_at(referral: Referral, *, sop: Sop) -> str | None:
    """Return when the clocks of a referral next have something to say; None when never again."""
    if referral.state in ENDS:
        return None
    duties = _duties(referral, sop)
    moments = [began + _first_offset(alarms, limit - began) for _, began, limit, alarms in duties if alarms]
    if (end := _end(referral, sop)) is not None:
        moments.append(end)
    return to_wire(min(moments)) if moments else None


def worth_saying(due: Sequence[Firing]) -> Sequence[Firing]:
    """Return what is to be said of all that is due by now.

    Of alarms of one duty that fall on one moment, the highest level speaks for all. A warning is not given any more
    once the limit it warns of has passed as well.
    """
    passed = {firing.phase for firing in due if firing.kind is FiringKind.MISSED}
    chosen: dict[tuple[str, ClockPhase, FiringKind], Firing] = {}
    for firing in due:
        if firing.kind is FiringKind.WARNING and firing.phase in passed:
            continue
        place = (firing.at, firing.phase, firing.kind)
        if place not in chosen or _LEVELS[firing.level] > _LEVELS[chosen[place].level]:
            chosen[place] = firing
    return tuple(chosen.values())


def rule_of(referral: Referral, phase: ClockPhase, *, sop: Sop) -> ClockRule | None:
    """Return the clock rule behind a due time; None when the procedure has it no longer."""
    due = referral.due.get(phase)
    return None if due is None else _rule_named(due.rule_id, sop, referral.service_type, referral.urgency, phase)


@lru_cache(maxsize=1024)
def _rule_named(rule_id: str, sop: Sop, service_type: str, urgency: Urgency, phase: ClockPhase) -> ClockRule | None:
    """Find a clock rule by its id. A procedure has few, and each write of a referral asks for one."""
    service = sop.services.get(service_type)
    rules = () if service is None else clock_rules(sop, service, phase=phase, urgency=urgency)
    return next((rule for rule in rules if rule.id == rule_id), None)


def began_at(referral: Referral, rule: ClockRule | None) -> datetime:
    """Return since when the recipient has had this duty: a window that opened before it was asked began with asking."""
    accepted = referral.clocks.accepted_at
    late = rule is not None and rule.start is ClockStart.ACCEPTED and accepted is not None
    return from_wire(accepted if late and accepted is not None else referral.received_at)


class _Ring(NamedTuple):
    """A moment at which a clock says something; `alarm` None is the end of a referral."""

    moment: datetime
    phase: ClockPhase
    limit: datetime
    alarm: Alarm | None


#: An open duty: since when, until when, and what was not yet said of it.
_Duty = tuple[ClockPhase, datetime, datetime, tuple[Alarm, ...]]


def _rings(referral: Referral, sop: Sop) -> Iterator[_Ring]:
    """Yield all that was not said before, in no order."""
    if referral.has_ended:
        return
    for phase, began, limit, alarms in _duties(referral, sop):
        for alarm in alarms:
            yield _Ring(began + _offset(alarm, limit - began), phase, limit, alarm)
    if (end := _end(referral, sop)) is not None:
        yield _Ring(end, ClockPhase.ACKNOWLEDGE, end, None)


def _duties(referral: Referral, sop: Sop) -> list[_Duty]:
    """Return the open duties. Every write of a referral asks for them: it is kept quick."""
    found = []
    level, fired = sop.urgencies[referral.urgency], referral.clocks.fired
    received = from_wire(referral.received_at)
    for phase, due in referral.open_duties().items():
        rule = rule_of(referral, phase, sop=sop) if referral.clocks.accepted_at else None
        limit, began = from_wire(due.at), began_at(referral, rule) if rule else received
        alarms = level.alarms_of[phase]
        if fired:
            alarms = tuple(alarm for alarm in alarms if _key(phase, alarm) not in fired)
        if limit <= began:  # the window had closed before anybody was asked: said, once
            alarms = tuple(alarm for alarm in alarms if alarm.percent == _LIMIT)
        found.append((phase, began, limit, alarms))
    return found


@lru_cache(maxsize=1024)
def _first_offset(alarms: tuple[Alarm, ...], length: timedelta) -> timedelta:
    """Return how long after a duty began its first alarm is given. There are few alarms and few lengths of duties."""
    return min(_offset(alarm, length) for alarm in alarms)


def _offset(alarm: Alarm, length: timedelta) -> timedelta:
    """Return how long after a duty of this length began its alarm is given."""
    return length * (alarm.percent or 0) / _LIMIT if alarm.minutes is None else timedelta(minutes=alarm.minutes)


def _firing(referral: Referral, ring: _Ring) -> Firing:
    due, at = referral.due[ring.phase], to_wire(ring.moment)
    if ring.alarm is None:
        return Firing(at, FiringKind.EXPIRED, ring.phase, _EXPIRY, AlarmLevel.COORDINATOR, due)
    kind = FiringKind.WARNING if ring.moment < ring.limit else FiringKind.MISSED
    return Firing(at, kind, ring.phase, ring.alarm.id, ring.alarm.level, due)


def _key(phase: ClockPhase, alarm: Alarm) -> str:
    return f"{phase}.{alarm.id}"


def _end(referral: Referral, sop: Sop) -> datetime | None:
    """Return when a referral ends that nobody acknowledges; None when it does not end by itself."""
    expiry = sop.urgencies[referral.urgency].expiry
    if referral.state not in UNHEARD or expiry is None or ClockPhase.ACKNOWLEDGE not in referral.due:
        return None
    return _expires_at(referral, expiry, began=from_wire(referral.received_at), sop=sop)


def _expires_at(referral: Referral, expiry: Expiry, *, began: datetime, sop: Sop) -> datetime:
    if expiry.minutes is not None:
        return began + timedelta(minutes=expiry.minutes)
    rule = rule_of(referral, ClockPhase.ACKNOWLEDGE, sop=sop)
    if rule is None:
        return began + expiry.times * (from_wire(referral.due[ClockPhase.ACKNOWLEDGE].at) - began)
    amount = rule.remote if referral.remote_area and rule.remote is not None else rule.amount
    return due_at(began, expiry.times * amount, rule.unit)
