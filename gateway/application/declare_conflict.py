"""A member of the recipient's staff declares a conflict of interest: recorded, and the case is kept from them.

The ledger says that it was declared at this agency. Who it was is kept as a salted hash, why is kept nowhere.
"""

from gateway.application.outcome import Admitted, admitted, receipt
from gateway.application.ports import Desk
from gateway.application.report_event import record_on
from gateway.domain.arrival import OpeningAsked
from gateway.domain.conflict import declared_by
from gateway.domain.referral import Referral
from shared.kernel.clock import to_wire
from shared.referral.conflict import CONFLICT_REASON, KEPT_FROM
from shared.sop.model import Sop


def is_declaration(command: OpeningAsked) -> bool:
    """Say whether an opening is the declaration of a conflict."""
    return command.reason == CONFLICT_REASON


def declare_conflict(desk: Desk, command: OpeningAsked, referral: Referral, *, sop: Sop) -> Admitted:
    """Keep the case from whoever the opening names from now on. Nothing is released, whatever was asked for."""
    arrival = command.arrival
    recorded = record_on(desk, arrival, referral, code=command.reason)
    desk.conflicts.add(declared_by(referral, command.actor, at=to_wire(desk.at), sop=sop))
    refused = {name.value: KEPT_FROM for name in command.compartments}
    outcome = admitted({"shares": {}, "refused": refused, "receipt": receipt(arrival, recorded)})
    desk.store_message(
        arrival, recorded=recorded, answer=outcome.answer, referral_id=referral.referral_id, deliver=False
    )
    return outcome
