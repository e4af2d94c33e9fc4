"""The directory on the wire: who there is, who accepts now, who fits (wire contract, sections 6 and 8)."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from shared.kernel.errors import FieldFault
from shared.wire.fields import AgencyId, Area, Closed, Digest, Language, Open, ServiceCode, Subject, Time, Uuid7
from shared.wire.parts import Preferences, refuse

CAPACITY_MOST: Final = 100_000
EXCLUDE_MOST: Final = 64
BLOCKED_MOST: Final = 64
LEASE_MINUTES_MOST: Final = 60


class NameV1(Open):
    """A name in Vietnamese and English."""

    vi: str
    en: str


class JwksV1(Open):
    """Public keys (RFC 7517): ES256 with `use` sig, X25519 or the hybrid with `use` enc."""

    keys: tuple[dict[str, Any], ...]


class AgencyV1(Open):
    """One agency as the directory shows it."""

    id: str
    name: NameV1
    sectors: tuple[str, ...]
    areas: tuple[str, ...]
    services: tuple[str, ...]
    hours: Any
    delivery: Literal["push", "pull"]
    jwks: JwksV1
    status: str


class AvailabilityV1(Closed):
    """What an agency says of one of its services: whether it takes people now, how many, met by whom.

    What is left out is not stated. `capacity` counts the places that are free, leases not taken off;
    `interpreter_languages` are those it has an interpreter for.
    """

    service_type: ServiceCode
    accepting: StrictBool
    capacity: Annotated[StrictInt, Field(ge=0, le=CAPACITY_MOST)] | None = None
    staff_genders: Annotated[tuple[Literal["female", "male"], ...], Field(max_length=2)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=64)] = ()
    interpreter_languages: Annotated[tuple[Language, ...], Field(max_length=64)] = ()
    disability_access: StrictBool | None = None
    children_welcome: StrictBool | None = None


class MatchRequestV1(Closed):
    """Who could take her: service, place, how she wants to be met, what she needs, and who must not be proposed.

    `blocked` are the hashes a referral of the case `chain_id` would carry (wire contract, section 4): who is
    meant by one of them is not proposed, nor whom an earlier referral of the chain, of yours, has blocked.
    `open_only` leaves out who is closed, or does not say, at `at`; `neighbours` false stays in her province.
    """

    service_type: ServiceCode
    area: Area
    preferences: Preferences = Preferences()
    at: Time | None = None
    exclude: Annotated[tuple[AgencyId, ...], Field(max_length=EXCLUDE_MOST)] = ()
    chain_id: Uuid7 | None = None
    blocked: Annotated[tuple[Digest, ...], Field(max_length=BLOCKED_MOST)] = ()
    disability_access: StrictBool = False
    children: StrictBool = False
    open_only: StrictBool = False
    neighbours: StrictBool = True

    @model_validator(mode="after")
    def _hashes_have_their_salt(self) -> "MatchRequestV1":
        if self.blocked and self.chain_id is None:
            raise refuse(FieldFault("/chain_id", "field.required", "Give the chain id that the hashes are made with."))
        return self


class MatchReasonV1(Open):
    """One thing that speaks for or against an agency: a stable code, and words for people."""

    code: str
    vi: str
    en: str


class MatchV1(Open):
    """One proposed agency: `reasons` are the codes of what speaks for and against it, `explanation` says them.

    `area` is what a referral to it names as its area. Null is what is not known; of a protected site that is
    also its `capacity`, and when it stated that it takes people.
    """

    agency: str
    name: NameV1
    score: float
    reasons: tuple[str, ...]
    explanation: tuple[MatchReasonV1, ...]
    area: str
    open: StrictBool | None
    opens_at: Time | None
    capacity: int | None
    stated_at: Time | None
    protected: StrictBool


class MatchesV1(Open):
    """Proposed agencies, best first."""

    items: tuple[MatchV1, ...]


class LeaseRequestV1(Closed):
    """Hold one place of a service for some minutes; `subject`, if given, is the only case that may use it."""

    agency: AgencyId
    service_type: ServiceCode
    minutes: Annotated[StrictInt, Field(ge=1, le=LEASE_MINUTES_MOST)]
    subject: Subject | None = None


class LeaseV1(Open):
    """A held place, until when. A referral uses it by naming `lease_id` among its facts."""

    lease_id: str
    expires_at: Time
