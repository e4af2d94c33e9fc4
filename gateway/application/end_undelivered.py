"""Give up messages that may not or can not be delivered any more, and tell their senders who could be asked instead."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.application.next_agency import next_agency
from gateway.application.ports import Desk, StoredMessage
from gateway.application.replacing import offer
from gateway.application.report_event import moved
from gateway.domain.alarms import UNHEARD
from gateway.domain.referral import Referral
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState, Sop

UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True)
class Dealt:
    """A message that was dealt with, the referral as that leaves it, and who could be asked instead."""

    message: StoredMessage
    referral: Referral | None
    following: str | None = None


def end_undelivered(desk: Desk, message_ids: Sequence[str], *, sop: Sop) -> None:
    """Settle waiting messages as undelivered; a referral that never arrived expires, its halves destroyed.

    One that the recipient has acknowledged did arrive, whatever became of the receipt: it goes on.
    """
    waiting = [message for one in message_ids if (message := desk.message(one)) is not None and not message.settled]
    ended = {message.message_id: dealt for message in waiting if (dealt := _never_arrived(desk, message)) is not None}
    for message in waiting:
        referral = desk.referral(message.referral_id) if message.referral_id else None
        dealt = ended.get(message.message_id, Dealt(message, referral))
        _end(desk, dealt, changed=message.message_id in ended)
        tell_undeliverable(desk, dealt, code=UNDELIVERED, trace_id="", sop=sop)


def _never_arrived(desk: Desk, message: StoredMessage) -> Dealt | None:
    referral = desk.referral(message.referral_id) if message.referral_id else None
    if referral is None or message.kind != "referral" or referral.state not in UNHEARD:
        return None
    return ended_by(desk, message, referral)


def _end(desk: Desk, dealt: Dealt, *, changed: bool) -> None:
    message, after = dealt.message, dealt.referral
    if changed and after is not None:
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


def ended_by(desk: Desk, message: StoredMessage, referral: Referral) -> Dealt:
    """Return what becomes of a referral that did not arrive: if it had not ended, it expires, and another may follow.

    Read it before anything is written.
    """
    if referral.has_ended:
        return Dealt(message, referral)
    return Dealt(message, moved(referral, ReferralState.EXPIRED), next_agency(desk, referral))


def tell_undeliverable(desk: Desk, dealt: Dealt, *, code: str, trace_id: str, sop: Sop) -> None:
    """Tell the sender of a message that its recipient does not have it; of a referral, whom it could ask instead.

    Where the sender asked for going on when nobody takes a referral, that holds for this end as well.
    """
    message, referral = dealt.message, dealt.referral
    if message.sender == GATEWAY or message.referral_id is None:
        return
    data = {"message_id": message.message_id, "kind": message.kind, "code": code}
    if referral is not None and message.kind == "referral":
        wanted = referral.reroute_if_expired
        offered = offer(desk, referral, dealt.following, wanted=wanted, rules=sop.reroutes)
        data |= {"state": referral.state.value, **offered}
    desk.notify(message.sender, type="undeliverable", referral_id=message.referral_id, data=data, trace_id=trace_id)
