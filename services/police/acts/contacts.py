"""What happens while an order holds: exceptional contact that was allowed, and breaches.

Exceptional contact follows Decree 76/2023 Art 18 as the fact sheet cites it: announced in writing, signed by the
supervisor first, on one of three occasions, for at most four hours, and told to the chair at once.
"""

from datetime import datetime
from typing import Any

from services.police.acts import heed, heed_times, unlocked
from services.police.acts.supervision import SUPERVISED, running_order
from services.police.messages.contacts import BreachRequest, ContactRequest
from services.police.records import Breach, ExceptionalContact, Order, Supervision
from services.police.rules.orders import contact_not_allowed, contact_prolonged
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file, record_of
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire


async def allow_contact(
    practice: Practice, caller: Caller, referral_id: str, order_id: str, asked: ContactRequest
) -> Done:
    """Record that contact is allowed on one occasion.

    Raises `police.contact-unsigned`, `police.contact-too-long`, `police.contact-prolonged`.
    """
    contact_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        order = running_order(practice, desk, referral_id, order_id)
        supervised = desk.find(Supervision, order_id=order_id)
        if not supervised:
            raise practice.rulebook.refused("police.contact-unsigned", pointer="/supervisor_signed_at")
        # Whoever signed may have been followed by another supervisor since.
        _check(practice, order, asked, supervised_from=min(from_wire(one.assigned_at) for one in supervised))
        others = desk.find(ExceptionalContact, order_id=order_id)
        spans = [(from_wire(one.begins_at), from_wire(one.ends_at)) for one in others]
        heed(practice, contact_prolonged(asked.begins_at, asked.ends_at, spans))
        content = asked.model_dump(mode="json", include={"occasion", "supervisor_signed_at", "chair_told_at"})
        desk.add(
            ExceptionalContact(
                contact_id=contact_id,
                referral_id=referral_id,
                order_id=order_id,
                begins_at=to_wire(asked.begins_at),
                ends_at=to_wire(asked.ends_at),
                actor=asked.actor,
                content=file.lock(f"contact/{contact_id}", content),
            )
        )
        return Outcome(contact_id)

    act = Act(name="police.allow-contact", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def _check(practice: Practice, order: Order, asked: ContactRequest, *, supervised_from: datetime) -> None:
    objections = contact_not_allowed(
        begins=asked.begins_at,
        ends=asked.ends_at,
        most_until=min(practice.rulebook.due("VN-DV-11", asked.begins_at), from_wire(order.valid_to)),
        signed_at=asked.supervisor_signed_at,
        written=asked.written_notice,
    )
    heed(practice, objections)
    heed_times(
        practice,
        ("/order", from_wire(order.effective_at)),
        ("/assigned_at", supervised_from),
        ("/supervisor_signed_at", asked.supervisor_signed_at),
        ("/chair_told_at", asked.chair_told_at),
    )


async def report_breach(
    practice: Practice, caller: Caller, referral_id: str, order_id: str, asked: BreachRequest
) -> Done:
    """Record that an order was broken, and what was done."""
    breach_id = practice.new_id()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPERVISED, when=When.KEPT)
        order = record_of(desk, Order, order_id, referral_id)
        heed_times(practice, ("/order", from_wire(order.effective_at)), ("/happened_at", asked.happened_at))
        until = min(from_wire(order.valid_to), from_wire(order.cancelled_at or order.valid_to))
        if asked.happened_at > until:
            raise practice.rulebook.refused("police.order-over", pointer="/happened_at")
        content = asked.model_dump(mode="json", include={"kind", "measures", "her_safety"})
        desk.add(
            Breach(
                breach_id=breach_id,
                referral_id=referral_id,
                order_id=order_id,
                happened_at=to_wire(asked.happened_at),
                actor=asked.actor,
                content=file.lock(f"breach/{breach_id}", content),
            )
        )
        return Outcome(breach_id)

    act = Act(name="police.report-breach", actor=asked.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def shown_contact(practice: Practice, look: Look, contact_id: str) -> dict[str, Any]:
    """Return an exceptional contact as its route answers it."""
    one = look.get(ExceptionalContact, contact_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": contact_id,
        "referral_id": one.referral_id,
        "order_id": one.order_id,
        "begins_at": one.begins_at,
        "ends_at": one.ends_at,
        "actor": one.actor,
        "details": unlocked(practice, look, one.referral_id, f"contact/{contact_id}", one.content),
    }


def shown_breach(practice: Practice, look: Look, breach_id: str) -> dict[str, Any]:
    """Return a breach as its route answers it."""
    one = look.get(Breach, breach_id)
    assert one is not None  # noqa: S101 - the act that made it named it
    return {
        "id": breach_id,
        "referral_id": one.referral_id,
        "order_id": one.order_id,
        "happened_at": one.happened_at,
        "actor": one.actor,
        "details": unlocked(practice, look, one.referral_id, f"breach/{breach_id}", one.content),
    }
