"""Messages of supporting the verification of trafficking."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.police.rules.verification import Lead, Part, Verified
from shared.wire.fields import Actor, Closed, Open, Time

Province = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]


class LeadV1(Closed):
    """Who leads: which authority, of which province."""

    authority: Lead
    province: Province


class VerificationRequest(Closed):
    """Who leads a verification that the police are asked to support, and when they were asked."""

    actor: Actor
    asked_at: Time
    lead: LeadV1


class FindingRequest(Closed):
    """What the lead found, and what the police contributed."""

    actor: Actor
    found_at: Time
    found_by: Lead
    found: Verified
    parts: Annotated[tuple[Part, ...], Field(max_length=len(Part))]


class VerificationV1(Open):
    """A verification and what came of it."""

    id: str
    referral_id: str
    asked_at: str
    lead: LeadV1
    found: Verified | None
    found_at: str | None
