"""What partner systems send to an agency service: wire contract section 7, in clear.

Owns the shape of these calls. Promises that what a caller must decide (who, for what, on what ground,
what exactly) has no default: silence is never consent. Refuses unknown fields.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, create_model, model_validator

from shared.consent.giving import GUARDIANS
from shared.kernel.errors import FieldFault
from shared.sop.model import AgeBand, Assent, Caregiver, Compartment, Grantor, Sop, Urgency
from shared.transport.peer import is_web_address
from shared.wire.fields import (
    Actor,
    AgencyId,
    Area,
    Closed,
    Code,
    Facts,
    FactValue,
    HexDigest,
    Language,
    Line,
    ServiceCode,
    Subject,
    Time,
    Uuid7,
)
from shared.wire.messages import BLOCKED_MOST, ConsentForm
from shared.wire.parts import (
    COMPARTMENTS_MOST,
    GRANTS_MOST,
    RECIPIENTS_MOST,
    BasisV1,
    BestInterestV1,
    GrantV1,
    Preferences,
    WithheldV1,
    refuse,
)

NOTE_MOST: Final = 4_000
DETAILS_MOST: Final = 64
CAREGIVERS_MOST: Final = 8
_ONE = "field.choice"
_CAREGIVER: Final = "Somebody else consents for her: say whether her caregivers are safe, another_unsafe or unsafe."
_DECISION: Final = "Say which two workers decided, why and when, for grantor best_interest_decision and no other."

#: A compartment in clear; what belongs in it is the procedure's JSON Schema (`GET /v1/sop/compartments/{name}`).
Content = dict[str, Any]


class ReferralRequest(Closed):
    """Refer a person to another agency: the service minimises, seals, signs and sends.

    A child is a person of its own: its own consent, its own referral, and `linked_id` to name its mother's.
    `replaces` names a referral of your own that nobody took, when this one is sent to another agency instead.
    """

    service_type: ServiceCode
    recipient: AgencyId | None = None
    match: StrictBool = False
    consent_id: Uuid7 | None = None
    basis: BasisV1 | None = None
    urgency: Urgency | None = None
    compartments: Annotated[dict[Compartment, Content], Field(min_length=1, max_length=COMPARTMENTS_MOST)]
    preferences: Preferences = Preferences()
    facts: Facts = Field(default_factory=dict)
    parent_id: Uuid7 | None = None
    linked_id: Uuid7 | None = None
    replaces: Uuid7 | None = None
    incident_at: Time | None = None
    area: Area | None = None
    age_band: AgeBand = AgeBand.UNKNOWN
    phoned_first: StrictBool = False
    blocked: Annotated[tuple[Actor, ...], Field(max_length=BLOCKED_MOST)] = ()
    subject: Subject | None = None
    actor: Actor | None = None
    strict: StrictBool = False

    @model_validator(mode="after")
    def _hangs_together(self) -> "ReferralRequest":
        faults = []
        if (self.recipient is None) is not self.match:
            faults.append(FieldFault("/recipient", _ONE, "Name a recipient, or set match to true; not both."))
        if (self.consent_id is None) is (self.basis is None):
            faults.append(FieldFault("/consent_id", _ONE, "Name the consent, or the legal basis; not both."))
        if self.subject is not None and self.consent_id is not None:
            faults.append(FieldFault("/subject", _ONE, "Leave this out: the consent says whose case it is."))
        if Compartment.NOTE in self.compartments:
            faults.append(FieldFault("/compartments/note", _ONE, "Send notes to /v1/referrals/{id}/notes."))
        if faults:
            raise refuse(*faults)
        return self


class ConsentRequest(Closed):
    """Record what she agreed to. Who gave it, in which form, and each grant must be said.

    Where somebody else consents for her, it must also be said whether those who care for her are safe; which
    way is open at which age is in `GET /v1/sop` (`ages`). `caregiver_works_as`: if an unsafe caregiver works at an
    agency, his staff pseudonym there or the agency's id. It stays here; only salted hashes go with her referrals.
    """

    subject: Subject | None = None
    subject_details: Annotated[dict[str, Any], Field(max_length=DETAILS_MOST)] | None = None
    recorded_at: Time | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None
    grantor: Grantor
    age_band: AgeBand | None = None
    assent: Assent | None = None
    caregiver: Caregiver | None = None
    caregiver_works_as: Annotated[tuple[Actor, ...], Field(max_length=CAREGIVERS_MOST)] = ()
    decision: BestInterestV1 | None = None
    form: ConsentForm
    language: Language = "vi"
    interpreter: StrictBool = False
    witnessed: StrictBool = False
    information_version: Line | None = None
    evidence_sha256: HexDigest | None = None
    purposes: Annotated[tuple[Literal["service", "statistics"], ...], Field(min_length=1, max_length=2)] = ("service",)
    grants: Annotated[tuple[GrantV1, ...], Field(min_length=1, max_length=GRANTS_MOST)]
    withheld: Annotated[tuple[WithheldV1, ...], Field(max_length=COMPARTMENTS_MOST)] = ()
    derived_from: Uuid7 | None = None

    @model_validator(mode="after")
    def _says_how_it_came_about(self) -> "ConsentRequest":
        faults = []
        if self.grantor in GUARDIANS and self.caregiver is None:
            faults.append(FieldFault("/caregiver", "field.required", _CAREGIVER))
        if (self.grantor is Grantor.BEST_INTEREST_DECISION) is (self.decision is None):
            faults.append(FieldFault("/decision", "field.required" if self.decision is None else _ONE, _DECISION))
        if faults:
            raise refuse(*faults)
        return self


class RevocationRequest(Closed):
    """Take consent back: from some recipients or all (null), some compartments or all (null)."""

    recipients: Annotated[tuple[AgencyId, ...], Field(min_length=1, max_length=RECIPIENTS_MOST)] | None = None
    compartments: Annotated[tuple[Compartment, ...], Field(min_length=1, max_length=COMPARTMENTS_MOST)] | None = None
    by: Literal["survivor", "recorder", "guardian"]


class NoteRequest(Closed):
    """Words for the caseworker on the other side."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=NOTE_MOST)]
    actor: Actor | None = None


