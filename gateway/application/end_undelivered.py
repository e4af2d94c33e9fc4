"""Give up a message that may not or can not be delivered any more, and tell its sender."""

from gateway.application.ports import Desk
from gateway.application.report_event import moved
from gateway.domain.alarms import UNHEARD
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState

UNDELIVERED = "undelivered"


def end_undelivered(desk: Desk, message_id: str) -> None:
    """Settle a waiting message as undelivered; a referral that never arrived expires, its halves destroyed.

    One that the recipient has acknowledged did arrive, whatever became of the receipt: it goes on.
    """
    message = desk.message(message_id)
    if message is None or message.settled:
        return
    referral = desk.referral(message.referral_id) if message.referral_id else None
    after = referral
    if referral is not None and message.kind == "referral" and referral.state in UNHEARD:
        after = moved(referral, ReferralState.EXPIRED)
        desk.change_referral(after)
    desk.record(
        "expiry",
        GATEWAY,
        message_id=message.message_id,
        message_sha256=message.sha256,
        referral_id=message.referral_id,
        chain_id=after.chain_id if after else None,
        consent_id=after.consent_id if after else None,
        code=UNDELIVERED,
        state=after.state.value if after else None,
    )
    desk.settle_message(message, code=UNDELIVERED)
    if message.sender != GATEWAY and message.referral_id is not None:
        data = {"message_id": message.message_id, "kind": message.kind, "code": UNDELIVERED}
        desk.notify(message.sender, type="undeliverable", referral_id=message.referral_id, data=data, trace_id="")
