"""When a recipient must have acknowledged, decided, contacted and completed.

Owns the choice among clocks (fact sheet sections 4.1 to 4.5): of the service type, and of the urgency level where
the service type sets none. Promises that a statutory or clinical limit never moves later, whatever the
urgency (INV-05), and that a clinical window runs from the incident (E6, INV-13). The calendar itself is
`shared.sop.calendar`. The absolute time is stored with the id of the rule that produced it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from shared.kernel.values import value
from shared.sop.calendar import due_at
from shared.sop.model import ClockPhase, ClockRule, ClockStart, ServiceType, Sop, Urgency

_RANK: Mapping[Urgency, int] = {urgency: rank for rank, urgency in enumerate(Urgency)}  # the most urgent first


@value
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
    found: dict[ClockPhase, Due] = {}
    for rule in _watching(sop, service, urgency):
        start = starts[rule.start]
        if start is None or (firm_only and rule.pausable):
            continue
        at = due_at(start, rule.remote if remote_area and rule.remote is not None else rule.amount, rule.unit)
        known = found.get(rule.phase)
        if known is None or at < known.at:
            found[rule.phase] = Due(rule.id, at)
    return found


def is_raised(service: ServiceType, urgency: Urgency) -> bool:
    """Say whether `urgency` is above the service type's own."""
    return _RANK[urgency] < _RANK[service.urgency]


def clock_rules(sop: Sop, service: ServiceType, *, phase: ClockPhase, urgency: Urgency) -> Iterator[ClockRule]:
    """Return every clock that watches `phase` of a referral for `service` at `urgency`."""
    return (rule for rule in _watching(sop, service, urgency) if rule.phase is phase)


@lru_cache(maxsize=1024)
def _watching(sop: Sop, service: ServiceType, urgency: Urgency) -> tuple[ClockRule, ...]:
    raised, own = is_raised(service, urgency), {rule.phase for rule in service.clocks}
    of_level = [rule for rule in sop.urgencies[urgency].clocks if raised or rule.phase not in own]
    return (*service.clocks, *of_level)  # (1) to (3)
