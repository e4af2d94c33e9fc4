"""Messages of booking an interpreter, a companion or transport."""

from typing import Annotated

from pydantic import Field, StrictBool

from services.social.rules.support import Gender, Helper, HerAnswer, Kind, Occasion, Relation
from shared.wire.fields import Actor, Closed, Language, Line, Open, Time


class SupportDetails(Closed):
    """Who comes, where to, and for what; kept encrypted."""

    who: Line
    language: Language | None = None
    meeting_place: Line | None = None
    occasions: Annotated[tuple[Occasion, ...], Field(max_length=len(Occasion))] = ()


class SupportBookingRequest(Closed):
    """A booking. What the rules ask of whoever comes must each be said."""

    actor: Actor
    kind: Kind
    starts_at: Time
    relation: Relation
    gender: Gender
    adult: StrictBool
    certified: StrictBool
    confidentiality_signed: StrictBool
    chosen_by_her: StrictBool
    escorted: StrictBool
    her_answer: HerAnswer | None = None
    details: SupportDetails

    def helper(self) -> Helper:
        """Return whoever is to come."""
        said = self.model_dump(exclude={"actor", "starts_at", "details"})
        return Helper(**said)


class SettlementRequest(Closed):
    """Whether whoever was booked was there."""

    actor: Actor
    provided: StrictBool


class SupportDetailsV1(Open):
    """Who comes, where to, and for what."""

    who: str
    language: str | None = None
    meeting_place: str | None = None
    occasions: list[Occasion] | None = None


class SupportBookingV1(Open):
    """A booking; `details` null once the referral was sealed off."""

    id: str
    referral_id: str
    kind: Kind
    at: str
    actor: str
    starts_at: str
    settled_at: str | None
    provided: bool | None
    details: SupportDetailsV1 | None


class SupportBookingsV1(Open):
    """All bookings of a referral."""

    items: list[SupportBookingV1]
