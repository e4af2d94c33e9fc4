"""When a recipient must have acknowledged, decided, contacted and completed.

Owns the choice among clocks (fact sheet sections 4.1 to 4.5): of the service type, and of the urgency level where
the service type sets none. Promises that a statutory or clinical limit never moves later, whatever the
urgency (INV-05), and that a clinical window runs from the incident (E6, INV-13). The calendar itself is
`shared.sop.calendar`. The absolute time is stored with the id of the rule that produced it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.sop.calendar import due_at
from shared.sop.model import ClockPhase, ClockRule, ClockStart, ServiceType, Sop, Urgency

_MOST_URGENT_FIRST = tuple(Urgency)


@dataclass(frozen=True, slots=True)
class Due:
    """A limit, and the clock rule it comes from."""

    rule_id: str
    at: datetime


def due_times(
    sop: Sop,
    service: ServiceType,
    *,
    urgency: Urgency,
    sent_at: datetime,
    incident_at: datetime | None,
    accepted_at: datetime | None = None,
    remote_area: bool = False,
    firm_only: bool = False,
) -> Mapping[ClockPhase, Due]:
    """Return the limit of each phase, in UTC. A phase whose clock starts on acceptance is absent until then.

    1. The earliest of the service type's own clocks for the phase counts.
    2. Where it has none, the clock of the urgency level does.
    3. When the caller raised the urgency above the service type's own, the level's clock counts beside them.

    In a remote area a clock that says so runs longer. A window from the incident runs from sending when
    the incident's time is not known or lies after it. With `firm_only`, clocks that may pause do not count:
    what is left is how far a pause can ever move a limit.
    """
    starts = {
        ClockStart.SENT: sent_at,
        ClockStart.INCIDENT: min(incident_at or sent_at, sent_at),
        ClockStart.ACCEPTED: accepted_at,
    }
    found = {}
    for phase in ClockPhase:
        limits = [
            Due(rule.id, due_at(start, _amount(rule, remote_area=remote_area), rule.unit))
            for rule in clock_rules(sop, service, phase=phase, urgency=urgency)
            if not (firm_only and rule.pausable) and (start := starts[rule.start]) is not None
        ]
        if limits:
            found[phase] = min(limits, key=lambda due: due.at)
    return found


def is_raised(service: ServiceType, urgency: Urgency) -> bool:
    """Say whether `urgency` is above the service type's own."""
    return _MOST_URGENT_FIRST.index(urgency) < _MOST_URGENT_FIRST.index(service.urgency)


def clock_rules(sop: Sop, service: ServiceType, *, phase: ClockPhase, urgency: Urgency) -> Iterator[ClockRule]:
    """Yield every clock that watches `phase` of a referral for `service` at `urgency`."""
    own = [rule for rule in service.clocks if rule.phase is phase]
    yield from own  # (1)
    if not own or is_raised(service, urgency):  # (2) (3)
        yield from (rule for rule in sop.urgencies[urgency].clocks if rule.phase is phase)


def _amount(rule: ClockRule, *, remote_area: bool) -> int:
    return rule.remote if remote_area and rule.remote is not None else rule.amount
