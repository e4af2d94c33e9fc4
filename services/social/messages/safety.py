"""Messages of her safety plan."""

from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from services.social.rules.safety import Copy, Situation
from shared.wire.fields import Actor, Closed, Line, Open

STEPS_MOST = 60
LINES_MOST = 30
VERSIONS_MOST = 10_000

Lines = Annotated[tuple[Line, ...], Field(max_length=LINES_MOST)]


class PlanStep(Closed):
    """What she will do, when, and who helps."""

    situation: Situation
    what: Line
    with_whom: Line | None = None


class PlanAsked(Closed):
    """The plan: signs of danger, steps, what to take along, and a word for help."""

    signals: Lines
    steps: Annotated[tuple[PlanStep, ...], Field(min_length=1, max_length=STEPS_MOST)]
    take_along: Lines
    word_for_help: Line | None = None


class PlanRequest(Closed):
    """A new version; `based_on` is the version it follows, 0 for the first."""

    actor: Actor
    based_on: Annotated[StrictInt, Field(ge=0, le=VERSIONS_MOST)]
    made_with_her: StrictBool
    plan: PlanAsked


class CopyRequest(Closed):
    """How she has a copy, and whether she says that she can keep it safely."""

    actor: Actor
    version: Annotated[StrictInt, Field(ge=1, le=VERSIONS_MOST)]
    way: Copy
    safe_to_keep: StrictBool


class StepV1(Open):
    """A step of a plan."""

    situation: Situation
    what: str
    with_whom: str | None = None


class PlanV1(Open):
    """A plan."""

    signals: list[str]
    steps: list[StepV1]
    take_along: list[str]
    word_for_help: str | None = None


class SafetyPlanV1(Open):
    """A version, who wrote it and when; `plan` null once the referral was sealed off."""

    referral_id: str
    version: int
    at: str
    actor: str
    plan: PlanV1 | None


class SafetyPlansV1(Open):
    """All versions, oldest first."""

    items: list[SafetyPlanV1]


class PlanCopyV1(Open):
    """A copy as she is given it."""

    id: str
    version: int
    way: Copy
    at: str
    actor: str
    title: str
    lines: list[str] | None
