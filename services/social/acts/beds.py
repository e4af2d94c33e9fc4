"""Holding beds, admitting her, and recording that she left: no bed is ever promised twice.

Follows the fact sheet, SOC-01 ("no police letter, no residence paper": R-08, nothing here asks for one), SOC-02 and
SOC-09. Each change of a bed is a turn with the next number. Whoever writes the same turn second is refused by the
database, whichever process wrote first, so that what was free a moment ago is never given to two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.social.acts.places import bed_is_free
from services.social.messages.beds import AdmissionRequest, DepartureRequest, HoldRequest, ReleaseRequest
from services.social.records import Bed, BedTurn, Booking, Place
from services.social.rules.beds import (
    PLACES_FOR,
    STAY_RULES,
    BedKind,
    BedState,
    BookingState,
    Kin,
    Leaving,
    PlaceKind,
    choose,
    held_too_long,
    kin_allow,
)
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import When, open_file, received
from shared.agency.sector.clocks import start_clock, stop_clock
from shared.agency.sector.practice import Practice
from shared.consent.decision import ACCEPTED_STATES
from shared.kernel.clock import to_wire
from shared.kernel.errors import Conflict

SERVICES = frozenset(PLACES_FOR)
LEASE = "lease_id"
#: What the database says when two write the same turn, and how often the one who came second looks again.
CLASH = "storage.conflict"
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which beds somebody wants for a referral, and where; `kin` is her answer before a trusted address is chosen."""

    actor: str
    place_id: str
    beds: Mapping[BedKind, int]
    kin: Kin | None = None


def wanted_in(asked: AdmissionRequest) -> Wanted:
    """Return which beds a request wants."""
    return Wanted(actor=asked.actor, place_id=asked.place_id, beds=asked.beds.by_kind(), kin=asked.kin)


async def hold_beds(practice: Practice, caller: Caller, referral_id: str, asked: HoldRequest) -> Done:
    """Hold beds for minutes. Raises `Conflict` and `InputRejected` with the rule that says no."""
    now, wanted = practice.now(), wanted_in(asked)
    until = to_wire(now + timedelta(minutes=asked.minutes))

    def work(desk: Desk) -> Outcome:
        if held_too_long(asked.minutes, start=now, longest=practice.rulebook.due("SOC-HOLD", now)):
            raise practice.rulebook.refused("social.hold-too-long", pointer="/minutes")
        referral = open_file(practice.office, desk, referral_id, SERVICES, when=When.OPEN).referral
        lease = _lease(practice, referral, asked.lease_id)
        if referral.state not in ACCEPTED_STATES and lease is None:
            raise practice.rulebook.refused("social.bed-before-acceptance")
        booked = _Booked.of(desk, referral_id)
        if booked.live(at=to_wire(now)) is not None:
            raise practice.rulebook.refused("social.bed-already")
        _, beds = _choose(practice, desk, referral, wanted, own=booked.beds)
        booking = booked.next(wanted, BookingState.HELD, at=to_wire(now), until=until, lease_id=lease)
        booked.let_go(desk)
        return _book(desk, booking, booked.beds, beds, BedState.HELD)

    act = Act(name="social.hold-bed", actor=wanted.actor, referral_id=referral_id)
    return await _once_more(practice, caller, act, work)


