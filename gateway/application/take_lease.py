"""Hold one place of a service for minutes, and let it go again: decided and recorded in one unit of work.

All units of all gateways are one sequence, and each of them counts what the ones before it granted; so the
places granted are never more than the places stated. Every grant, release and refusal is in the ledger,
without the agency whose place it is: whoever reads the ledger must not count a protected site in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.application.outcome import Refused
from gateway.application.ports import Desk
from gateway.application.unsigned_acts import check_takes_part, recorded_either_way
from gateway.domain.lease import Lease, has_place
from shared.kernel.clock import to_wire
from shared.kernel.errors import (
    Conflict,
    FieldFault,
    InputRejected,
    NotFound,
)

#: What its entries in the ledger are called.
LEASE = "lease"


@dataclass(frozen=True, slots=True)
class LeaseAsked:
    """An agency asks to hold one place; `lease_id` is the id the lease will have."""

    lease_id: str
    holder: str
    agency_id: str
    service_type: str
    minutes: int
    subject: str | None
    trace_id: str


@dataclass(frozen=True, slots=True)
class LeaseReleased:
    """An agency lets go of a lease."""

    lease_id: str
    holder: str
    trace_id: str


def take_lease(desk: Desk, asked: LeaseAsked) -> Lease | Refused:
    """Grant one place, or refuse it; both are recorded."""
    return _decided(desk, asked, lambda: _grant(desk, asked))


def release_lease(desk: Desk, released: LeaseReleased) -> Lease | Refused:
    """Let go of a lease, or refuse because the caller holds none of this id; both are recorded."""
    return _decided(desk, released, lambda: _release(desk, released))


def _decided(desk: Desk, asked: LeaseAsked | LeaseReleased, decide: Callable[[], Lease]) -> Lease | Refused:
    return recorded_either_way(
        desk, decide, kind=LEASE, by=asked.holder, trace_id=asked.trace_id, message_id=asked.lease_id
    )


def _grant(desk: Desk, asked: LeaseAsked) -> Lease:
    _check_parties(desk, asked)
    agency = desk.agency(asked.agency_id)
    at = to_wire(desk.at)
    stated = desk.leases.availability(asked.agency_id, asked.service_type)
    standings = desk.leases.standings(asked.agency_id, asked.service_type)
    spent = {standing.lease.id: standing.lease for standing in standings if not standing.takes_place(at=at)}
    spent |= {lease.id: lease for lease in desk.leases.run_out(at=at)}
    if agency is None or not has_place(agency, stated, standings, holder=asked.holder, at=at):
        raise Conflict("lease.none", "There is no place that can be held for you there now.")
    lease = Lease(
        id=asked.lease_id,
        agency_id=asked.agency_id,
        service_type=asked.service_type,
        holder=asked.holder,
        subject=asked.subject,
        expires_at=to_wire(desk.at + timedelta(minutes=asked.minutes)),
    )
    desk.record(LEASE, asked.holder, message_id=lease.id, code="granted", trace_id=asked.trace_id)
    for old in spent.values():
        desk.leases.drop(old)
    desk.leases.add(lease)
    return lease


def _check_parties(desk: Desk, asked: LeaseAsked) -> None:
    check_takes_part(desk, asked.holder)
    agency = desk.agency(asked.agency_id)
    if agency is None or not agency.is_active or asked.service_type not in agency.services:
        message = "No active agency of this id gives this service; see POST /v1/matches."
        raise InputRejected("agency.unknown", message, faults=[FieldFault("/agency", "agency.unknown", message)])


def _release(desk: Desk, released: LeaseReleased) -> Lease:
    check_takes_part(desk, released.holder)
    lease = desk.leases.get(released.lease_id)
    if lease is None or lease.holder != released.holder or not lease.is_held(at=to_wire(desk.at)):
        raise NotFound("lease.unknown", "Your agency holds no such lease; it may have run out or been used.")
    desk.record(LEASE, released.holder, message_id=lease.id, code="released", trace_id=released.trace_id)
    desk.leases.drop(lease)
    return lease
