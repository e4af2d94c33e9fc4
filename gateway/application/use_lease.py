"""A referral uses up the lease it names: the place that was held is now the place she is referred to."""

from dataclasses import replace

from gateway.application.ports import Desk
from gateway.application.take_lease import LEASE
from gateway.domain.arrival import ReferralSent
from gateway.domain.lease import Lease
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected

#: The fact of the envelope that names a lease.
FACT = "lease_id"


def named_lease(desk: Desk, command: ReferralSent) -> Lease | None:
    """Return the live lease a referral names, None when it names none.

    Raises `InputRejected` (`lease.unknown`) for one that is not the sender's, or on another agency, service or
    subject, and `Conflict` (`lease.ended`) for one that ran out or was used.
    """
    if FACT not in command.facts:
        return None
    lease = desk.leases.get(str(command.facts[FACT]))
    if lease is None or not _is_for(lease, command):
        message = "Name a lease of your own agency on this recipient and service, or leave it out."
        raise InputRejected("lease.unknown", message, faults=[FieldFault(f"/facts/{FACT}", "lease.unknown", message)])
    if not lease.is_held(at=to_wire(desk.at)):
        raise Conflict("lease.ended", "This lease has ended. Hold a place anew, or send without one.")
    return lease


def use_lease(desk: Desk, lease: Lease, command: ReferralSent) -> None:
    """Keep that the referral used the lease, and record it."""
    desk.record(
        LEASE,
        command.arrival.sender,
        message_id=lease.id,
        referral_id=command.referral_id,
        chain_id=command.chain_id,
        code="used",
        trace_id=command.arrival.trace_id,
    )
    desk.leases.use(replace(lease, referral_id=command.referral_id))


def _is_for(lease: Lease, command: ReferralSent) -> bool:
    return (
        lease.holder == command.arrival.sender
        and lease.agency_id == command.arrival.recipient
        and lease.service_type == command.service_type
        and lease.subject in {None, command.subject}
    )
