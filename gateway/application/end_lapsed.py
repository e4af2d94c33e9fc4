"""Carry out the end of a consent: what was not opened in its time is never opened, and nobody works on without it."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.application.ports import Desk, StoredMessage
from gateway.application.report_event import moved
from gateway.domain.referral import UNDECIDED, Referral, destroy
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState

EXPIRED = "consent.expired"


def end_lapsed(desk: Desk, referral_id: str) -> None:
    """Destroy the halves of a referral whose consent has ended, record it, and tell its parties.

    A referral that was never accepted expires. One that was keeps its state: what was opened is the
    recipient's to account for. A referral that is not due, or was dealt with, is left alone.
    """
    referral = desk.referral(referral_id)
    lapses_at = referral.lapses_at() if referral else None
    if referral is None or lapses_at is None or lapses_at > to_wire(desk.at):
        return
    waiting = desk.unsettled([referral_id])
    after = replace(referral, halves=destroy(referral.halves, frozenset(referral.halves)))
    if referral.state in UNDECIDED:
        after = moved(after, ReferralState.EXPIRED)
    desk.record(
        "expiry",
        GATEWAY,
        referral_id=referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code=EXPIRED,
        state=after.state.value,
    )
    desk.change_referral(after)
    for message in waiting:
        if message.kind in {"referral", "note"}:
            desk.settle_message(message, code=EXPIRED)
    for agency in _concerned(after, waiting):
        data = {"code": EXPIRED, "state": after.state.value}
        desk.notify(agency, type="expired", referral_id=referral_id, data=data, trace_id="")


def _concerned(after: Referral, waiting: Sequence[StoredMessage]) -> list[str]:
    """Return the sender, and the recipient of a referral that expired after it may have left."""
    never_left = any(message.kind == "referral" and not message.attempted for message in waiting)
    told_too = after.has_ended and not never_left
    return [after.sender, after.recipient] if told_too else [after.sender]
