"""Messages of asking before somebody dials."""

from services.social.rules.contact import Method
from shared.wire.fields import Actor, Closed, Line, Open


class ContactCheckRequest(Closed):
    """Who wants to contact her, and how; and which of her numbers, where she gave several."""

    actor: Actor
    method: Method
    telephone: Line | None = None


class ContactCheckV1(Open):
    """She may be contacted now in this way; where she may not, the answer is a refusal with its rule."""

    referral_id: str
    method: Method
    allowed: bool
