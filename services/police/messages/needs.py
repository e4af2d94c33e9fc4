"""Messages of checking what she needs."""

from services.police.rules.needs import Met, Need
from shared.wire.fields import Actor, Closed, Open


class NeedsCheckRequest(Closed):
    """How each of her needs stands, asked before anything else. Each must be said: silence is no answer."""

    actor: Actor
    medical: Met
    safety: Met
    food_and_rest: Met
    child: Met

    def answers(self) -> dict[Need, Met]:
        """Return the answers by need."""
        return {
            Need.MEDICAL: self.medical,
            Need.SAFETY: self.safety,
            Need.FOOD_AND_REST: self.food_and_rest,
            Need.CHILD: self.child,
        }


class NeedsCheckV1(Open):
    """A check as recorded; `answers` null once the referral was sealed off."""

    id: str
    referral_id: str
    checked_at: str
    actor: str
    answers: dict[Need, Met] | None
