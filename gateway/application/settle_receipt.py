"""Settle a delivery by the recipient's signed receipt: the text is forgotten, the sender told of a rejection."""

from dataclasses import dataclass, replace

from gateway.application.ports import Desk, StoredMessage
from gateway.application.report_event import moved
from gateway.domain.referral import Referral, forget_delivered
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState

STORED = "stored"


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """What a recipient signed of one delivered message. `result` is stored or rejected."""

    agency: str
    message_id: str
    sha256: str
    result: str
    code: str | None
    trace_id: str


def settle_receipt(desk: Desk, receipt: ReceiptGiven) -> bool:
    """Settle one message; return False for a receipt that is not of this agency and these bytes.

    A second receipt for a settled message changes nothing.
    """
    message = desk.message(receipt.message_id)
    if message is None or message.recipient != receipt.agency or message.sha256 != receipt.sha256:
        return False
    if message.settled:
        return True
    referral = desk.referral(message.referral_id) if message.referral_id else None
    changed = _after(message, referral, receipt)
    desk.record(
        "delivery",
        receipt.agency,
        message_id=message.message_id,
        message_sha256=message.sha256,
        referral_id=message.referral_id,
        chain_id=referral.chain_id if referral else None,
        consent_id=referral.consent_id if referral else None,
        code=receipt.code or receipt.result,
        state=changed.state.value if changed else None,
        trace_id=receipt.trace_id,
    )
    if changed is not None and changed is not referral:
        desk.change_referral(changed)
    desk.settle_message(message, code=receipt.code or receipt.result)
    _tell_sender(desk, message, receipt)
    return True


def _after(message: StoredMessage, referral: Referral | None, receipt: ReceiptGiven) -> Referral | None:
    if referral is None or message.kind != "referral":
        return referral
    if receipt.result != STORED:
        return referral if referral.has_ended else moved(referral, ReferralState.EXPIRED)
    delivered = replace(referral, halves=forget_delivered(referral.halves))
    return moved(delivered, ReferralState.DELIVERED) if referral.state is ReferralState.SENT else delivered


def _tell_sender(desk: Desk, message: StoredMessage, receipt: ReceiptGiven) -> None:
    if receipt.result == STORED or message.sender == GATEWAY or message.referral_id is None:
        return
    desk.notify(
        message.sender,
        type="undeliverable",
        referral_id=message.referral_id,
        data={"message_id": message.message_id, "kind": message.kind, "code": receipt.code or receipt.result},
        trace_id=receipt.trace_id,
    )
