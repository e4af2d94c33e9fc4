"""What an agency service keeps, as plain frozen values. One class per table, one field per column.

Times are wire text (RFC 3339, UTC, milliseconds), as everywhere in the databases of the mesh: they
sort, compare and travel unchanged. Anything about a person is in a `bytes` field, and encrypted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final


class Box(StrEnum):
    """On which side of a referral this agency stands."""

    SENT = "sent"
    RECEIVED = "received"


class HoldingState(StrEnum):
    """What this agency can do with a compartment: nothing yet, read it, keep it by law unread, or never again."""

    SEALED = "sealed"
    OPENED = "opened"
    HELD = "held"
    DESTROYED = "destroyed"


#: States a sent referral has here before the gateway has answered, and when the answer was no.
QUEUED = "queued"
REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """One referral, sent or received. `wrapped_key` None means that its contents can never be read again."""

    referral_id: str
    box: str
    chain_id: str
    parent_id: str | None
    sender: str
    recipient: str
    subject: str
    service_type: str
    urgency: str
    area: str
    age_band: str
    incident_at: str | None
    preferences: Mapping[str, Any]
    facts: Mapping[str, Any]
    basis: Mapping[str, Any]
    consent_id: str | None
    phoned_first: bool
    blocked: Sequence[str]
    sealed: Mapping[str, str] | None
    state: str
    due: Mapping[str, str]
    next_due_at: str | None
    sent_at: str
    wrapped_key: bytes | None
    number: str  # what people say on the telephone (`shared.referral.number`)
    sealed_off_at: str | None = None
    linked_id: str | None = None
    replaces: str | None = None  # the referral that nobody took, in whose place this one was sent
    rerouted_to: str | None = None  # the one that was sent in the place of this one
    statements: int = 0  # how often she told what happened in this chain, as far as the gateway said

    def other(self, agency_id: str) -> str:
        """Return the agency on the other side."""
        return self.recipient if agency_id == self.sender else self.sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One compartment of a referral: as it came (`ciphertext`) until opened, then encrypted at rest (`content`)."""

    key: str  # referral id "/" compartment
    referral_id: str
    name: str
    stage: str
    state: str
    share_sha256: str
    code: str | None = None
    ciphertext: str | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of a referral, from either side, or a notice of the gateway about it."""

    message_id: str
    referral_id: str
    type: str
    at: str
    by: str
    actor: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note between the two caseworkers, encrypted under the referral's key."""

    message_id: str
    referral_id: str
    by: str
    at: str
    content: bytes


