"""Messages of cancelling an order."""

from services.police.messages.orders import AuthorityV1, Reasons
from services.police.rules.orders import CancelFor, Cancelled
from shared.wire.fields import Actor, Closed, Open, Time


class CancellationRequest(Closed):
    """Why an order should be cancelled."""

    actor: Actor
    asked_at: Time
    ground: CancelFor


class CancellationDecision(Closed):
    """What the authority decided about cancelling. Upheld brings written reasons."""

    actor: Actor
    authority: AuthorityV1
    decided_at: Time
    decided: Cancelled
    reasons: Reasons | None = None


class CancellationV1(Open):
    """A request to cancel, and what was decided."""

    id: str
    referral_id: str
    order_id: str
    asked_at: str
    ground: CancelFor
    decided: Cancelled | None
    decided_at: str | None
    reasons: str | None
