"""The eight signed messages of version 1, and their parsers.

Owns the shape of what is signed (wire contract, section 3). Promises that a parser either returns a
frozen message or raises `InputRejected` with pointers and advice, whatever bytes it is given; that no
message with a repeated member name is accepted, because two readers may understand it differently
(RFC 8259 section 4); and that a message written with `to_body` is read back equal. Refuses unknown
fields, unbounded text and free text. What a message may *do* is decided elsewhere.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field, StrictBool, ValidationError, model_validator

from shared.kernel.errors import FieldFault, InputRejected, TooLarge
from shared.sop.model import AgeBand, Assent, Caregiver, Compartment, EventType, Grantor, Stage, Urgency
from shared.wire.faults import faults_of
from shared.wire.fields import (
    Actor,
    AgencyId,
    Area,
    Closed,
    Code,
    Digest,
    Facts,
    HexDigest,
    Language,
    Line,
    NoticeFacts,
    ServiceCode,
    SopVersion,
    Subject,
    Time,
    Uuid7,
    Version,
)
from shared.wire.parts import (
    COMPARTMENTS_MOST,
    GRANTS_MOST,
    RECIPIENTS_MOST,
    BasisV1,
    BestInterestV1,
    GrantV1,
    Preferences,
    Sealed,
    SealedCompartment,
    WithheldV1,
    refuse,
    repeated,
)
from shared.wire.repeats import refuse_repeated_names

#: The largest body of one message, in bytes.
MESSAGE_MOST: Final = 512 * 1024
BLOCKED_MOST: Final = 64
#: The most commas in one message: a consent with all its lines full has fewer. To say what is wrong with each of a
#: hundred thousand values would keep everybody waiting.
COMMAS_MOST: Final = 8_192

ConsentForm = Literal[
    "written_signature",
    "thumbprint",
    "electronic",
    "verbal_witnessed",
    "verbal_recorded",
    "sign_language",
    "assisted",
]
NoticeType = Literal[
    "clock_warning",
    "clock_missed",
    "expired",
    "revoked",
    "override_review",
    "undeliverable",
    "statement_requested",
    "next_agency",
]
_MessageT = TypeVar("_MessageT", bound=Closed)


class ReferralV1(Closed):
    """One agency asks another for one service, for one person, with sealed compartments.

    `linked_id` is a referral of the same chain that is another person's: a child's beside its mother's. `replaces` is
    the sender's own referral that nobody took, in whose place this one is sent to another agency.
    """

    v: Version
    kind: Literal["referral"]
    id: Uuid7
    sender: AgencyId
    recipient: AgencyId
    sent_at: Time
    sop: SopVersion
    referral_id: Uuid7
    chain_id: Uuid7
    parent_id: Uuid7 | None = None
    linked_id: Uuid7 | None = None
    replaces: Uuid7 | None = None
    subject: Subject
    service_type: ServiceCode
    urgency: Urgency
    incident_at: Time | None = None
    area: Area
    age_band: AgeBand
    preferences: Preferences = Preferences()
    facts: Facts = Field(default_factory=dict)
    basis: BasisV1
    phoned_first: StrictBool = False
    blocked: Annotated[tuple[Digest, ...], Field(max_length=BLOCKED_MOST)] = ()
    sealed: Sealed
    compartments: Annotated[tuple[SealedCompartment, ...], Field(min_length=1, max_length=COMPARTMENTS_MOST)]

    @model_validator(mode="after")
    def _hangs_together(self) -> "ReferralV1":
        names = [compartment.name for compartment in self.compartments]
        faults = [*repeated(names, "compartments", leaf="name"), *_identity_faults(self)]
        if self.incident_at is not None and self.incident_at > self.sent_at:
            faults.append(FieldFault("/incident_at", "field.order", "The incident cannot be later than sent_at."))
        if Compartment.NOTE in names:
            where = f"/compartments/{names.index(Compartment.NOTE)}/name"
            faults.append(FieldFault(where, "field.choice", "Send a note as a message of kind note."))
        if faults:
            raise refuse(*faults)
        return self


class OpeningV1(Closed):
    """The recipient asks for the gateway's halves of these compartments."""

    v: Version
    kind: Literal["opening"]
    id: Uuid7
    sender: AgencyId
    sent_at: Time
    referral_id: Uuid7 | None = None
    compartments: Annotated[tuple[Compartment, ...], Field(min_length=1, max_length=COMPARTMENTS_MOST)]
    actor: Actor
    reason: Code

    @model_validator(mode="after")
    def _no_repeats(self) -> "OpeningV1":
        if faults := repeated(self.compartments, "compartments"):
            raise refuse(*faults)
        return self


