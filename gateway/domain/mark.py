"""What an event said that is counted: one coded fact each, kept because the event itself is forgotten once delivered.

Never words, never who: a reason from the procedure's list, whether her wish was met, whether she was told. Kept only
until the quarter is counted (`gateway.adapters.releases`).
"""

from dataclasses import dataclass

from gateway.domain.arrival import EventReported
from gateway.domain.referral import Referral
from shared.kernel.clock import to_wire
from shared.sop.model import EventType

_GENDERS = frozenset({"female", "male"})
MET, OTHERWISE = "met", "otherwise"


@dataclass(frozen=True, slots=True)
class Mark:
    """One counted fact: `event` is what happened, `value` a code. `at` is wire text."""

    message_id: str
    referral_id: str
    chain_id: str
    event: str
    value: str
    at: str


def mark_of(command: EventReported, referral: Referral) -> Mark | None:
    """Return what is counted of an event; None when there is nothing."""
    value = _value(command, referral)
    if value is None:
        return None
    arrival = command.arrival
    at = to_wire(arrival.received_at)
    return Mark(arrival.message_id, referral.referral_id, referral.chain_id, command.type.value, value, at)


def _value(command: EventReported, referral: Referral) -> str | None:
    data = command.data
    if command.type is EventType.DECLINED:
        return str(data["reason"])
    if command.type is EventType.ACCEPTED and referral.staff_gender in _GENDERS:
        return MET if data.get("staff_gender") == referral.staff_gender else OTHERWISE
    if command.type is EventType.CLOSED:
        told = "told" if data.get("survivor_told") is True else "untold"
        return f"{told}:{data['helped']}" if "helped" in data else told
    return None
