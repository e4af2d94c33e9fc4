"""Booking an interpreter, a companion or transport, and recording that they were there (SOC-12; R-05, R-06)."""

from collections.abc import Sequence
from typing import Any

from services.social.messages.support import SettlementRequest, SupportBookingRequest
from services.social.records import SupportBooking
from services.social.rules.support import unfit
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import CaseFile, When, file_of, open_file
from shared.agency.sector.practice import Practice
from shared.kernel.clock import to_wire
from shared.sop.model import AgeBand, Compartment

SUPPORTING = frozenset({"SOC-12"})
#: What she says where every gender is right.
ANY = "any"


async def book(practice: Practice, caller: Caller, referral_id: str, asked: SupportBookingRequest) -> Done:
    """Book somebody who may come. Raises `Conflict` with R-05, R-06 or R-01, and as `open_file`."""
    booking_id, at, helper = practice.new_id(), to_wire(practice.now()), asked.helper()

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SUPPORTING)
        gender = _chosen_gender(desk, file)
        refusal = unfit(helper, chosen_gender=gender, age_band=AgeBand(file.referral.age_band))
        if refusal is not None:
            code, pointer = refusal
            raise practice.rulebook.refused(code, pointer=pointer)
        desk.add(
            SupportBooking(
                booking_id=booking_id,
                referral_id=referral_id,
                kind=helper.kind,
                at=at,
                actor=asked.actor,
                starts_at=to_wire(asked.starts_at),
                content=file.lock(f"support/{booking_id}", asked.details.model_dump(mode="json", exclude_none=True)),
            )
        )
        return Outcome(booking_id)

    return await practice.perform(
        caller, Act(name="social.book-support", actor=asked.actor, referral_id=referral_id), work
    )


async def settle(
    practice: Practice, caller: Caller, referral_id: str, booking_id: str, asked: SettlementRequest
) -> Done:
    """Record whether a booked helper was there. Raises `Conflict` (`social.booking-absent`), and as `open_file`."""
    at = to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SUPPORTING, when=When.KEPT)
        booking = desk.get(SupportBooking, booking_id)
        if booking is None or booking.referral_id != referral_id or booking.settled_at is not None:
            raise practice.rulebook.refused("social.booking-absent")
        desk.change(booking, settled_at=at, provided=asked.provided)
        return Outcome(booking_id)

    return await practice.perform(
        caller, Act(name="social.settle-support", actor=asked.actor, referral_id=referral_id), work
    )


def _chosen_gender(desk: Desk, file: CaseFile) -> str | None:
    """Return the gender she chose, of an interpreter or else of staff (R-01).

    Her wishes in full say it where somebody has opened them here; else the envelope does.
    """
    wishes: dict[str, Any] = {}
    for holding in desk.holdings(file.referral.referral_id):
        if holding.name == Compartment.PREFERENCES and holding.content is not None:
            wishes = file.unlock(holding.name, holding.content)
    said = (wishes.get("interpreter_gender"), wishes.get("staff_gender"), file.referral.preferences.get("staff_gender"))
    return next((gender for gender in said if gender not in (None, ANY)), None)


def shown_bookings(practice: Practice, look: Look, referral_id: str) -> Sequence[dict[str, Any]]:
    """Return the bookings of a referral; without their contents once it was sealed off."""
    referral = look.get(Referral, referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    return [
        {
            "id": one.booking_id,
            "referral_id": referral_id,
            "kind": one.kind,
            "at": one.at,
            "actor": one.actor,
            "starts_at": one.starts_at,
            "settled_at": one.settled_at,
            "provided": one.provided,
            "details": None if file is None else file.unlock(f"support/{one.booking_id}", one.content),
        }
        for one in look.find(SupportBooking, referral_id=referral_id)
    ]