class EventV1(Closed):
    """Something happened to a referral, told in coded facts only."""

    v: Version
    kind: Literal["event"]
    id: Uuid7
    sender: AgencyId
    recipient: AgencyId
    sent_at: Time
    referral_id: Uuid7 | None = None
    type: EventType
    at: Time
    actor: Actor
    data: Facts = Field(default_factory=dict)


class NoteV1(Closed):
    """Words between the two caseworkers, sealed in the one compartment `note`."""

    v: Version
    kind: Literal["note"]
    id: Uuid7
    sender: AgencyId
    recipient: AgencyId
    sent_at: Time
    referral_id: Uuid7 | None = None
    actor: Actor | None = None
    basis: BasisV1 | None = None
    sealed: Sealed
    compartments: Annotated[tuple[SealedCompartment, ...], Field(min_length=1, max_length=1)]

    @model_validator(mode="after")
    def _only_a_note(self) -> "NoteV1":
        (part,), faults = self.compartments, []
        if part.name is not Compartment.NOTE:
            faults.append(FieldFault("/compartments/0/name", "field.choice", "A note is one compartment named note."))
        if part.stage is not Stage.TRIAGE:
            faults.append(FieldFault("/compartments/0/stage", "field.choice", "A note is of stage triage."))
        if faults:
            raise refuse(*faults)
        return self


class ConsentV1(Closed):
    """What she allows: who may receive which compartments, for which services, until when.

    Where somebody else consents for her, `age_band`, `assent`, `caregiver` and `decision` say how that came about.
    """

    v: Version
    kind: Literal["consent"]
    id: Uuid7
    sender: AgencyId
    sent_at: Time
    subject: Subject
    recorded_at: Time
    valid_from: Time
    valid_to: Time
    grantor: Grantor
    age_band: AgeBand | None = None
    assent: Assent | None = None
    caregiver: Caregiver | None = None
    decision: BestInterestV1 | None = None
    form: ConsentForm
    language: Language
    interpreter: StrictBool = False
    witnessed: StrictBool = False
    information_version: Line
    evidence_sha256: HexDigest | None = None
    purposes: Annotated[tuple[Literal["service", "statistics"], ...], Field(max_length=2)]
    grants: Annotated[tuple[GrantV1, ...], Field(max_length=GRANTS_MOST)]
    withheld: Annotated[tuple[WithheldV1, ...], Field(max_length=COMPARTMENTS_MOST)] = ()
    derived_from: Uuid7 | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "ConsentV1":
        faults = repeated(self.purposes, "purposes")
        faults += repeated(tuple(w.compartment for w in self.withheld), "withheld", leaf="compartment")
        if self.valid_to <= self.valid_from:
            faults.append(FieldFault("/valid_to", "field.order", "A consent must end after it begins."))
        if self.decision is not None and self.decision.at > self.sent_at:
            faults.append(FieldFault("/decision/at", "field.order", "A decision cannot be later than sent_at."))
        if self.derived_from == self.id:
            faults.append(FieldFault("/derived_from", "field.same", "A consent cannot be derived from itself."))
        if faults:
            raise refuse(*faults)
        return self


class RevocationV1(Closed):
    """She takes consent back: for some recipients, for some compartments, or for all (null)."""

    v: Version
    kind: Literal["revocation"]
    id: Uuid7
    sender: AgencyId
    sent_at: Time
    consent_id: Uuid7
    recipients: Annotated[tuple[AgencyId, ...], Field(min_length=1, max_length=RECIPIENTS_MOST)] | None = None
    compartments: Annotated[tuple[Compartment, ...], Field(min_length=1, max_length=COMPARTMENTS_MOST)] | None = None
    by: Literal["survivor", "recorder", "guardian"]


class ReceiptV1(Closed):
    """The recipient's answer to one delivered item: stored, or rejected with a code."""

    v: Version
    kind: Literal["receipt"]
    id: Uuid7
    sender: AgencyId
    recipient: Literal["gateway"]
    sent_at: Time
    message_id: Uuid7
    sha256: HexDigest
    received_at: Time
    result: Literal["stored", "rejected"]
    code: Code | None = None

    @model_validator(mode="after")
    def _a_rejection_says_why(self) -> "ReceiptV1":
        if self.result == "rejected" and self.code is None:
            raise refuse(FieldFault("/code", "field.required", "A rejection says why: write the code."))
        return self


