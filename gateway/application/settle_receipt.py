"""Settle a delivery by the recipient's signed receipt: the text is forgotten; of a rejection its sender is told.

Of a referral that was rejected it is also told whom it could ask instead.
"""

from dataclasses import dataclass, replace

from gateway.application.end_undelivered import Dealt, ended_by, tell_undeliverable
from gateway.application.ports import Desk, StoredMessage
from gateway.application.report_event import moved
from gateway.domain.referral import Referral, forget_delivered
from shared.sop.model import ReferralState, Sop

STORED = "stored"


@dataclass(frozen=True, slots=True)
class ReceiptGiven:
    """What a recipient signed of one delivered message. `result` is stored or rejected.

    `filed` is what is kept of its code for good: a code has room for a name, so one that is not of the contract is not.
    """

    agency: str
    message_id: str
    sha256: str
    result: str
    code: str | None
    filed: str
    trace_id: str


def settle_receipt(desk: Desk, receipt: ReceiptGiven, *, sop: Sop) -> bool:
    """Settle one message; return False for a receipt that is not of this agency and these bytes.

    A second receipt for a settled message changes nothing.
    """
    message = desk.message(receipt.message_id)
    if message is None or message.recipient != receipt.agency or message.sha256 != receipt.sha256:
        return False
    if message.settled:
        return True
    referral = desk.referral(message.referral_id) if message.referral_id else None
    after = _after(desk, message, referral, receipt)
    changed = after.referral
    desk.record(
        "delivery",
        receipt.agency,
        message_id=message.message_id,
        message_sha256=message.sha256,
        referral_id=message.referral_id,
        chain_id=referral.chain_id if referral else None,
        consent_id=referral.consent_id if referral else None,
        code=receipt.filed,
        state=changed.state.value if changed else None,
        trace_id=receipt.trace_id,
    )
    if changed is not None and changed is not referral:
        desk.change_referral(changed)
    desk.settle_message(message, code=receipt.filed)
    if receipt.result != STORED:
        tell_undeliverable(desk, after, code=receipt.code or receipt.result, trace_id=receipt.trace_id, sop=sop)
    return True


def _after(desk: Desk, message: StoredMessage, referral: Referral | None, receipt: ReceiptGiven) -> Dealt:
    if referral is None or message.kind != "referral":
        return Dealt(message, referral)
    if receipt.result != STORED:
        return ended_by(desk, message, referral)
    delivered = replace(referral, halves=forget_delivered(referral.halves))
    is_first = referral.state is ReferralState.SENT
    return Dealt(message, moved(delivered, ReferralState.DELIVERED) if is_first else delivered)
