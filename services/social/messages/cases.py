"""Messages of leading a case."""

from typing import Annotated

from pydantic import Field, StrictBool

from services.social.rules.cases import Answer, Closure, Domain, HandOver, Progress
from shared.wire.fields import Actor, Closed, Line, Open, ServiceCode

GOALS_MOST = 40
SERVICES_MOST = 40


class CaseRequest(Closed):
    """Who opens the case, and who leads it."""

    actor: Actor
    lead: Actor


class HandOverRequest(Closed):
    """Who leads from now on, and why."""

    actor: Actor
    lead: Actor
    why: HandOver


class ServiceTalk(Closed):
    """A service that was talked about with her, and how it stands."""

    service: ServiceCode
    answer: Answer


class Goal(Closed):
    """A goal in her words."""

    domain: Domain
    words: Line
    services: Annotated[tuple[ServiceTalk, ...], Field(max_length=SERVICES_MOST)]


class CasePlanRequest(Closed):
    """A version of the plan."""

    actor: Actor
    goals: Annotated[tuple[Goal, ...], Field(min_length=1, max_length=GOALS_MOST)]


class ReviewRequest(Closed):
    """How far each domain has come, and whether she herself was heard."""

    actor: Actor
    reached_her: StrictBool
    progress: Annotated[dict[Domain, Progress], Field(min_length=1)]


class ClosureRequest(Closed):
    """Why the case is closed."""

    actor: Actor
    reason: Closure


class LeadV1(Open):
    """Who led since when; nobody since the case was closed."""

    lead: str | None
    since: str
    actor: str
    why: HandOver | None


class ServiceTalkV1(Open):
    """A service and how it stands."""

    service: str
    answer: Answer


class GoalV1(Open):
    """A goal."""

    domain: Domain
    words: str
    services: list[ServiceTalkV1]


class CasePlanV1(Open):
    """A version of the plan; `goals` null once the referral was sealed off."""

    version: int
    at: str
    actor: str
    goals: list[GoalV1] | None


class ReviewResultV1(Open):
    """What a review found."""

    reached_her: bool
    progress: dict[Domain, Progress]


class ReviewV1(Open):
    """A review; `result` null once the referral was sealed off."""

    at: str
    actor: str
    result: ReviewResultV1 | None


class CaseV1(Open):
    """A case as it stands."""

    referral_id: str
    opened_at: str
    closed_at: str | None
    closure: Closure | None
    lead: str | None
    leads: list[LeadV1]
    plans: list[CasePlanV1]
    reviews: list[ReviewV1]


class FoundCaseV1(Open):
    """The case of a referral, or null."""

    case: CaseV1 | None
