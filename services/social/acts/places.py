"""Keeping places: what they are and who works there. Where one is, only its own staff are told, and that is logged.

Follows R-18 (the location of a shelter is secret) and INV-15. The address is encrypted under a key of its own place,
which is changed when the place moves; lists, referrals, events, logs and refusals have no word of it. Somebody who is
not of the house hears the same of a place that exists and of one that does not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.social.records import Bed, HouseMember, Place
from services.social.rules.beds import BedKind, BedState, PlaceKind, is_free
from shared.agency.acting import Caller
from shared.agency.ports import Desk, Look, Reading
from shared.agency.reading import Visitor
from shared.agency.sector.acting import Act, Done, Outcome, refused_act
from shared.agency.sector.practice import Practice
from shared.kernel.clock import from_wire, to_wire

_PLACE = "whereabouts"


async def add_place(
    practice: Practice,
    caller: Caller,
    *,
    actor: str,
    code: str,
    kind: PlaceKind,
    whereabouts: Mapping[str, Any],
    staff: Sequence[str],
    beds: Mapping[BedKind, int],
) -> Done:
    """Keep a new place with its staff and its beds."""
    place_id, at = practice.new_id(), to_wire(practice.now())
    bed_ids = [(practice.new_id(), kind) for kind, number in beds.items() for _ in range(number)]

    def work(desk: Desk) -> Outcome:
        key, wrapped = practice.office.vault.new_place(place_id)
        locked = key.lock(_PLACE, whereabouts)
        desk.add(
            Place(
                place_id=place_id,
                code=code,
                kind=kind,
                added_at=at,
                actor=actor,
                wrapped_key=wrapped,
                whereabouts=locked,
            )
        )
        for member in dict.fromkeys(staff):
            desk.add(_member(place_id, member, at))
        for bed_id, bed_kind in bed_ids:
            desk.add(_bed(bed_id, place_id, bed_kind))
        return Outcome(place_id)

    return await practice.perform(caller, Act(name="social.add-place", actor=actor), work)


async def move_place(
    practice: Practice, caller: Caller, place_id: str, *, actor: str, whereabouts: Mapping[str, Any]
) -> Done:
    """Keep where a place is now, under a new key: the old address is gone. Raises as `read_whereabouts`."""

    def work(desk: Desk) -> Outcome:
        place = _of_the_house(practice, desk, place_id, actor)
        key, wrapped = practice.office.vault.new_place(place_id)
        desk.change(place, wrapped_key=wrapped, whereabouts=key.lock(_PLACE, whereabouts))
        return Outcome(place_id)

    return await practice.perform(caller, Act(name="social.move-place", actor=actor), work)


async def add_member(practice: Practice, caller: Caller, place_id: str, *, actor: str, member: str) -> Done:
    """Let somebody belong to the staff of a place, by somebody who does. Raises as `read_whereabouts`."""
    at = to_wire(practice.now())

    def work(desk: Desk) -> Outcome:
        known = desk.get(HouseMember, _key(place_id, member))
        _of_the_house(practice, desk, place_id, actor)
        if known is None:
            desk.add(_member(place_id, member, at))
        return Outcome(place_id)

    return await practice.perform(caller, Act(name="social.add-house-member", actor=actor), work)


async def add_beds(
    practice: Practice, caller: Caller, place_id: str, *, actor: str, beds: Mapping[BedKind, int]
) -> Done:
    """Add beds to a place, by its staff. Raises as `read_whereabouts`."""
    bed_ids = [(practice.new_id(), kind) for kind, number in beds.items() for _ in range(number)]

    def work(desk: Desk) -> Outcome:
        _of_the_house(practice, desk, place_id, actor)
        for bed_id, kind in bed_ids:
            desk.add(_bed(bed_id, place_id, kind))
        return Outcome(place_id)

    return await practice.perform(caller, Act(name="social.add-beds", actor=actor), work)


async def read_whereabouts(practice: Practice, visitor: Visitor, place_id: str) -> dict[str, Any]:
    """Return where a place is, to its own staff; the reading is on record first (R-18, R-24).

    Raises `NotPermitted` (`social.not-of-the-house`) for everybody else, which is in the journal.
    """
    who = Caller(visitor.client_id, visitor.pseudonym)
    act = Act(name="social.read-whereabouts", actor=visitor.actor)
    place, member = await practice.look(
        lambda reading: (reading.get(Place, place_id), reading.get(HouseMember, _key(place_id, visitor.actor)))
    )
    if place is None or member is None:
        raise await refused_act(practice.office, who, act, practice.rulebook.refused("social.not-of-the-house"))
    visit = practice.reader.visit(visitor, _PLACE, place_id)
    await practice.office.store.write(lambda desk: desk.add(visit))
    key = practice.office.vault.open_place(place_id, place.wrapped_key)
    shown: dict[str, Any] = key.unlock(_PLACE, place.whereabouts)
    return {"place_id": place_id, **shown}


def shown_place(practice: Practice, look: Look, place_id: str) -> dict[str, Any]:
    """Return a place as lists show it: its code, its kind, its beds. Nothing says where it is."""
    place = look.get(Place, place_id)
    assert place is not None  # noqa: S101 - the act that made it named it
    return _shown(practice, place, look.find(Bed, place_id=place_id))


def shown_places(practice: Practice, reading: Reading) -> list[dict[str, Any]]:
    """Return all places, by their codes."""
    beds: dict[str, list[Bed]] = {}
    for bed in reading.find(Bed):
        beds.setdefault(bed.place_id, []).append(bed)
    places = sorted(reading.find(Place), key=lambda place: (place.code, place.place_id))
    return [_shown(practice, place, beds.get(place.place_id, [])) for place in places]


def bed_is_free(bed: Bed, *, at: str) -> bool:
    """Say whether a bed may be promised at a time."""
    until = None if bed.until is None else from_wire(bed.until)
    return is_free(BedState(bed.state), until, at=from_wire(at))


def _shown(practice: Practice, place: Place, beds: Sequence[Bed]) -> dict[str, Any]:
    at = to_wire(practice.now())
    counted = {kind: [bed for bed in beds if bed.kind == kind] for kind in BedKind}
    return {
        "id": place.place_id,
        "code": place.code,
        "kind": place.kind,
        "beds": {
            kind: {"all": len(some), "free": sum(bed_is_free(bed, at=at) for bed in some)}
            for kind, some in counted.items()
        },
    }


def _of_the_house(practice: Practice, desk: Desk, place_id: str, actor: str) -> Place:
    place, member = desk.get(Place, place_id), desk.get(HouseMember, _key(place_id, actor))
    if place is None or member is None:
        raise practice.rulebook.refused("social.not-of-the-house")
    return place


def _member(place_id: str, actor: str, at: str) -> HouseMember:
    return HouseMember(key=_key(place_id, actor), place_id=place_id, actor=actor, since=at)


def _bed(bed_id: str, place_id: str, kind: BedKind) -> Bed:
    return Bed(bed_id=bed_id, place_id=place_id, kind=kind, state=BedState.FREE, turn=0)


def _key(place_id: str, actor: str) -> str:
    return f"{place_id}/{actor}"
