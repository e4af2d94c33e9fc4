"""What an agency service answers. Fields may be added; none goes away or changes."""

from typing import Any, Literal

from pydantic import Field

from shared.wire.answers import DueV1, GatewayReceiptV1, InstructionV1, StatementsV1, WarningV1
from shared.wire.fields import Open


class AgencyReferralV1(Open):
    """A referral as lists and answers show it: nothing about a person; `linked_id` is another person's.

    `instruction`: what people must do themselves, in immediate danger. `rerouted_to` is the referral that was sent in
    the place of this one, `replaces` the one in whose place this one was.
    """

    referral_id: str
    chain_id: str
    parent_id: str | None = None
    linked_id: str | None = None
    replaces: str | None = None
    rerouted_to: str | None = None
    instruction: InstructionV1 | None = None
    box: Literal["sent", "received"]
    state: str
    sender: str
    recipient: str
    service_type: str
    urgency: str
    due: DueV1
    next_due_at: str | None = None
    sent_at: str
    statements: StatementsV1 | None = None
    warning: WarningV1 | None = None


class HeldBackV1(Open):
    """What stayed here of one compartment, and why; no `fields` means all of it."""

    compartment: str
    reason: Literal[
        "not_asked_by_service",
        "not_consented",
        "withheld",
        "forbidden_by_service",
        "beyond_basis",
        "unsafe_caregiver",
        "sector_rule",
    ]
    rule: str
    basis: str
    fields: list[str] | None = None


class ReferredV1(Open):
    """Answer to a referral: what was sent, what was held back; `receipt` null while the gateway is away."""

    referral: AgencyReferralV1
    sent: list[str]
    held_back: list[HeldBackV1]
    receipt: GatewayReceiptV1 | None


class SteppedV1(Open):
    """Answer to a step of the lifecycle, or to a note."""

    referral: AgencyReferralV1
    receipt: GatewayReceiptV1 | None


class HappeningV1(Open):
    """Something that happened to a referral."""

    type: str
    at: str
    by: str
    actor: str | None = None
    data: dict[str, Any]


class CompartmentV1(Open):
    """A compartment: its content when it may be read, otherwise the code that says why not."""

    name: str
    stage: Literal["triage", "accepted"]
    state: Literal["sealed", "opened", "held", "destroyed"]
    code: str | None = None
    content: dict[str, Any] | None = None


class RerouteV1(Open):
    """What became of going on to the next agency: `why` it stopped, in words, and what a person can do."""

    state: Literal["waiting", "sent", "stopped"]
    next_agency: str | None = None
    replacement: str | None = None
    refusal: str | None = None
    noticed_at: str
    settled_at: str | None = None
    why: WarningV1 | None = None


class ReferralReadV1(AgencyReferralV1):
    """One referral with its history, and what may be read of it now; `linked` are referrals that name this one."""

    area: str
    age_band: str
    incident_at: str | None = None
    preferences: dict[str, Any]
    facts: dict[str, Any]
    basis: dict[str, Any]
    phoned_first: bool
    sealed_off_at: str | None = None
    linked: list[str] = Field(default_factory=list)
    reroute: RerouteV1 | None = None
    history: list[HappeningV1]
    compartments: list[CompartmentV1]


class ReferralsV1(Open):
    """A page of referrals, and where to go on; null at the end."""

    items: list[AgencyReferralV1]
    next: str | None = None


class NoteReadV1(Open):
    """A note between the two caseworkers; without text once the case is sealed off."""

    id: str
    by: str
    at: str
    text: str | None = None


class NotesV1(Open):
    """The notes of a referral, oldest first."""

    items: list[NoteReadV1]


class ConsentStandingV1(Open):
    """Where a consent stands."""

    id: str
    state: str
    valid_to: str | None = None
    subject: str | None = None


class ConsentTakenV1(Open):
    """Answer to a consent; `receipt` null while the gateway is away."""

    consent: ConsentStandingV1
    receipt: GatewayReceiptV1 | None


class ConsentTakenBackV1(ConsentTakenV1):
    """Answer to a revocation: which agencies were told to seal off."""

    notified: list[str] = Field(default_factory=list)


class ConsentReadV1(Open):
    """A consent recorded here, with who the subject is."""

    consent: ConsentStandingV1
    subject_details: dict[str, Any] | None = None


class ChainReadV1(Open):
    """A chain as far as this agency may see it, with the ledger's proofs."""

    chain_id: str


class PropagationReadV1(Open):
    """Who was told to seal off after a revocation, and who confirmed."""

    consent_id: str
    complete: bool


class WebhookReadV1(Open):
    """Where a partner system is told of changes."""

    id: str
    url: str
    types: list[str]
    created_at: str


class WebhookMadeV1(WebhookReadV1):
    """A new webhook, with the secret its notifications are signed with."""

    secret: str


class WebhooksV1(Open):
    """The webhooks of the calling partner system."""

    items: list[WebhookReadV1]


class WebhookFailureV1(Open):
    """A notification that was given up: its id, what it told of, and why the last try failed, as a code."""

    id: str
    type: str
    referral_id: str
    attempts: int
    given_up_at: str
    code: str


class WebhookFailuresV1(Open):
    """What one webhook did not take, oldest first."""

    items: list[WebhookFailureV1]
    next: str | None


class WebhookReplayedV1(Open):
    """How many notifications are tried again."""

    replayed: int


class DeliveredV1(Open):
    """Signed receipts, one for each message that is settled."""

    receipts: list[str]


class ConflictV1(Open):
    """A declared conflict of interest, as its declaration is answered: nothing of the case."""

    id: str
    referral_id: str
    declared_at: str
    handed_to: str | None = None
    given_back: bool


class ConflictDeclaredV1(Open):
    """Answer to a declaration; `receipt` null while the gateway is away. The case is kept from you already."""

    conflict: ConflictV1
    receipt: GatewayReceiptV1 | None


class ConflictReadV1(ConflictV1):
    """A declared conflict as a supervisor sees it: who declared it, and how the referral stands."""

    chain_id: str
    actor: str
    state: str


class ConflictsV1(Open):
    """Declared conflicts, oldest first."""

    items: list[ConflictReadV1]
    next: str | None = None


class WorklistV1(Open):
    """A worklist of this sector: what it is called and which services it is about."""

    id: str
    name: dict[str, str]
    services: list[str]
    by: str


class WorklistsV1(Open):
    """The worklists of this sector."""

    items: list[WorklistV1]


class SectorClockV1(Open):
    """A clock of a case: the rule that made it, by when, how it stands; `seconds_left` is live, negative when late."""

    rule: str
    target: str
    kind: Literal["STAT", "CLIN", "STD", "POL"]
    basis: str
    started_at: str
    due_at: str
    stopped_at: str | None
    state: Literal["running", "met", "met_late", "missed"]
    seconds_left: int | None


class SectorClocksV1(Open):
    """The clocks of a case, what is due first on top."""

    items: list[SectorClockV1]


class ActV1(Open):
    """One act of casework, done or refused; `rule` is the one that refused it."""

    id: str
    at: str
    act: str
    actor: str
    target: str | None
    outcome: Literal["done", "refused"]
    code: str | None
    rule: str | None


class ActsV1(Open):
    """The journal of a case, oldest first."""

    items: list[ActV1]
