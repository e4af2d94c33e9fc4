"""Messages of first-line support."""

from services.health.rules.support import Given, Item, Present
from shared.wire.fields import Actor, Closed, Open, Time


class SupportRequest(Closed):
    """A talk with her. Each of the five items must be said; what she told stands nowhere."""

    actor: Actor
    began_at: Time
    limits_told_at: Time
    private_room: bool
    present: frozenset[Present]
    listened: Given
    inquired: Given
    validated: Given
    safety_enhanced: Given
    supported: Given

    def items(self) -> dict[Item, Given]:
        """Return how each item stands."""
        return {item: getattr(self, item.value) for item in Item}


class SupportV1(Open):
    """First-line support as recorded; `items` null once the referral was sealed off."""

    id: str
    began_at: str
    actor: str
    limits_told_at: str | None = None
    present: list[Present] | None = None
    items: dict[Item, Given] | None = None


class SupportsV1(Open):
    """The first-line support of a case, oldest first."""

    items: list[SupportV1]
