"""Messages of certificates."""

from typing import Annotated

from pydantic import Field

from services.health.messages.forensic import SealNumber
from shared.wire.fields import Actor, Closed, Open, Time


class CertificateRequest(Closed):
    """A certificate as it was written; the rate is left null where none was determined."""

    actor: Actor
    number: SealNumber
    injury_rate_percent: Annotated[float, Field(ge=0, le=100)] | None


class CertificateGivenRequest(Closed):
    """Who put it into her hands, and when."""

    actor: Actor
    given_at: Time


class CertificateChoiceRequest(Closed):
    """Her choice whether it is sent before she has it."""

    actor: Actor
    send_first: bool


class CertificateV1(Open):
    """A certificate as it stands; `number` and rate left out once the referral was sealed off."""

    id: str
    issued_at: str
    actor: str
    given_to_her_at: str | None
    sent_first_at: str | None
    number: str | None = None
    injury_rate_percent: float | None = None


class CertificatesV1(Open):
    """The certificates of a case, oldest first."""

    items: list[CertificateV1]
