"""Messages of non-punishment."""

from typing import Annotated, Literal

from pydantic import Field

from services.legal_aid.rules.exposure import Indicator, Issue, OfferAnswer
from shared.wire.fields import Actor, Closed, Open


class ExposureRequest(Closed):
    """What points to trafficking, and what she could be held to account for; empty lists where there is nothing."""

    actor: Actor
    indicators: Annotated[tuple[Indicator, ...], Field(max_length=len(Indicator))]
    issues: Annotated[tuple[Issue, ...], Field(max_length=len(Issue))]


class OfferAnswerRequest(Closed):
    """What she answered."""

    actor: Actor
    answer: OfferAnswer


class OfferV1(Open):
    """A service that had to be offered to her; `answer` null until she was asked."""

    record: Literal["offer"] = "offer"
    id: str
    referral_id: str
    at: str
    service_type: str
    answer: OfferAnswer | None
    answered_at: str | None


class ExposureDetailsV1(Open):
    """What was recorded."""

    indicators: list[Indicator]
    issues: list[Issue]


class RecordedExposureV1(Open):
    """A record; `details` null once the referral was sealed off."""

    record: Literal["exposure"] = "exposure"
    id: str
    referral_id: str
    at: str
    actor: str
    details: ExposureDetailsV1 | None


class ExposureV1(RecordedExposureV1):
    """A record, with the offers of the case that wait for her answer."""

    offers: list[OfferV1]
