"""No-contact orders from the request to the decision: recorded, timed, and never decided by the police.

The deciding authority is named with each decision. Reasons, names and places are encrypted under the key of her
referral; number and period of an order stand in the clear, as they do in the facts of the procedure.
"""

from datetime import datetime
from typing import Any, Final

from services.police.acts import at_latest_sent, heed, heed_times, start_duty, unlocked
from services.police.messages.orders import AuthorityV1, DecisionRequest, OrderAsked, OrderPart
from services.police.records import Order, OrderRequest
from services.police.rules.objections import Objection
from services.police.rules.orders import (
    Office,
    Span,
    badly_decided,
    betrays_a_shelter,
    ex_officio,
    not_theirs_to_decide,
    too_long,
)
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, open_file, record_of
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

#: The service in which an order is asked for.
ASKED: Final = frozenset({"POL-04"})

_DECISION: Final = ("POL-04", "VN-DV-05")
SUPERVISION: Final = ("POL-05", "VN-DV-12")
COMMUNE: Final = frozenset({Office.COMMUNE_CHAIR})


async def ask_for_order(practice: Practice, caller: Caller, referral_id: str, asked: OrderAsked) -> Done:
    """Register a request for an order; the 12 hours run from it. Raises `police.order-consent` (E4)."""
    request_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        when = When.ACCEPTED if asked.renews is None else When.KEPT
        file = open_file(practice.office, desk, referral_id, ASKED, when=when)
        if asked.renews is not None:
            record_of(desk, Order, asked.renews, referral_id)
        heed_times(practice, ("/asked_at", asked.asked_at))
        without_her = ex_officio(
            asked.asked_by, consented=file.referral.consent_id is not None, life_threat=asked.life_threat
        )
        if isinstance(without_her, Objection):
            raise practice.rulebook.refused(without_her.code, pointer=without_her.pointer)
        desk.add(
            OrderRequest(
                request_id=request_id,
                referral_id=referral_id,
                asked_at=to_wire(asked.asked_at),
                asked_by=asked.asked_by,
                actor=asked.actor,
                ex_officio=without_her,
                renews=asked.renews,
            )
        )
        renewed = asked.renews is not None
        since = asked.asked_at if renewed else at_latest_sent(file.referral, asked.asked_at)
        start_duty(practice, desk, file.referral, request_id, _DECISION, since=since)
        return Outcome(request_id)

    act = Act(name="police.ask-for-order", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def record_decision(
    practice: Practice, caller: Caller, referral_id: str, request_id: str, asked: DecisionRequest
) -> Done:
    """Record what the authority decided: an order, or a refusal with written reasons (R-28)."""
    order_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, ASKED, when=When.KEPT)
        request = record_of(desk, OrderRequest, request_id, referral_id)
        if request.decided is not None:
            raise practice.rulebook.refused("police.decided-already")
        _check_decision(practice, request, asked)
        place = f"order-reasons/{request_id}"
        reasons = None if asked.reasons is None else file.lock(place, asked.reasons.model_dump(mode="json"))
        made = None if asked.order is None else order_id
        desk.change(
            request,
            decided=asked.decided,
            decided_at=to_wire(asked.decided_at),
            office=asked.authority.office,
            commune=asked.authority.commune,
            order_id=made,
            reasons=reasons,
        )
        stop_clock(desk, request_id, _DECISION[1], at=asked.decided_at)
        if asked.order is not None:
            order = order_of(file, order_id, asked.order, asked.authority, request)
            keep_order(practice, desk, file.referral, order, asked.order.received_at)
        return Outcome(request_id)

    act = Act(name="police.record-order-decision", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _check_decision(practice: Practice, request: OrderRequest, asked: DecisionRequest) -> None:
    heed(practice, not_theirs_to_decide(asked.authority.office, may=COMMUNE))
    reasons = None if asked.reasons is None else asked.reasons.text
    heed(practice, badly_decided(asked.decided, has_order=asked.order is not None, reasons=reasons))
    heed_times(practice, ("/asked_at", from_wire(request.asked_at)), ("/decided_at", asked.decided_at))
    if asked.order is not None:
        heed_times(
            practice,
            ("/decided_at", asked.decided_at),
            ("/order/effective_at", asked.order.effective_at),
            ("/order/received_at", asked.order.received_at),
        )
        check_order(practice, asked.order, asked.authority.office)


def check_order(practice: Practice, order: OrderPart, office: Office) -> None:
    """Refuse an order that holds too long, or that would tell where a shelter is (R-18)."""
    rules = practice.rulebook
    span = Span(office, order.effective_at, order.valid_to)
    until = rules.due("VN-DV-06", order.effective_at)
    heed(practice, too_long(span, commune_until=until, court_months=rules.most("VN-DV-09")))
    heed(practice, betrays_a_shelter([one.kind for one in order.zone]))


def order_of(
    file: CaseFile, order_id: str, part: OrderPart, authority: AuthorityV1, request: OrderRequest | None
) -> Order:
    """Return the record of an order."""
    return Order(
        order_id=order_id,
        referral_id=file.referral.referral_id,
        office=authority.office,
        commune=authority.commune,
        reference=part.reference,
        effective_at=to_wire(part.effective_at),
        valid_to=to_wire(part.valid_to),
        received_at=to_wire(part.received_at),
        ex_officio=request is not None and request.ex_officio,
        renews=None if request is None else request.renews,
        content=file.lock(
            order_place(order_id), part.model_dump(mode="json", include={"keeps_away", "protects", "zone"})
        ),
    )


def keep_order(practice: Practice, desk: Desk, referral: Referral, order: Order, received_at: datetime) -> None:
    """Keep an order; the hour to assign a supervisor runs from when the commune police had it."""
    desk.add(order)
    start_duty(practice, desk, referral, order.order_id, SUPERVISION, since=received_at)


def order_place(order_id: str) -> str:
    """Return where the content of an order is kept in her file."""
    return f"order/{order_id}"


def shown_request(practice: Practice, look: Look, request_id: str) -> dict[str, Any]:
    """Return a request with its decision as its routes answer it."""
    one = look.get(OrderRequest, request_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": request_id,
        "referral_id": one.referral_id,
        "asked_at": one.asked_at,
        "asked_by": one.asked_by,
        "ex_officio": one.ex_officio,
        "renews": one.renews,
        "decided": one.decided,
        "decided_at": one.decided_at,
        "authority": None if one.office is None else {"office": one.office, "commune": one.commune},
        "reasons": unlocked(practice, look, one.referral_id, f"order-reasons/{request_id}", one.reasons),
        "order": None if one.order_id is None else shown_order(practice, look, one.order_id),
    }


def shown_order(practice: Practice, look: Look, order_id: str) -> dict[str, Any]:
    """Return an order as the routes of the police answer it."""
    one = look.get(Order, order_id)
    assert one is not None  # noqa: S101 - whoever names it has found it
    return {
        "id": order_id,
        "referral_id": one.referral_id,
        "authority": {"office": one.office, "commune": one.commune},
        "reference": one.reference,
        "effective_at": one.effective_at,
        "valid_to": one.valid_to,
        "received_at": one.received_at,
        "metres": practice.rulebook.most("VN-DV-10"),
        "ex_officio": one.ex_officio,
        "renews": one.renews,
        "cancelled_at": one.cancelled_at,
        "content": unlocked(practice, look, one.referral_id, order_place(order_id), one.content),
    }
