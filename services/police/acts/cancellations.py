"""Asking to cancel an order, and what was decided: within 12 hours, and with written reasons where it is upheld.

An order that was made without her, as her life was threatened, can be cancelled because she disagrees (E4).
"""

from typing import Any, Final

from services.police.acts import heed, heed_times, unlocked
from services.police.acts.supervision import SUPERVISED, running_order
from services.police.messages.cancellations import CancellationDecision, CancellationRequest
from services.police.records import Cancellation, Order
from services.police.rules.orders import Cancelled, Office, badly_cancelled, not_hers_to_cancel, not_theirs_to_decide
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file, record_of
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

_RULE: Final = "VN-DV-08"


async def ask_to_cancel(
    practice: Practice, caller: Caller, referral_id: str, order_id: str, asked: CancellationRequest
) -> Done:
    """Register a request to cancel an order; the 12 hours run. Raises `police.cancel-ground` (E4)."""
    cancellation_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        order = running_order(practice, desk, referral_id, order_id)
        heed(practice, not_hers_to_cancel(asked.ground, made_without_her=order.ex_officio))
        heed_times(practice, ("/order", from_wire(order.effective_at)), ("/asked_at", asked.asked_at))
        desk.add(
            Cancellation(
                cancellation_id=cancellation_id,
                referral_id=referral_id,
                order_id=order_id,
                asked_at=to_wire(asked.asked_at),
                ground=asked.ground,
                actor=asked.actor,
            )
        )
        due = practice.rulebook.due(_RULE, asked.asked_at)
        start_clock(desk, referral_id, cancellation_id, _RULE, started_at=asked.asked_at, due_at=due)
        return Outcome(cancellation_id)

    act = Act(name="police.ask-to-cancel-order", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def decide_cancellation(
    practice: Practice, caller: Caller, referral_id: str, cancellation_id: str, asked: CancellationDecision
) -> Done:
    """Record what the authority decided about cancelling. Raises `police.reasons-missing`, `police.order-authority`."""

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        cancellation = record_of(desk, Cancellation, cancellation_id, referral_id)
        if cancellation.decided is not None:
            raise practice.rulebook.refused("police.decided-already")
        order = record_of(desk, Order, cancellation.order_id, referral_id)
        heed(practice, not_theirs_to_decide(asked.authority.office, may=frozenset({Office(order.office)})))
        heed(practice, badly_cancelled(asked.decided, reasons=asked.reasons))
        heed_times(practice, ("/asked_at", from_wire(cancellation.asked_at)), ("/decided_at", asked.decided_at))
        at = to_wire(asked.decided_at)
        reasons = None if asked.reasons is None else file.lock(_place(cancellation_id), asked.reasons)
        desk.change(cancellation, decided=asked.decided, decided_at=at, office=asked.authority.office, reasons=reasons)
        if asked.decided is Cancelled.CANCELLED:
            desk.change(order, cancelled_at=at)
        stop_clock(desk, cancellation_id, _RULE, at=asked.decided_at)
        return Outcome(cancellation_id)

    act = Act(name="police.decide-cancellation", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def shown_cancellation(practice: Practice, look: Look, cancellation_id: str) -> dict[str, Any]:
    """Return a cancellation as its routes answer it."""
    one = look.get(Cancellation, cancellation_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": cancellation_id,
        "referral_id": one.referral_id,
        "order_id": one.order_id,
        "asked_at": one.asked_at,
        "ground": one.ground,
        "decided": one.decided,
        "decided_at": one.decided_at,
        "reasons": unlocked(practice, look, one.referral_id, _place(cancellation_id), one.reasons),
    }


def _place(cancellation_id: str) -> str:
    return f"cancellation/{cancellation_id}"
