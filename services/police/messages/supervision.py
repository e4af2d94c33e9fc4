"""Messages of supervising an order."""

from enum import StrEnum

from services.police.messages.orders import AuthorityV1, OrderNumber, PlaceV1
from shared.wire.fields import Actor, Closed, Open, Time


class Role(StrEnum):
    """What a supervisor is. All but the first are people of the community."""

    COMMUNE_POLICE = "commune_police"
    VILLAGE_HEAD = "village_head"
    WOMENS_UNION = "womens_union"
    OTHER_COMMUNITY = "other_community"


class SupervisorRequest(Closed):
    """Who supervises, and by which decision of the commune police."""

    actor: Actor
    supervisor: Actor
    role: Role
    assigned_at: Time
    decision: OrderNumber


class MeetingRequest(Closed):
    """When the supervision was announced."""

    actor: Actor
    held_at: Time


class SupervisionV1(Open):
    """Who supervises an order; `announced_at` null until the meeting was held."""

    id: str
    referral_id: str
    order_id: str
    supervisor: str
    role: Role
    assigned_at: str
    decision: str
    announced_at: str | None


class SupervisedOrderV1(Closed):
    """All that a supervisor sees: the order and its zone. It is closed, so that nothing can come in beside them."""

    id: str
    reference: str
    authority: AuthorityV1
    effective_at: str
    valid_to: str
    metres: int
    keeps_away: str
    protects: str
    zone: list[PlaceV1]