async def admit(practice: Practice, caller: Caller, referral_id: str, asked: AdmissionRequest) -> Done:
    """Record that she has come, in the beds that are held for her or free. The stay's clock starts.

    Raises `Conflict` (`social.bed-before-acceptance`, `social.bed-already`, `social.no-bed`, `social.kin-near`).
    """
    now, wanted = practice.now(), wanted_in(asked)

    def work(desk: Desk) -> Outcome:
        referral = open_file(practice.office, desk, referral_id, SERVICES, when=When.OPEN).referral
        if referral.state not in ACCEPTED_STATES:
            raise practice.rulebook.refused("social.bed-before-acceptance")
        booked = _Booked.of(desk, referral_id)
        live = booked.live(at=to_wire(now))
        if live is not None and live.state == BookingState.ADMITTED:
            raise practice.rulebook.refused("social.bed-already")
        kind, beds = _choose(practice, desk, referral, wanted, own=booked.beds)
        booking = booked.next(wanted, BookingState.ADMITTED, at=to_wire(now))
        due = practice.rulebook.due(STAY_RULES[kind], now)
        start_clock(desk, referral_id, booking.key, STAY_RULES[kind], started_at=now, due_at=due)
        booked.let_go(desk)
        return _book(desk, booking, booked.beds, beds, BedState.TAKEN)

    return await _once_more(
        practice, caller, Act(name="social.admit", actor=wanted.actor, referral_id=referral_id), work
    )


async def let_go(practice: Practice, caller: Caller, referral_id: str, asked: ReleaseRequest) -> Done:
    """Let a held bed go. Raises `Conflict` (`social.bed-none`). It works after the referral has ended, too."""
    return await _end(practice, caller, referral_id, asked.actor, was=BookingState.HELD, leaving=None)


async def leave(practice: Practice, caller: Caller, referral_id: str, asked: DepartureRequest) -> Done:
    """Record that she left; she may at any time, and no reason is asked. Raises `Conflict` (`social.bed-none`)."""
    was = BookingState.ADMITTED
    return await _end(practice, caller, referral_id, asked.actor, was=was, leaving=asked.leaving)


def shown_booking(look: Look, referral_id: str) -> dict[str, Any] | None:
    """Return the latest booking of a referral, or None."""
    booking = max(look.find(Booking, referral_id=referral_id), key=lambda one: one.number, default=None)
    if booking is None:
        return None
    place = look.get(Place, booking.place_id)
    beds = look.find(Bed, booking=booking.key)
    return {
        "referral_id": referral_id,
        "place_id": booking.place_id,
        "place_code": None if place is None else place.code,
        "state": booking.state,
        "beds": {kind: sum(bed.kind == kind for bed in beds) for kind in BedKind},
        "at": booking.at,
        "until": booking.until,
        "lease_id": booking.lease_id,
        "leaving": booking.leaving,
    }


async def _once_more(practice: Practice, caller: Caller, act: Act, work: Callable[[Desk], Outcome]) -> Done:
    """Do an act; where another process took the same bed in the same moment, look again for one that is free."""
    for _ in range(TRIES):
        try:
            return await practice.perform(caller, act, work)
        except Conflict as clash:
            if clash.code != CLASH:
                raise
    return await practice.perform(caller, act, work)


@dataclass(frozen=True, slots=True)
class _Booked:
    """What a referral has booked so far, and the beds that stand under it."""

    referral_id: str
    bookings: Sequence[Booking]
    beds: Sequence[Bed]

    @classmethod
    def of(cls, desk: Desk, referral_id: str) -> "_Booked":
        bookings = sorted(desk.find(Booking, referral_id=referral_id), key=lambda one: one.number)
        beds = desk.find(Bed, booking=bookings[-1].key) if bookings else ()
        return cls(referral_id, bookings, beds)

    def live(self, *, at: str) -> Booking | None:
        latest = self.bookings[-1] if self.bookings else None
        if latest is None or latest.state not in {BookingState.HELD, BookingState.ADMITTED}:
            return None
        return None if latest.until is not None and latest.until <= at else latest

    def let_go(self, desk: Desk) -> None:
        if self.bookings and self.bookings[-1].state == BookingState.HELD:
            desk.change(self.bookings[-1], state=BookingState.LET_GO)

    def next(
        self, wanted: Wanted, state: BookingState, *, at: str, until: str | None = None, lease_id: str | None = None
    ) -> Booking:
        number = len(self.bookings) + 1
        return Booking(
            key=f"{self.referral_id}/{number}",
            referral_id=self.referral_id,
            number=number,
            place_id=wanted.place_id,
            state=state,
            actor=wanted.actor,
            at=at,
            until=until,
            lease_id=lease_id,
        )


