"""Which places serve whom, which beds may be promised, and how long a stay is for.

Derived from the fact sheet, sections 1.4 (W4 safe accommodation), 6.6 (SOC-01, SOC-02, SOC-08, SOC-09) and 5 (R-18).
A bed of one kind stands for no other: an accessible one is kept for who needs it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class PlaceKind(StrEnum):
    """What a place is."""

    SHELTER = "shelter"
    TRUSTED_ADDRESS = "trusted_address"
    FACILITY = "facility"


class BedKind(StrEnum):
    """Whom a bed is for."""

    WOMAN = "woman"
    CHILD = "child"
    ACCESSIBLE = "accessible"


class BedState(StrEnum):
    """How a bed stands. One that is held is free again when its time is over."""

    FREE = "free"
    HELD = "held"
    TAKEN = "taken"


class BookingState(StrEnum):
    """How a booking stands: held for her, she is there, let go, or she left."""

    HELD = "held"
    ADMITTED = "admitted"
    LET_GO = "let_go"
    LEFT = "left"


class Leaving(StrEnum):
    """How she left. She may leave at any time (fact sheet, SOC-09)."""

    PLANNED = "planned"
    UNPLANNED = "unplanned"
    MOVED_ON = "moved_on"


class Kin(StrEnum):
    """What she says of the kin of the person who harms her, asked before a trusted address is chosen."""

    NONE_NEAR = "none_near"
    NEAR = "near"
    NOT_KNOWN = "not_known"


#: The kinds of place that serve a service: exactly those with beds.
PLACES_FOR: Final[Mapping[str, frozenset[PlaceKind]]] = {
    "SOC-01": frozenset({PlaceKind.SHELTER}),
    "SOC-02": frozenset({PlaceKind.TRUSTED_ADDRESS}),
    "SOC-08": frozenset({PlaceKind.SHELTER, PlaceKind.FACILITY}),
    "SOC-09": frozenset({PlaceKind.FACILITY}),
}
#: How long a stay is for, by the kind of place.
STAY_RULES: Final[Mapping[PlaceKind, str]] = {
    PlaceKind.SHELTER: "VN-SO-01",
    PlaceKind.TRUSTED_ADDRESS: "SOC-STAY-TRUSTED",
    PlaceKind.FACILITY: "VN-SO-01",
}
#: Outcomes that say she has come, and those that say she has not.
CAME: Final = frozenset({"admitted", "hosted"})
CAME_NOT: Final = frozenset({"bed_elsewhere", "declined_by_survivor", "survivor_declined", "unable_to_contact"})


def is_free(state: BedState, until: datetime | None, *, at: datetime) -> bool:
    """Say whether a bed may be promised at a time."""
    return state is BedState.FREE or (state is BedState.HELD and until is not None and until <= at)


def choose(free: Iterable[tuple[str, BedKind]], wanted: Mapping[BedKind, int]) -> tuple[str, ...] | None:
    """Return as many free beds of each kind as are wanted, the first ones first; None when there are not enough."""
    left = {kind: number for kind, number in wanted.items() if number > 0}
    chosen = []
    for bed, kind in free:
        if left.get(kind, 0) > 0:
            left[kind] -= 1
            chosen.append(bed)
    return None if any(left.values()) else tuple(chosen)


def held_too_long(minutes: int, *, start: datetime, longest: datetime) -> bool:
    """Say whether a hold of so many minutes goes beyond the last moment that the rule allows."""
    return start + timedelta(minutes=minutes) > longest


def kin_allow(kind: PlaceKind, kin: Kin | None) -> bool:
    """Say whether a place may be chosen: a trusted address only where she says that none of his kin are near."""
    return kind is not PlaceKind.TRUSTED_ADDRESS or kin is Kin.NONE_NEAR


def contradicts(outcome: str, bookings: Iterable[BookingState]) -> str | None:
    """Return the refusal of an outcome that the recorded bookings contradict; None where they do not, or are none."""
    known = tuple(bookings)
    came = BookingState.ADMITTED in known or BookingState.LEFT in known
    if outcome in CAME and known and not came:
        return "social.not-admitted"
    if outcome in CAME_NOT and BookingState.ADMITTED in known:
        return "social.still-admitted"
    return None