class NoticeV1(Closed):
    """The gateway tells an agency of a clock, an end, a revocation or a message it could not deliver."""

    v: Version
    kind: Literal["notice"]
    id: Uuid7
    sender: Literal["gateway"]
    recipient: AgencyId
    sent_at: Time
    type: NoticeType
    referral_id: Uuid7
    data: NoticeFacts = Field(default_factory=dict)


Message = ReferralV1 | OpeningV1 | EventV1 | NoteV1 | ConsentV1 | RevocationV1 | ReceiptV1 | NoticeV1

MODELS: Final[Mapping[str, type[Message]]] = {
    "referral": ReferralV1,
    "opening": OpeningV1,
    "event": EventV1,
    "note": NoteV1,
    "consent": ConsentV1,
    "revocation": RevocationV1,
    "receipt": ReceiptV1,
    "notice": NoticeV1,
}


def parse(kind: str, body: bytes) -> Message:
    """Read the signed bytes of a message of `kind`.

    Raises `InputRejected`: `message.kind` for a kind that does not exist, `message.not-json`,
    `message.repeated-name`, or `message.invalid` with faults; `TooLarge` (`message.too-large`).
    """
    model = MODELS.get(kind)
    if model is None:
        known = ", ".join(MODELS)
        raise InputRejected("message.kind", f"There is no such kind of message; the kinds are: {known}.")
    return read(model, body)


def read(model: type[_MessageT], body: bytes, *, most: int = MESSAGE_MOST) -> _MessageT:
    """Read `body` as `model`. Raises as `parse` does; `most` is the cap in bytes."""
    if len(body) > most:
        raise TooLarge("message.too-large", f"Send at most {most} bytes.")
    if len(body) > COMMAS_MOST and body.count(b",") > COMMAS_MOST:
        raise TooLarge("message.too-large", "This has more values than any message of the contract. Send fewer.")
    try:
        message = model.model_validate_json(body)
    except ValidationError as error:
        raise _rejected(error) from None
    refuse_repeated_names(body, message)
    return message


def to_body(message: Closed) -> bytes:
    """Write a message as the bytes to be signed: UTF-8 JSON, times with milliseconds.

    Fields that were left out stay out, so that a part that was hashed elsewhere (the basis, in the seal)
    stands in the body exactly as it was hashed.
    """
    return message.model_dump_json(exclude_unset=True).encode()


def parse_referral(body: bytes) -> ReferralV1:
    """Read a referral; raises as `parse` does."""
    return read(ReferralV1, body)


def parse_opening(body: bytes) -> OpeningV1:
    """Read an opening; raises as `parse` does."""
    return read(OpeningV1, body)


def parse_event(body: bytes) -> EventV1:
    """Read an event; raises as `parse` does."""
    return read(EventV1, body)


def parse_note(body: bytes) -> NoteV1:
    """Read a note; raises as `parse` does."""
    return read(NoteV1, body)


def parse_consent(body: bytes) -> ConsentV1:
    """Read a consent; raises as `parse` does."""
    return read(ConsentV1, body)


def parse_revocation(body: bytes) -> RevocationV1:
    """Read a revocation; raises as `parse` does."""
    return read(RevocationV1, body)


def parse_receipt(body: bytes) -> ReceiptV1:
    """Read a receipt; raises as `parse` does."""
    return read(ReceiptV1, body)


def parse_notice(body: bytes) -> NoticeV1:
    """Read a notice; raises as `parse` does."""
    return read(NoticeV1, body)


def _identity_faults(message: ReferralV1) -> list[FieldFault]:
    faults = []
    if message.referral_id != message.id:
        faults.append(FieldFault("/referral_id", "field.same", "Write the same value as id."))
    names_another = message.parent_id or message.linked_id or message.replaces
    if names_another is None and message.chain_id != message.id:
        advice = "The first referral of a chain names itself here: write referral_id, or give parent_id."
        faults.append(FieldFault("/chain_id", "field.same", advice))
    if message.parent_id == message.referral_id:
        faults.append(FieldFault("/parent_id", "field.same", "A referral cannot be its own parent."))
    if message.replaces == message.referral_id:
        faults.append(FieldFault("/replaces", "field.same", "A referral does not replace itself."))
    if message.linked_id == message.referral_id:
        faults.append(FieldFault("/linked_id", "field.same", "A referral is not linked to itself."))
    return faults


def _rejected(error: ValidationError) -> InputRejected:
    faults = faults_of(error)
    if faults and faults[0].code == "message.not-json":
        return InputRejected("message.not-json", faults[0].message)
    text = "The message does not follow the contract; errors say where and how to mend it."
    return InputRejected("message.invalid", text, faults=faults)