def _lease(practice: Practice, referral: Referral, asked: str | None) -> str | None:
    """Return the lease that the referral came with. Raises `InputRejected` (`social.lease-other`)."""
    named = referral.facts.get(LEASE)
    if asked is not None and asked != named:
        raise practice.rulebook.refused("social.lease-other", pointer="/lease_id")
    return None if named is None else str(named)


def _choose(
    practice: Practice, desk: Desk, referral: Referral, wanted: Wanted, *, own: Sequence[Bed]
) -> tuple[PlaceKind, Sequence[Bed]]:
    """Return the kind of the place, and beds of the kinds that are wanted: those that are hers already first."""
    place = desk.get(Place, wanted.place_id)
    kind = None if place is None else PlaceKind(place.kind)
    if kind is None or kind not in PLACES_FOR[referral.service_type]:
        raise practice.rulebook.refused("social.place-other", pointer="/place_id")
    if not kin_allow(kind, wanted.kin):
        raise practice.rulebook.refused("social.kin-near", pointer="/kin")
    at = to_wire(practice.now())
    kept = {bed.bed_id for bed in own}
    beds = {bed.bed_id: bed for bed in desk.find(Bed, place_id=wanted.place_id)}
    free = [bed for bed in beds.values() if bed.bed_id in kept or bed_is_free(bed, at=at)]
    ordered = sorted(free, key=lambda bed: (bed.bed_id not in kept, bed.bed_id))
    chosen = choose([(bed.bed_id, BedKind(bed.kind)) for bed in ordered], wanted.beds)
    if chosen is None:
        raise practice.rulebook.refused("social.no-bed")
    return kind, [beds[bed_id] for bed_id in chosen]


def _book(desk: Desk, booking: Booking, before: Sequence[Bed], beds: Sequence[Bed], state: BedState) -> Outcome:
    """Write the booking and the turns of its beds; beds it had and no longer needs are free again."""
    desk.add(booking)
    chosen = {bed.bed_id for bed in beds}
    for bed in beds:
        _turn(desk, bed, state, booking, key=booking.key)
    for bed in before:
        if bed.bed_id not in chosen:
            _turn(desk, bed, BedState.FREE, booking, key=None)
    return Outcome(booking.key)


def _turn(desk: Desk, bed: Bed, state: BedState, by: Booking, *, key: str | None) -> None:
    turn = bed.turn + 1
    until = by.until if state is BedState.HELD else None
    desk.add(
        BedTurn(
            key=f"{bed.bed_id}/{turn}", bed_id=bed.bed_id, turn=turn, state=state, booking=key, actor=by.actor, at=by.at
        )
    )
    desk.change(bed, state=state, turn=turn, booking=key, until=until)


async def _end(
    practice: Practice, caller: Caller, referral_id: str, actor: str, *, was: BookingState, leaving: Leaving | None
) -> Done:
    now = practice.now()

    def work(desk: Desk) -> Outcome:
        received(desk, referral_id, SERVICES)
        booked = _Booked.of(desk, referral_id)
        latest = booked.bookings[-1] if booked.bookings else None
        if latest is None or latest.state != was:
            raise practice.rulebook.refused("social.bed-none")
        place = desk.get(Place, latest.place_id)
        if leaving is not None and place is not None:
            stop_clock(desk, latest.key, STAY_RULES[PlaceKind(place.kind)], at=now)
        after = BookingState.LET_GO if leaving is None else BookingState.LEFT
        ended = desk.change(latest, state=after, actor=actor, at=to_wire(now), until=None, leaving=leaving)
        for bed in booked.beds:
            _turn(desk, bed, BedState.FREE, ended, key=None)
        return Outcome(ended.key)

    name = "social.let-bed-go" if leaving is None else "social.leave"
    return await practice.perform(caller, Act(name=name, actor=actor, referral_id=referral_id), work)
