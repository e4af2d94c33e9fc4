"""Messages of holding beds and admitting her. No field asks for a police letter or for papers (R-08)."""

from typing import Annotated

from pydantic import Field, StrictInt

from services.social.messages.places import BedsAsked
from services.social.rules.beds import BedKind, BookingState, Kin, Leaving
from shared.wire.fields import Actor, Closed, Open, Uuid7

MINUTES_MOST = 1_440


class AdmissionRequest(Closed):
    """Who comes where, into which beds. `kin`: for a trusted address, what she says of his kin near it."""

    actor: Actor
    place_id: Uuid7
    beds: BedsAsked
    kin: Kin | None = None


class HoldRequest(AdmissionRequest):
    """Which beds to hold for how long. `lease_id`: the lease of the gateway that the referral came with."""

    minutes: Annotated[StrictInt, Field(ge=1, le=MINUTES_MOST)]
    lease_id: Uuid7 | None = None


class ReleaseRequest(Closed):
    """Who lets the held beds go."""

    actor: Actor


class DepartureRequest(Closed):
    """How she left."""

    actor: Actor
    leaving: Leaving


class BookingV1(Open):
    """The beds of a referral as they stand; `until` while they are held."""

    referral_id: str
    place_id: str
    place_code: str | None
    state: BookingState
    beds: dict[BedKind, int]
    at: str
    until: str | None
    lease_id: str | None
    leaving: Leaving | None


class BedV1(Open):
    """The latest booking of a referral, or null."""

    booking: BookingV1 | None
