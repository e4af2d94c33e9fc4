"""Say what the clocks of one referral have to say by now: recorded, told to its parties, and never said twice.

Decided at the desk, under the lock of the ledger's head: of any number of processes that find the same referral
due, the first one fires and the others find it done. The firing, its ledger entries and the notices that wait for
delivery are one unit of work, so a crash loses either all of them, and they are fired again, or none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.application.next_agency import next_agency
from gateway.application.ports import Desk, StoredMessage
from gateway.application.replacing import offer
from gateway.application.report_event import moved
from gateway.domain.alarms import Firing, FiringKind, schedule, worth_saying
from gateway.domain.referral import Referral
from shared.kernel.clock import to_wire
from shared.kernel.identifiers import GATEWAY
from shared.sop.model import ReferralState, Sop

EXPIRED = "expired"
#: The notice that tells of each kind of firing (wire section 3).
_NOTICES: Mapping[FiringKind, str] = {
    FiringKind.WARNING: "clock_warning",
    FiringKind.MISSED: "clock_missed",
    FiringKind.EXPIRED: EXPIRED,
}


def fire_clocks(desk: Desk, referral_id: str, *, sop: Sop) -> Sequence[Firing]:
    """Fire what is due for a referral and return what was said; nothing when nothing is due any more.

    The steps: (1) what is due by now, and not said before; (2) when nobody acknowledged in time, the referral ends,
    its halves are destroyed and what still waits of it does not leave; (3) each firing is an entry in the ledger and
    a notice to both parties; what the recipient never had, it is not told of.
    """
    referral = desk.referral(referral_id)
    if referral is None:
        return ()
    now = to_wire(desk.at)
    due = [firing for firing in schedule(referral, sop=sop) if firing.at <= now]  # (1)
    said = worth_saying(due)
    ends = any(firing.kind is FiringKind.EXPIRED for firing in due)
    waiting = desk.unsettled([referral_id]) if ends else ()
    after_that = next_agency(desk, referral) if ends else None
    after = _remember(referral, due)
    for firing in said:
        _record(desk, after, firing)
        after = _ended(after) if firing.kind is FiringKind.EXPIRED else after  # (2)
    desk.change_referral(after)
    withheld = _stop(desk, after, waiting)
    for firing in said:  # (3)
        _tell(desk, after, firing, sop=sop, following=after_that, withheld=withheld)
    return said


def _remember(referral: Referral, due: Sequence[Firing]) -> Referral:
    fired = referral.clocks.fired | {firing.key for firing in due}
    return replace(referral, clocks=replace(referral.clocks, fired=fired))


def _ended(referral: Referral) -> Referral:
    return moved(referral, ReferralState.EXPIRED)


def _record(desk: Desk, referral: Referral, firing: Firing) -> None:
    ends = firing.kind is FiringKind.EXPIRED
    desk.record(
        "clock",
        GATEWAY,
        referral_id=referral.referral_id,
        chain_id=referral.chain_id,
        consent_id=referral.consent_id,
        code=firing.code,
        state=ReferralState.EXPIRED.value if ends else referral.state.value,
    )


def _stop(desk: Desk, referral: Referral, waiting: Sequence[StoredMessage]) -> bool:
    """Keep what waits of an ended referral from leaving; say whether its recipient never had any of it."""
    never_left = any(message.kind == "referral" and not message.attempted for message in waiting)
    for message in waiting:
        if message.kind in {"referral", "note"} or (never_left and message.recipient == referral.recipient):
            desk.settle_message(message, code=EXPIRED)
    return never_left


def _tell(desk: Desk, referral: Referral, firing: Firing, *, sop: Sop, following: str | None, withheld: bool) -> None:
    data = _data(referral, firing, sop)
    wanted, ends = referral.reroute_if_expired, firing.kind is FiringKind.EXPIRED
    offered = offer(desk, referral, following, wanted=wanted, rules=sop.reroutes) if ends else {}
    parties = {referral.sender: {**data, **offered}} | ({} if withheld else {referral.recipient: data})
    for agency, told in parties.items():
        desk.notify(agency, type=_NOTICES[firing.kind], referral_id=referral.referral_id, data=told, trace_id="")


def _data(referral: Referral, firing: Firing, sop: Sop) -> dict[str, Any]:
    data = {
        "phase": firing.phase.value,
        "level": firing.level.value,
        "due_at": firing.due.at,
        "rule": firing.due.rule_id,
        "state": referral.state.value,
    }
    instruction = sop.urgencies[referral.urgency].instruction_code
    return data if instruction is None else {**data, "instruction": instruction}
