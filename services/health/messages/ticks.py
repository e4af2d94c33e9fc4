"""Messages of her ticks for sensitive results."""

from services.health.rules.ticks import Kind
from shared.wire.fields import Actor, AgencyId, Closed, Open


class TickRequest(Closed):
    """Her word that results of one kind may go to one recipient. It says nothing of what the results are."""

    actor: Actor
    recipient: AgencyId
    kind: Kind


class TickTakenBackRequest(Closed):
    """Who heard her take it back."""

    actor: Actor


class TickV1(Open):
    """A tick as it stands."""

    id: str
    consent_id: str
    recipient: str
    kind: Kind
    ticked_at: str
    actor: str
    taken_back_at: str | None


class TicksV1(Open):
    """The ticks under a consent, oldest first."""

    items: list[TickV1]
