"""Messages of receiving somebody who may have been trafficked, and of what her status gives."""

from pydantic import StrictBool

from services.social.rules.entitlements import Decider, Given, Status, Support
from shared.wire.fields import Actor, Closed, Open


class ReceptionRequest(Closed):
    """A reception. Nothing asks whether she helps the police: what she is given does not depend on it."""

    actor: Actor
    status: Status
    offence_or_immigration: StrictBool


class StatusRequest(Closed):
    """Her status, and who decided it."""

    actor: Actor
    status: Status
    decided_by: Decider


class SupportRequest(Closed):
    """What was given to her."""

    actor: Actor
    support: Support


class StatusV1(Open):
    """One decision on her status."""

    status: Status
    decided_by: Decider
    at: str
    actor: str


class EntitlementV1(Open):
    """Whether a support is given, by which rule, derived from what."""

    support: Support
    given: Given
    rule: str
    basis: str


class GivenV1(Open):
    """A support that was given."""

    support: Support
    at: str
    actor: str


class StandingV1(Open):
    """How she stands, what that gives, and what to offer her."""

    referral_id: str
    status: Status | None
    received_at: str | None
    statuses: list[StatusV1]
    entitlements: list[EntitlementV1]
    given: list[GivenV1]
    offers: list[str]
