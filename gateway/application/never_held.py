"""What a receipt says of a withdrawal: whether the agency ever held what was taken back.

What has left cannot be called back. Where consent is taken back meanwhile, the agency counts as a holder until it says
otherwise under its signature: it rejects the referral, or the notice of the withdrawal because it knows of no such
referral. Where it says in the end that it has stored the referral, it is told to seal that off.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.application.chase_hold import ask_to_seal
from gateway.application.ports import Desk, Recorded, StoredMessage
from gateway.domain.receipt import STORED, ReceiptGiven
from gateway.domain.referral import Referral
from gateway.domain.withdrawal import Hold, HoldResult, Reach, was_given
from shared.kernel.clock import to_wire

#: With what an agency rejects what is about a referral that it has not got.
UNKNOWN = "referral.unknown"


def concerned_holds(desk: Desk, message: StoredMessage, receipt: ReceiptGiven) -> Sequence[Hold]:
    """Return what a receipt may answer, or open again; nothing for that of a referral that arrived in time."""
    arrived = receipt.result == STORED
    if message.referral_id is None or (arrived and not message.settled):
        return ()
    if message.kind != "referral" and (receipt.code != UNKNOWN or _has_arrived(desk, message.referral_id)):
        return ()
    holds = [hold for hold in desk.holds.of_referral(message.referral_id) if hold.agency == receipt.agency]
    return holds if message.kind == "referral" else [hold for hold in holds if hold.notice == message.message_id]


def answer_by_receipt(
    desk: Desk, holds: Sequence[Hold], receipt: ReceiptGiven, referral: Referral, *, recorded: Recorded
) -> None:
    """Keep what the receipt says: an agency that rejected had nothing to open; one that stored owes its answer."""
    for hold in holds:
        if receipt.result != STORED:
            if hold.is_pending and not was_given(hold, referral):
                desk.holds.change(_denied(hold, receipt, recorded, at=to_wire(desk.at)))
        elif (hold.is_pending and desk.holds.reach(hold, at=desk.at) is Reach.REJECTED) or hold.is_denied:
            notice = ask_to_seal(desk, hold, referral, agency=hold.agency, trace_id=receipt.trace_id)
            owed = replace(hold, result=HoldResult.PENDING, answered_at=None, ledger_index=None, answer=None)
            desk.holds.change(replace(owed, notice=notice))


def _denied(hold: Hold, receipt: ReceiptGiven, recorded: Recorded, *, at: str) -> Hold:
    result = HoldResult.NEVER_OPENED
    return replace(hold, result=result, answered_at=at, ledger_index=recorded.index, answer=receipt.signed)


def _has_arrived(desk: Desk, referral_id: str) -> bool:
    sent = desk.message(referral_id)
    return sent is None or sent.settled_as in {None, STORED}
