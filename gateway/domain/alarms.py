"""What the clocks of a referral have to say, and when: alarms about open duties, and the end of what nobody took.

Pure: the same referral and procedure give the same moments, so any process may ask, at any time. What was said
before is remembered on the referral itself and is never said twice. Once a referral has ended, nothing is.
Follows fact sheet sections 4.5 and 7.1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway.domain.referral import DueTime, Referral
from shared.kernel.clock import from_wire, to_wire
from shared.referral.deadlines import clock_rules
from shared.sop.calendar import due_at
from shared.sop.model import Alarm, AlarmLevel, ClockPhase, ClockRule, ClockStart, Expiry, ReferralState, Sop

#: Nobody has acknowledged: from these states a referral expires (row T17 of the lifecycle).
UNHEARD: frozenset[ReferralState] = frozenset({ReferralState.SENT, ReferralState.DELIVERED})

_EXPIRY = "expiry"
_NOTHING = timedelta(0)
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
    first = min((ring.moment for ring in _rings(referral, sop)), default=None)
    return None if first is None else to_wire(first)


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
    due, service = referral.due.get(phase), sop.services.get(referral.service_type)
    if due is None or service is None:
        return None
    rules = clock_rules(sop, service, phase=phase, urgency=referral.urgency)
    return next((rule for rule in rules if rule.id == due.rule_id), None)


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


def _rings(referral: Referral, sop: Sop) -> Iterator[_Ring]:
    """Yield all that was not said before, in no order. Every write of a referral asks for it: it is kept quick."""
    if referral.has_ended:
        return
    level, fired = sop.urgencies[referral.urgency], referral.clocks.fired
    received = from_wire(referral.received_at)
    for phase, due in referral.open_duties().items():
        rule = rule_of(referral, phase, sop=sop) if referral.clocks.accepted_at else None
        limit, began = from_wire(due.at), began_at(referral, rule) if rule else received
        length = limit - began
        for alarm in level.alarms:
            if phase not in alarm.phases or (fired and _key(phase, alarm) in fired):
                continue
            if length > _NOTHING:
                yield _Ring(began + _after(alarm, length), phase, limit, alarm)
            elif alarm.percent == _LIMIT:  # the window had closed before anybody was asked: said, once
                yield _Ring(limit, phase, limit, alarm)
    if referral.state in UNHEARD and level.expiry is not None and ClockPhase.ACKNOWLEDGE in referral.due:
        end = _expires_at(referral, level.expiry, began=received, sop=sop)
        yield _Ring(end, ClockPhase.ACKNOWLEDGE, end, None)


def _firing(referral: Referral, ring: _Ring) -> Firing:
    due, at = referral.due[ring.phase], to_wire(ring.moment)
    if ring.alarm is None:
        return Firing(at, FiringKind.EXPIRED, ring.phase, _EXPIRY, AlarmLevel.COORDINATOR, due)
    kind = FiringKind.WARNING if ring.moment < ring.limit else FiringKind.MISSED
    return Firing(at, kind, ring.phase, ring.alarm.id, ring.alarm.level, due)


def _key(phase: ClockPhase, alarm: Alarm) -> str:
    return f"{phase.value}.{alarm.id}"


def _after(alarm: Alarm, length: timedelta) -> timedelta:
    return length * (alarm.percent or 0) / _LIMIT if alarm.minutes is None else timedelta(minutes=alarm.minutes)


def _expires_at(referral: Referral, expiry: Expiry, *, began: datetime, sop: Sop) -> datetime:
    if expiry.minutes is not None:
        return began + timedelta(minutes=expiry.minutes)
    rule = rule_of(referral, ClockPhase.ACKNOWLEDGE, sop=sop)
    if rule is None:
        return began + expiry.times * (from_wire(referral.due[ClockPhase.ACKNOWLEDGE].at) - began)
    amount = rule.remote if referral.remote_area and rule.remote is not None else rule.amount
    return due_at(began, expiry.times * amount, rule.unit)
