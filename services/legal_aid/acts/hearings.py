"""Hearings: planned, moved, held; and the calendar of them all, which says when and nothing else (R-06, R-07)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from services.legal_aid.acts.intake import require_taken
from services.legal_aid.acts.legal_file import place_of
from services.legal_aid.acts.proceedings import remind_before
from services.legal_aid.messages.hearings import HearingChangeRequest, HearingRequest
from services.legal_aid.records import Hearing
from services.legal_aid.rules.hearings import Companion, HearingState, may_be_held
from services.legal_aid.rules.icalendar import Appointment, calendar_of
from services.legal_aid.worklists import SERVICES
from shared.agency.acting import Caller
from shared.agency.office import is_kept_from
from shared.agency.ports import Desk, Reading
from shared.agency.reading import Visitor
from shared.agency.records import Referral
from shared.agency.sector.acting import Act, Done, Outcome
from shared.agency.sector.casefile import is_sealed_off, open_file, record_of
from shared.agency.sector.clocks import stop_clock
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire
from shared.sop.calendar import day_in_viet_nam

WARNING: Final = "LEG-HEARING-WARNING"
#: How long past hearings stay in the calendar.
PAST: Final = timedelta(days=30)


async def plan_hearing(practice: Practice, caller: Caller, referral_id: str, request: HearingRequest) -> Done:
    """Record a hearing, with its reminder. Raises `Conflict` as `require_taken`."""
    hearing_id, uid, at = practice.new_id(), practice.new_id(), to_wire(practice.now())
    details = {"court": request.court, "room": request.room, "measures": list(request.measures)}

    def work(desk: Desk) -> Outcome:
        file = open_file(practice.office, desk, referral_id, SERVICES)
        require_taken(practice, desk, referral_id)
        hearing = Hearing(
            hearing_id=hearing_id,
            uid=uid,
            referral_id=referral_id,
            actor=request.actor,
            starts_at=to_wire(request.starts_at),
            ends_at=to_wire(request.ends_at),
            changed_at=at,
            state=HearingState.PLANNED.value,
            sequence=0,
            companion=request.companion.value,
            content=file.lock(place_of(hearing_id), details),
        )
        _remind(practice, desk, hearing)
        desk.add(hearing)
        return Outcome(hearing_id)

    act = Act(name="legal-aid.plan-hearing", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


async def change_hearing(
    practice: Practice, caller: Caller, referral_id: str, hearing_id: str, request: HearingChangeRequest
) -> Done:
    """Record that a hearing was moved, held or cancelled, and what she answered about a support person (R-06).

    Raises `Conflict`: `legal-aid.over-already`, `legal-aid.companion-unasked`.
    """

    def work(desk: Desk) -> Outcome:
        open_file(practice.office, desk, referral_id, SERVICES)
        hearing = record_of(desk, Hearing, hearing_id, referral_id)
        if hearing.state != HearingState.PLANNED:
            raise practice.rulebook.refused("legal-aid.over-already")
        companion = request.companion or Companion(hearing.companion)
        if request.state is HearingState.HELD and not may_be_held(companion):
            raise practice.rulebook.refused("legal-aid.companion-unasked", pointer="/companion")
        moved = {} if request.starts_at is None else _times(request)
        stop_clock(desk, _target(hearing), WARNING, at=practice.now())
        changes = {"companion": companion.value, "state": request.state.value, **moved}
        now = to_wire(practice.now())
        changed = desk.change(hearing, sequence=hearing.sequence + 1, changed_at=now, **changes)
        if request.state is HearingState.PLANNED:
            _remind(practice, desk, changed)
        return Outcome(hearing_id)

    act = Act(name="legal-aid.change-hearing", actor=request.actor, referral_id=referral_id)
    return await practice.perform(caller, act, work)


def calendar_for(practice: Practice, reading: Reading, visitor: Visitor) -> str:
    """Return the calendar of a visitor: no hearing of a case that is kept from them (R-11), nor of one sealed off."""
    since = to_wire(practice.now() - PAST)
    found = [one for state in (HearingState.PLANNED, HearingState.CANCELLED) for one in _in(reading, state)]
    return calendar_of(_appointment(one) for one in _visible(reading, visitor, found) if one.ends_at >= since)


def _in(reading: Reading, state: HearingState) -> list[Hearing]:
    return list(reading.find(Hearing, state=state.value))


def _visible(reading: Reading, visitor: Visitor, hearings: list[Hearing]) -> Iterator[Hearing]:
    who = (visitor.actor, visitor.pseudonym)
    declared = reading.declared_by(who)
    cases = {one.referral_id: one for one in reading.many(Referral, sorted({each.referral_id for each in hearings}))}
    for hearing in hearings:
        referral = cases[hearing.referral_id]
        if not is_sealed_off(referral) and not is_kept_from(referral, who, declared=declared):
            yield hearing


def _appointment(hearing: Hearing) -> Appointment:
    return Appointment(
        uid=hearing.uid,
        starts_at=from_wire(hearing.starts_at),
        ends_at=from_wire(hearing.ends_at),
        changed_at=from_wire(hearing.changed_at),
        sequence=hearing.sequence,
        cancelled=hearing.state == HearingState.CANCELLED,
    )


def _times(request: HearingChangeRequest) -> dict[str, str]:
    assert request.starts_at is not None  # noqa: S101 - the caller looked
    assert request.ends_at is not None  # noqa: S101 - the message refuses one without the other
    return {"starts_at": to_wire(request.starts_at), "ends_at": to_wire(request.ends_at)}


def _remind(practice: Practice, desk: Desk, hearing: Hearing) -> None:
    """Start the reminder of a hearing as it stands: one that is moved to a later day gets a reminder of its own."""
    day = day_in_viet_nam(from_wire(hearing.starts_at))
    remind_before(practice, desk, hearing.referral_id, _target(hearing), WARNING, day=day)


def _target(hearing: Hearing) -> str:
    return f"{hearing.hearing_id}.{hearing.sequence}"
