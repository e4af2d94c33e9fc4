"""Settle a delivery by the recipient's signed receipt: the text is forgotten; of a rejection its sender is told.

Of a referral that was rejected it is also told whom it could ask instead.
"""

from dataclasses import replace

from gateway.application.end_undelivered import Dealt, ended_by, tell_undeliverable
from gateway.application.never_held import answer_by_receipt, concerned_holds
from gateway.application.ports import Desk, Recorded, StoredMessage
from gateway.application.report_event import moved
from gateway.application.revoke_consent import REVOKED
from gateway.domain.receipt import STORED, ReceiptGiven
from gateway.domain.referral import Referral, forget_delivered
from shared.sop.model import ReferralState, Sop


def settle_receipt(desk: Desk, receipt: ReceiptGiven, *, sop: Sop) -> bool:
    """Settle one message; return False for a receipt that is not of this agency and these bytes.

    A second receipt for a settled message changes nothing. One that comes late for a referral that was stopped when
    consent was taken back says whether the agency has it after all.
    """
    message = desk.message(receipt.message_id)
    if message is None or message.recipient != receipt.agency or message.sha256 != receipt.sha256:
        return False
    if message.settled and not _was_stopped(message):
        return True
    referral = desk.referral(message.referral_id) if message.referral_id else None
    holds, after = concerned_holds(desk, message, receipt), _after(desk, message, referral, receipt)
    recorded = _record(desk, receipt, after)
    if after.referral is not None and after.referral is not referral:
        desk.change_referral(after.referral)
    desk.settle_message(message, code=receipt.filed)
    if receipt.result != STORED and not message.settled:
        tell_undeliverable(desk, after, code=receipt.code or receipt.result, trace_id=receipt.trace_id, sop=sop)
    if after.referral is not None:
        answer_by_receipt(desk, holds, receipt, after.referral, recorded=recorded)
    return True


def _was_stopped(message: StoredMessage) -> bool:
    return message.kind == "referral" and message.settled_as == REVOKED


def _record(desk: Desk, receipt: ReceiptGiven, after: Dealt) -> Recorded:
    message, referral = after.message, after.referral
    return desk.record(
        "delivery",
        receipt.agency,
        message_id=message.message_id,
        message_sha256=message.sha256,
        referral_id=message.referral_id,
        chain_id=referral.chain_id if referral else None,
        consent_id=referral.consent_id if referral else None,
        code=receipt.filed,
        state=referral.state.value if referral else None,
        trace_id=receipt.trace_id,
    )


def _after(desk: Desk, message: StoredMessage, referral: Referral | None, receipt: ReceiptGiven) -> Dealt:
    if referral is None or message.kind != "referral":
        return Dealt(message, referral)
    if receipt.result != STORED:
        return ended_by(desk, message, referral)
    delivered = replace(referral, halves=forget_delivered(referral.halves))
    is_first = referral.state is ReferralState.SENT
    return Dealt(message, moved(delivered, ReferralState.DELIVERED) if is_first else delivered)
