"""Messages of places: what they are, who works there, and where they are, which only the house is told."""

from typing import Annotated

from pydantic import Field, StrictInt, StringConstraints, model_validator

from services.social.rules.beds import BedKind, PlaceKind
from shared.kernel.errors import FieldFault
from shared.wire.fields import Actor, Closed, Line, Open
from shared.wire.parts import refuse

BEDS_MOST = 200
STAFF_MOST = 100

#: The name of a place among staff: letters and a number, so that no address fits into it.
PlaceCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}[0-9]{1,3}$")]
Number = Annotated[StrictInt, Field(ge=0, le=BEDS_MOST)]


class BedsAsked(Closed):
    """How many beds of each kind; each must be said, and at least one be asked for."""

    woman: Number
    child: Number
    accessible: Number

    @model_validator(mode="after")
    def _asks_for_something(self) -> "BedsAsked":
        if not any(self.by_kind().values()):
            raise refuse(FieldFault("/woman", "field.range", "Ask for at least one bed."))
        return self

    def by_kind(self) -> dict[BedKind, int]:
        """Return the numbers by kind of bed."""
        return {BedKind.WOMAN: self.woman, BedKind.CHILD: self.child, BedKind.ACCESSIBLE: self.accessible}


class Whereabouts(Closed):
    """Where a place is, and whom to ask for there. It is never shown but to the staff of the house."""

    address: Line
    ask_for: Line | None = None
    telephone: Line | None = None
    directions: Line | None = None


class PlaceRequest(Closed):
    """A new place. `staff` are the pseudonyms of those who may be told where it is."""

    actor: Actor
    code: PlaceCode
    kind: PlaceKind
    whereabouts: Whereabouts
    staff: Annotated[tuple[Actor, ...], Field(min_length=1, max_length=STAFF_MOST)]
    beds: BedsAsked


class MoveRequest(Closed):
    """Where a place is from now on."""

    actor: Actor
    whereabouts: Whereabouts


class MemberRequest(Closed):
    """Who else belongs to the house."""

    actor: Actor
    member: Actor


class MoreBedsRequest(Closed):
    """Beds to be added."""

    actor: Actor
    beds: BedsAsked


class BedsV1(Open):
    """The beds of one kind: how many there are, and how many are free now."""

    all: int
    free: int


class PlaceV1(Open):
    """A place as its agency's staff see it. Nothing says where it is."""

    id: str
    code: str
    kind: PlaceKind
    beds: dict[BedKind, BedsV1]


class PlacesV1(Open):
    """All places."""

    items: list[PlaceV1]


class WhereaboutsV1(Open):
    """Where a place is, as its own staff are told."""

    place_id: str
    address: str
    ask_for: str | None = None
    telephone: str | None = None
    directions: str | None = None
