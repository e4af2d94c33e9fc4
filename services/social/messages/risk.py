"""Messages of assessing risk."""

from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt

from services.social.rules.risk import Band, Level, Reading, Screen, Sign, Tool
from shared.sop.model import Urgency
from shared.wire.fields import Actor, Closed, Line, Open


class ScreenAsked(Closed):
    """A lethality screen as counts: its questions are not shipped."""

    first_three: Annotated[StrictInt, Field(ge=0, le=3)]
    others: Annotated[StrictInt, Field(ge=0, le=8)]
    belief: StrictBool


class RiskRequest(Closed):
    """What was read off which version of which tool; `judgement` is the worker's own."""

    actor: Actor
    tool: Tool
    version: Line
    score: Annotated[StrictInt, Field(ge=0, le=1_000)] | None = None
    level: Level | None = None
    screen: ScreenAsked | None = None
    incidents: Annotated[StrictInt, Field(ge=0, le=1_000)] | None = None
    signs: Annotated[frozenset[Sign], Field(max_length=len(Sign))]
    judgement: Band | None = None

    def reading(self) -> Reading:
        """Return the reading."""
        screen = self.screen
        return Reading(
            tool=self.tool,
            score=self.score,
            level=self.level,
            screen=None if screen is None else Screen(screen.first_three, screen.others, screen.belief),
            incidents=self.incidents,
            signs=self.signs,
            judgement=self.judgement,
        )


class RiskResultV1(Open):
    """What a reading means: the band, how urgent at least, and what to offer her."""

    tool: Tool
    version: str
    score: int | None
    level: Level | None
    screen: dict[str, Any] | None
    incidents: int | None
    signs: list[Sign]
    judgement: Band | None
    band: Band
    urgency_at_least: Urgency
    offers: list[str]
    rule: str


class RiskV1(Open):
    """An assessment; `result` null once the referral was sealed off."""

    id: str
    referral_id: str
    at: str
    actor: str
    result: RiskResultV1 | None


class RisksV1(Open):
    """All assessments of a referral, oldest first."""

    items: list[RiskV1]