class ConflictRequest(Closed):
    """Who declares a conflict of interest, and who takes the case: a colleague, nobody here, or whoever is found."""

    actor: Actor
    hand_over_to: Actor | None = None
    nobody_else: StrictBool = False
    alternative: AgencyId | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> "ConflictRequest":
        faults = []
        if self.hand_over_to is not None and self.nobody_else:
            faults.append(FieldFault("/hand_over_to", _ONE, "Name a colleague, or set nobody_else; not both."))
        if self.hand_over_to == self.actor:
            faults.append(FieldFault("/hand_over_to", _ONE, "Name a colleague of the person who declares."))
        if self.alternative is not None and not self.nobody_else:
            faults.append(FieldFault("/alternative", _ONE, "Leave this out unless nobody_else is true."))
        if faults:
            raise refuse(*faults)
        return self


class StatementRequest(Closed):
    """Who asks for the statement that exists."""

    actor: Actor | None = None


class OverrideActRequest(Closed):
    """Who of this agency confirmed a disclosure without consent, or told her of it; now, when no time is given."""

    actor: Actor
    at: Time | None = None


class StepRequest(Closed):
    """What is said with a step of the lifecycle, beside the procedure's facts of the event."""

    actor: Actor | None = None
    at: Time | None = None


def step_request(sop: Sop) -> type[StepRequest]:
    """Return the model of a step: `actor`, `at`, and every fact the procedure lists for events, all optional."""
    facts: dict[str, Any] = dict.fromkeys(sop.event_facts, (FactValue | None, None))
    return create_model("StepRequestV1", __base__=StepRequest, __doc__=StepRequest.__doc__, **facts)


def facts_of(request: StepRequest) -> dict[str, bool | int | str]:
    """Return the facts that were given with a step."""
    given = request.model_dump(exclude={"actor", "at"})
    return {name: value for name, value in given.items() if value is not None}


def _address(url: str) -> str:
    if not is_web_address(url):
        raise refuse(FieldFault("", "field.form", "Write an http or https address that somebody can be at."))
    return url


class WebhookRequest(Closed):
    """Where to tell a partner system that something changed; no types means all of them."""

    url: Annotated[
        str,
        StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?(\?[^\s#]*)?$", max_length=2_000),
        AfterValidator(_address),
    ]
    types: Annotated[tuple[Code, ...], Field(max_length=16)] = ()
