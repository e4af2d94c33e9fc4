"""Supervising an order: the supervisor within the hour, the meeting that announces it, and what a supervisor sees.

A supervisor may be somebody of the community, such as a village head. Such a person sees the order and its zone and
nothing else: no safety data, no incident, and nobody whom the order does not name (R-19). Every look is on record.
"""

from typing import Any, Final

from services.police.acts import at_latest_sent, heed, heed_times, unlocked
from services.police.acts.officers import keeping_out
from services.police.acts.orders import COMMUNE, SUPERVISION, check_order, keep_order, order_of, order_place
from services.police.messages.orders import OrderPart, ReceivedOrderRequest
from services.police.messages.supervision import MeetingRequest, SupervisorRequest
from services.police.records import Order, Supervision, latest_supervision
from services.police.rules.orders import Office, day_of, is_over, not_theirs_to_decide
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.reading import Visitor
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file, record_of
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire
from shared.kernel.errors import NotFound

#: The service in which an order that exists is handed over, and all services in which one is supervised.
RECEIVED: Final = frozenset({"POL-05"})
SUPERVISED: Final = frozenset({"POL-04", "POL-05"})

_MEETING: Final = "VN-DV-13"


async def receive_order(practice: Practice, caller: Caller, referral_id: str, asked: ReceivedOrderRequest) -> Done:
    """Register an order that was handed over for supervision (E3); the hour to assign a supervisor runs."""
    order_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, RECEIVED, when=When.OPEN)
        if desk.find(Order, referral_id=referral_id):
            raise practice.rulebook.refused("police.decided-already")
        heed(practice, not_theirs_to_decide(asked.authority.office, may=COMMUNE | {Office.COURT}))
        heed_times(
            practice,
            ("/order/effective_at", asked.order.effective_at),
            ("/order/received_at", asked.order.received_at),
        )
        check_order(practice, asked.order, asked.authority.office)
        _check_same(practice, file.referral, asked.order)
        order = order_of(file, order_id, asked.order, asked.authority, None)
        keep_order(practice, desk, file.referral, order, at_latest_sent(file.referral, asked.order.received_at))
        return Outcome(order_id)

    act = Act(name="police.receive-order", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _check_same(practice: Practice, referral: Referral, order: OrderPart) -> None:
    """Refuse an order that is another than the one the referral names (E3)."""
    facts = {"order_reference": order.reference, "order_valid_to": day_of(order.valid_to)}
    for name, value in facts.items():
        if referral.facts.get(name, value) != value:
            raise practice.rulebook.refused("police.order-differs", pointer=f"/order/{name.removeprefix('order_')}")


async def assign_supervisor(
    practice: Practice, caller: Caller, referral_id: str, order_id: str, asked: SupervisorRequest
) -> Done:
    """Assign who supervises an order; the hour to announce it runs.

    Raises `police.order-over`, `police.officer-kept`.
    """
    supervision_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        order = running_order(practice, desk, referral_id, order_id)
        heed(practice, keeping_out(desk, file.referral, asked.supervisor, "/supervisor"))
        heed_times(practice, ("/received_at", from_wire(order.received_at)), ("/assigned_at", asked.assigned_at))
        desk.add(
            Supervision(
                supervision_id=supervision_id,
                referral_id=referral_id,
                order_id=order_id,
                supervisor=asked.supervisor,
                role=asked.role,
                assigned_at=to_wire(asked.assigned_at),
                actor=asked.actor,
                decision=asked.decision,
            )
        )
        stop_clock(desk, order_id, SUPERVISION[1], at=asked.assigned_at)
        due = practice.rulebook.due(_MEETING, asked.assigned_at)
        start_clock(desk, referral_id, order_id, _MEETING, started_at=asked.assigned_at, due_at=due)
        return Outcome(supervision_id)

    act = Act(name="police.assign-supervisor", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def hold_meeting(
    practice: Practice, caller: Caller, referral_id: str, supervision_id: str, asked: MeetingRequest
) -> Done:
    """Record the meeting at which the supervision was announced."""

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        supervision = record_of(desk, Supervision, supervision_id, referral_id)
        heed_times(practice, ("/assigned_at", from_wire(supervision.assigned_at)), ("/held_at", asked.held_at))
        desk.change(supervision, announced_at=to_wire(asked.held_at))
        stop_clock(desk, supervision.order_id, _MEETING, at=asked.held_at)
        return Outcome(supervision_id)

    act = Act(name="police.announce-supervision", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def running_order(practice: Practice, look: Look, referral_id: str, order_id: str) -> Order:
    """Return an order that holds. Raises `police.order-over`."""
    order = record_of(look, Order, order_id, referral_id)
    if is_over(from_wire(order.valid_to), cancelled=order.cancelled_at is not None, now=practice.now()):
        raise practice.rulebook.refused("police.order-over")
    return order


async def order_to_supervise(practice: Practice, visitor: Visitor, order_id: str) -> dict[str, Any]:
    """Return to its supervisor the order and its zone and nothing else (R-19).

    Raises `NotFound` (`record.unknown`) for anybody else, and once the order is over: nothing is left to supervise.
    """
    supervision = await practice.look(lambda reading: latest_supervision(reading.find(Supervision, order_id=order_id)))
    if supervision is None or supervision.supervisor != visitor.actor:
        raise NotFound("record.unknown", "There is no such order for you to supervise.")
    return await practice.visit(
        visitor, "order", supervision.referral_id, lambda reading: _order_alone(practice, reading, order_id)
    )


def _order_alone(practice: Practice, look: Look, order_id: str) -> dict[str, Any]:
    order = look.get(Order, order_id)
    assert order is not None  # noqa: S101 - somebody supervises it
    over = is_over(from_wire(order.valid_to), cancelled=order.cancelled_at is not None, now=practice.now())
    content = unlocked(practice, look, order.referral_id, order_place(order_id), order.content)
    if over or content is None:
        raise NotFound("record.unknown", "There is no such order for you to supervise.")
    return {
        "id": order_id,
        "reference": order.reference,
        "authority": {"office": order.office, "commune": order.commune},
        "effective_at": order.effective_at,
        "valid_to": order.valid_to,
        "metres": practice.rulebook.most("VN-DV-10"),
        "keeps_away": content["keeps_away"],
        "protects": content["protects"],
        "zone": content["zone"],
    }


def shown_supervision(_practice: Practice, look: Look, supervision_id: str) -> dict[str, Any]:
    """Return a supervision as its routes answer it."""
    one = look.get(Supervision, supervision_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": supervision_id,
        "referral_id": one.referral_id,
        "order_id": one.order_id,
        "supervisor": one.supervisor,
        "role": one.role,
        "assigned_at": one.assigned_at,
        "decision": one.decision,
        "announced_at": one.announced_at,
    }
