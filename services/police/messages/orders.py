"""Messages of no-contact orders: asked for, decided, handed over."""

from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError

from services.police.rules.orders import AskedBy, Decided, Office, PlaceKind, RefusedFor
from shared.wire.facts import is_number
from shared.wire.fields import FACT_PATTERN, Actor, Closed, Line, Open, Time, Uuid7

_ZONE_MOST = 12
_REASONS_MOST = 4_000

Commune = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]


def _is_number(value: str) -> str:
    """Refuse what could be a name: the facts of the procedure take an order's number in the same form."""
    if not is_number(value):
        raise PydanticCustomError("wire_fact", "coded value")
    return value


#: The number of an order, as the facts of the procedure write it: with a digit, and too few letters for a name.
OrderNumber = Annotated[str, StringConstraints(pattern=FACT_PATTERN), AfterValidator(_is_number)]
#: Written reasons. May be empty here, so that a refusal without them is refused by its rule and not by its form.
Reasons = Annotated[str, StringConstraints(max_length=_REASONS_MOST)]


class AuthorityV1(Closed):
    """Who decided: the office, and the commune it stands for."""

    office: Office
    commune: Commune


class OrderAsked(Closed):
    """A request for an order: by whom, and whether her life is threatened. `renews` names the order before it."""

    actor: Actor
    asked_at: Time
    asked_by: AskedBy
    life_threat: StrictBool
    renews: Uuid7 | None = None


class PlaceV1(Closed):
    """A place the order keeps somebody away from."""

    kind: PlaceKind
    place: Line


class OrderPart(Closed):
    """What an order says: who keeps away from whom, where, from when to when; and when the police had it."""

    reference: OrderNumber
    effective_at: Time
    valid_to: Time
    received_at: Time
    keeps_away: Line
    protects: Line
    zone: Annotated[tuple[PlaceV1, ...], Field(max_length=_ZONE_MOST)]


class ReasonsV1(Closed):
    """Why an order was refused: a code, and the written reasons."""

    code: RefusedFor
    text: Reasons


class DecisionRequest(Closed):
    """What the authority decided. Granted brings the order, refused the written reasons."""

    actor: Actor
    authority: AuthorityV1
    decided_at: Time
    decided: Decided
    order: OrderPart | None = None
    reasons: ReasonsV1 | None = None


class ReceivedOrderRequest(Closed):
    """An order that was handed over for supervision."""

    actor: Actor
    authority: AuthorityV1
    order: OrderPart


class OrderContentV1(Open):
    """Who keeps away from whom, and from which places."""

    keeps_away: str
    protects: str
    zone: list[PlaceV1]


class OrderV1(Open):
    """An order; `content` null once the referral was sealed off."""

    id: str
    referral_id: str
    authority: AuthorityV1
    reference: str
    effective_at: str
    valid_to: str
    received_at: str
    metres: int
    ex_officio: bool
    renews: str | None
    cancelled_at: str | None
    content: OrderContentV1 | None


class OrderRequestV1(Open):
    """A request with what was decided; `reasons` null once the referral was sealed off."""

    id: str
    referral_id: str
    asked_at: str
    asked_by: AskedBy
    ex_officio: bool
    renews: str | None
    decided: Decided | None
    decided_at: str | None
    authority: AuthorityV1 | None
    reasons: ReasonsV1 | None
    order: OrderV1 | None
