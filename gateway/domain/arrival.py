"""Signed messages as they arrive at the gateway, parsed and authenticated, before any decision.

Each is an `Arrival` (what all share) with what its kind adds. They are commands: the use cases of
`gateway.application` take them and either admit or refuse them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from shared.consent.giving import GUARDIAN_UNSAFE
from shared.consent.request import ConsentBasis, OtherBasis
from shared.kernel.values import value
from shared.sop.model import AgeBand, Compartment, EventType, Stage, Urgency


@value
class Arrival:
    """One signed message: who sent which exact bytes, and when they came.

    `body` is the exact text that was signed; `signature` the sender's detached JWS; `hub_shares` the
    gateway's halves by compartment name (base64url), never stored with the body. `content_kind` is the
    message kind on the wire.
    """

    kind: str
    message_id: str
    sender: str
    recipient: str | None
    sent_at: datetime
    received_at: datetime
    body: str
    sha256: str
    signature: str
    hub_shares: Mapping[str, str]
    trace_id: str
    traceparent: str


class SealedFor(Protocol):
    """For which key of the recipient a message is sealed, and under which suite."""

    @property
    def kid(self) -> str:
        """The thumbprint of the key."""
        ...

    @property
    def suite(self) -> str:
        """The name of the HPKE suite."""
        ...


class SealedCompartment(Protocol):
    """The label of one sealed compartment: its name, stage and the digest of the gateway's half."""

    @property
    def name(self) -> Compartment:
        """What is sealed."""
        ...

    @property
    def stage(self) -> Stage:
        """When it may be opened."""
        ...

    @property
    def share_sha256(self) -> str:
        """The digest of the gateway's half of its key, base64url."""
        ...


@value
class ReferralSent:
    """A referral asks the recipient for a service; `linked_id` is another person's of the same chain.

    `replaces` is the sender's own referral that nobody took, in whose place this one is sent.
    """

    arrival: Arrival
    sop_version: str
    referral_id: str
    chain_id: str
    parent_id: str | None
    subject: str
    service_type: str
    urgency: Urgency
    incident_at: datetime | None
    area: str
    age_band: AgeBand
    staff_gender: str
    facts: Mapping[str, Any]
    basis: ConsentBasis | OtherBasis
    phoned_first: bool
    blocked: frozenset[str]
    sealed_for: SealedFor
    compartments: tuple[SealedCompartment, ...]
    linked_id: str | None = None
    replaces: str | None = None

    @property
    def guardian_unsafe(self) -> bool:
        """Say whether the sender states that a caregiver of hers is not safe."""
        return self.facts.get(GUARDIAN_UNSAFE) is True

    @property
    def in_remote_area(self) -> bool:
        """Say whether the sender states that clocks may run longer where she is."""
        return self.facts.get("remote_area") is True


@value
class EventReported:
    """Something happened to a referral."""

    arrival: Arrival
    referral_id: str
    type: EventType
    at: datetime
    actor: str
    data: Mapping[str, Any]


@value
class OpeningAsked:
    """A recipient asks for the gateway's halves of some compartments."""

    arrival: Arrival
    referral_id: str
    compartments: tuple[Compartment, ...]
    actor: str
    reason: str


@value
class NoteSent:
    """One caseworker writes to the other about a referral; the text is sealed. What is None the writer left out."""

    arrival: Arrival
    referral_id: str
    actor: str | None
    basis: ConsentBasis | OtherBasis | None
    sealed_for: SealedFor
    compartments: tuple[SealedCompartment, ...]


@value
class RevocationAsked:
    """Consent is taken back, wholly (None) or from some recipients or compartments."""

    arrival: Arrival
    consent_id: str
    recipients: frozenset[str] | None
    compartments: frozenset[Compartment] | None
    by: str