class RerouteState(StrEnum):
    """Where going on to the next agency stands: it waits to be done, it was, or a person decides."""

    WAITING = "waiting"
    SENT = "sent"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute:
    """A referral of this agency's own that nobody took, and what became of its wish to go on to the next agency.

    `code` says why it stopped, `refusal` with which code somebody refused it.
    """

    referral_id: str
    state: str
    noticed_at: str
    next_agency: str | None = None
    replacement: str | None = None
    code: str | None = None
    refusal: str | None = None
    settled_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRecord:
    """A member of staff from whom a case is kept since they declared a conflict; why is kept nowhere."""

    conflict_id: str  # the declaration's message
    referral_id: str
    chain_id: str
    actor: str
    declared_at: str
    handed_to: str | None = None
    given_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who has a referral: `holder` works on it, since `at`; `by` gave it to her, or she took it. Pseudonyms all."""

    referral_id: str
    holder: str
    at: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """A consent recorded here; `statement` is what was signed. `details` say who she is and never leave here.

    `kept_from` names accounts of an unsafe caregiver, encrypted like the details.
    """

    consent_id: str
    subject: str
    state: str
    valid_to: str
    statement: Mapping[str, Any]
    takings: Sequence[Mapping[str, Any]]
    derived_from: str | None
    recorded_at: str
    wrapped_key: bytes | None = None
    details: bytes | None = None
    kept_from: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A signed message on its way to the gateway. Its id is its idempotency key, so sending twice is harmless.

    Letters of one `lane` keep their order; a letter also waits for earlier ones in the lanes of
    `waits_on`. `presented` is what the caller is shown beside the gateway's answer. The text is
    forgotten once the gateway has answered.
    """

    message_id: str
    kind: str
    lane: str
    waits_on: Sequence[str]
    sha256: str
    body: str | None
    signature: str | None
    hub_shares: Mapping[str, str] | None
    presented: Mapping[str, Any]
    traceparent: str
    created_at: str
    size: int
    status: int | None = None
    answer: Mapping[str, Any] | None = None
    receipt: str | None = None
    settled_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that was delivered here, and the signed receipt it was answered with."""

    message_id: str
    sha256: str
    result: str
    code: str | None
    receipt: str
    received_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A system of this agency that may call its API. Only a digest of its secret is kept."""

    client_id: str
    secret_hash: str | None
    jwks: Mapping[str, Any] | None
    scopes: Sequence[str]
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedAssertion:
    """A client assertion that was used, until it could no longer be replayed."""

    key: str  # client id "/" jti
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentAct:
    """What an `Idempotency-Key` stood for: which request, and what it led to."""

    key: str  # client id "/" key
    fingerprint: str
    outcome: str
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A referral in the making, of one person. `content` is encrypted under a key that is forgotten with it."""

    draft_id: str
    account_id: str
    actor: str
    begun_at: str
    kept_at: str
    expires_at: str
    before_id: str | None = None  # the referral it goes on from or replaces; what is taken back of that one ends it
    referral_id: str | None = None
    wrapped_key: bytes | None = None
    content: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One reading: who, when, why, and what was shown."""

    visit_id: str
    at: str
    client: str
    actor: str
    reason: str | None
    what: str
    target: str | None
    compartments: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRecord:
    """One act of a sector's casework, done or refused: who did what to which record, and which `rule` refused it."""

    act_id: str
    at: str
    act: str
    client: str
    actor: str
    referral_id: str | None
    target: str | None
    outcome: str
    code: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorClock:
    """A duty of a sector's casework that runs against a time; `due_at` is absolute and set by `rule`."""

    key: str  # target "/" rule
    referral_id: str
    target: str
    rule: str
    started_at: str
    due_at: str
    stopped_at: str | None = None
    told_at: str | None = None


class ActionState(StrEnum):
    """What became of an action agreed at a case conference."""

    OPEN = "open"
    DONE = "done"
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """A case conference that this agency called about a referral of its own; minutes hold actions only."""

    conference_id: str
    referral_id: str
    reason: str
    called_at: str
    called_by: str
    convene_by: str
    held_at: str | None = None
    attended: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An agency that was invited to a conference, and the referral that invites it."""

    referral_id: str
    conference_id: str
    agency: str
    invited_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceAction:
    """Who does what by when: kept by the agency that called the conference and by the agency that owns the action.

    `referral_id` is the invitation by which it went to its owner, or the conference's own case.
    """

    action_id: str
    referral_id: str
    conference_id: str | None  # None at the owner, who knows the invitation only
    given_by: str
    owner: str
    kind: str
    due_on: str
    state: str
    reported_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where a partner system wants to be told that something changed."""

    webhook_id: str
    client_id: str
    url: str
    secret: str
    types: Sequence[str]
    created_at: str
    disabled_at: str | None = None


#: How a notification ends when it was taken, and when nobody wants it any more; any other code is why it was given up.
DELIVERED: Final = "delivered"
UNWANTED: Final = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One CloudEvent on its way to one webhook."""

    notification_id: str
    webhook_id: str
    body: str
    due_at: str
    attempts: int = 0
    settled_at: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgency:
    """The directory entry of another agency, as last fetched: sealing must work while the gateway is away."""

    agency_id: str
    entry: Mapping[str, Any] = field(default_factory=dict)
    fetched_at: str = ""
