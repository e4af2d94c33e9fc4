"""Messages of what happens while an order holds."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StrictBool

from services.police.rules.orders import Occasion
from shared.wire.fields import Actor, Closed, Open, Time

_MEASURES_MOST = 8


class BreachKind(StrEnum):
    """How an order was broken."""

    CAME_NEAR = "came_near"
    SPOKE_TO_HER = "spoke_to_her"
    BY_TELEPHONE_OR_ONLINE = "by_telephone_or_online"
    THROUGH_OTHERS = "through_others"
    HARM = "harm"


class Measure(StrEnum):
    """What was done about a breach."""

    STOPPED = "stopped"
    BROUGHT_TO_STATION = "brought_to_station"
    CHAIR_TOLD = "chair_told"
    PENALTY_PROPOSED = "penalty_proposed"
    CRIME_REPORTED = "crime_reported"


class HerSafety(StrEnum):
    """What was done for her after a breach."""

    CHECKED_SAFE = "checked_safe"
    MOVED_TO_SAFETY = "moved_to_safety"
    NOT_REACHED = "not_reached"


class ContactRequest(Closed):
    """Contact on one of three occasions: announced in writing, signed first by the supervisor, told to the chair."""

    actor: Actor
    occasion: Occasion
    begins_at: Time
    ends_at: Time
    written_notice: StrictBool
    supervisor_signed_at: Time | None
    chair_told_at: Time


class BreachRequest(Closed):
    """How an order was broken, what was done about it, and what for her."""

    actor: Actor
    happened_at: Time
    kind: BreachKind
    measures: Annotated[tuple[Measure, ...], Field(min_length=1, max_length=_MEASURES_MOST)]
    her_safety: HerSafety


class ContactV1(Open):
    """Contact that was allowed; `details` null once the referral was sealed off."""

    id: str
    referral_id: str
    order_id: str
    begins_at: str
    ends_at: str
    actor: str
    details: dict[str, Any] | None


class BreachV1(Open):
    """A breach; `details` null once the referral was sealed off."""

    id: str
    referral_id: str
    order_id: str
    happened_at: str
    actor: str
    details: dict[str, Any] | None
