"""The due times of a referral: from its admission, and again once it is accepted."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from gateway.domain.arrival import ReferralSent
from gateway.domain.referral import DueTime, Referral
from shared.kernel.clock import from_wire, to_wire
from shared.referral.deadlines import Due, due_times
from shared.sop.model import ClockPhase, Sop, Urgency


def first_due_times(command: ReferralSent, *, received_at: datetime, sop: Sop) -> Mapping[ClockPhase, DueTime]:
    """Return the due times of a referral that came in at `received_at`; what starts on acceptance is not among them."""
    return _first_due_times(
        sop,
        command.service_type,
        command.urgency,
        received_at=received_at,
        incident_at=command.incident_at,
        remote_area=command.in_remote_area,
    )


@lru_cache(maxsize=1024)
def _first_due_times(
    sop: Sop, service: str, urgency: Urgency, *, received_at: datetime, incident_at: datetime | None, remote_area: bool
) -> Mapping[ClockPhase, DueTime]:
    """Work them out once for referrals of one transaction, which have their moment in common and often the rest too."""
    found = due_times(
        sop,
        sop.services[service],
        urgency=urgency,
        sent_at=received_at,
        incident_at=incident_at,
        remote_area=remote_area,
    )
    return MappingProxyType(_in_wire_form(found))


def with_due_times(referral: Referral, *, sop: Sop, accepted_at: datetime | None = None) -> Referral:
    """Return the referral with its due times; clocks that start on acceptance run once `accepted_at` is given.

    A limit that stands already only ever moves to an earlier moment (INV-05); one that was paused stays where it is.
    """
    found = due_times(
        sop,
        sop.services[referral.service_type],
        urgency=referral.urgency,
        sent_at=from_wire(referral.received_at),
        incident_at=None if referral.incident_at is None else from_wire(referral.incident_at),
        accepted_at=accepted_at,
        remote_area=referral.remote_area,
    )
    paused = referral.clocks.pauses
    due = {phase: limit for phase, limit in _in_wire_form(found).items() if phase not in paused}
    clocks = referral.clocks if accepted_at is None else replace(referral.clocks, accepted_at=to_wire(accepted_at))
    return replace(referral, due=_earlier(referral.due, due), clocks=clocks)


def _in_wire_form(found: Mapping[ClockPhase, Due]) -> dict[ClockPhase, DueTime]:
    return {phase: DueTime(to_wire(limit.at), limit.rule_id) for phase, limit in found.items()}


def _earlier(before: Mapping[ClockPhase, DueTime], after: Mapping[ClockPhase, DueTime]) -> Mapping[ClockPhase, DueTime]:
    merged = dict(before)
    for phase, due in after.items():
        if phase not in merged or due.at < merged[phase].at:
            merged[phase] = due
    return merged
