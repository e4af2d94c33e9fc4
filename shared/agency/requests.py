"""What partner systems send to an agency service: wire contract section 7, in clear.

Owns the shape of these calls. Promises that what a caller must decide (who, for what, on what ground,
what exactly) has no default: silence is never consent. Refuses unknown fields.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StringConstraints, create_model, model_validator

from shared.kernel.errors import FieldFault
from shared.sop.model import AgeBand, Compartment, Sop, Urgency
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
from shared.wire.messages import BLOCKED_MOST, ConsentForm, Grantor
from shared.wire.parts import (
    COMPARTMENTS_MOST,
    GRANTS_MOST,
    RECIPIENTS_MOST,
    BasisV1,
    GrantV1,
    Preferences,
    WithheldV1,
    refuse,
)

NOTE_MOST: Final = 4_000
DETAILS_MOST: Final = 64
_ONE = "field.choice"

#: A compartment in clear; what belongs in it is the procedure's JSON Schema (`GET /v1/sop/compartments/{name}`).
Content = dict[str, Any]


class ReferralRequest(Closed):
    """Refer a person to another agency: the service minimises, seals, signs and sends."""

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
    incident_at: Time | None = None
    area: Area | None = None
    age_band: AgeBand = AgeBand.UNKNOWN
    phoned_first: StrictBool = False
    blocked: Annotated[tuple[Actor, ...], Field(max_length=BLOCKED_MOST)] = ()
    subject: Subject | None = None
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
    """Record what she agreed to. Who gave it, in which form, and each grant must be said."""

    subject: Subject | None = None
    subject_details: Annotated[dict[str, Any], Field(max_length=DETAILS_MOST)] | None = None
    recorded_at: Time | None = None
    valid_from: Time | None = None
    valid_to: Time | None = None
    grantor: Grantor
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


class RevocationRequest(Closed):
    """Take consent back: from some recipients or all (null), some compartments or all (null)."""

    recipients: Annotated[tuple[AgencyId, ...], Field(min_length=1, max_length=RECIPIENTS_MOST)] | None = None
    compartments: Annotated[tuple[Compartment, ...], Field(min_length=1, max_length=COMPARTMENTS_MOST)] | None = None
    by: Literal["survivor", "recorder", "guardian"]


class NoteRequest(Closed):
    """Words for the caseworker on the other side."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=NOTE_MOST)]
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


class WebhookRequest(Closed):
    """Where to tell a partner system that something changed; no types means all of them."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?(\?[^\s#]*)?$", max_length=2_000)]
    types: Annotated[tuple[Code, ...], Field(max_length=16)] = ()
