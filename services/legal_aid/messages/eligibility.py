"""Messages of answering her request. No field asks for an identity or residence paper, or a police report (R-08)."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from services.legal_aid.rules.assignment import Haste
from services.legal_aid.rules.eligibility import Decision, Group, Hardship, Missing, Paper, Status
from shared.wire.fields import Actor, Closed, Day, Open


class EligibilityRequest(Closed):
    """What is known when she asks. Her age is in the referral; the days of a hearing or limitation may be there too."""

    actor: Actor
    groups: Annotated[tuple[Group, ...], Field(max_length=len(Group))]
    domestic_violence: StrictBool
    hardship: Hardship
    trafficking_status: Status
    papers: Annotated[tuple[Paper, ...], Field(max_length=len(Paper))]
    haste: Haste
    hearing_on: Day | None = None
    limitation_on: Day | None = None


class EligibilityDetailsV1(Open):
    """By which groups, what exactly is missing, and which services her status opens."""

    groups: list[Group]
    missing: list[Missing]
    urgent: bool
    hardship: Hardship
    trafficking_status: Status
    opens: list[str]


class EligibilityV1(Open):
    """The answer as recorded; `details` null once the referral was sealed off."""

    record: Literal["eligibility"] = "eligibility"
    id: str
    referral_id: str
    at: str
    actor: str
    decision: Decision
    details: EligibilityDetailsV1 | None
