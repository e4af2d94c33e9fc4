"""The vocabulary of the procedure: frozen, fully typed, without behaviour beyond look-ups.

Names and codes are normative on the wire. What each member means, and on what it rests, is in the
TOML files of `shared/sop/data`, read by `shared.sop.loader`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Sector(StrEnum):
    """What an agency does (its function, not its legal body)."""

    POLICE = "police"
    HEALTH = "health"
    LEGAL_AID = "legal_aid"
    SOCIAL = "social"
    COORDINATION = "coordination"


class Sender(StrEnum):
    """Who may send a service type: a sector, or one of the actors outside the four sectors."""

    POLICE = "police"
    HEALTH = "health"
    LEGAL_AID = "legal_aid"
    SOCIAL = "social"
    AUTHORITY = "authority"  # chair of the commune People's Committee, or a court's decision
    HOTLINE = "hotline"
    RESCUING_FORCE = "rescuing_force"  # border guard, coast guard
    SELF = "self"  # the survivor or her representative, through any agency


class Compartment(StrEnum):
    """A part of a case that is sealed, consented to and opened on its own."""

    IDENTITY = "identity"
    CONTACT = "contact"
    DEMOGRAPHICS = "demographics"
    SAFETY = "safety"
    INCIDENT = "incident"
    MEDICAL = "medical"
    FORENSIC = "forensic"
    LEGAL = "legal"
    NEEDS = "needs"
    DEPENDANTS = "dependants"
    DOCUMENTS = "documents"
    PREFERENCES = "preferences"
    PERPETRATOR = "perpetrator"
    ATTACHMENTS = "attachments"
    NOTE = "note"  # only in notes between two caseworkers, never in a referral


class Presence(StrEnum):
    """Whether a service type needs, may have, or must not have a compartment."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


class Stage(StrEnum):
    """When the recipient may open a compartment: to decide, or only once it has accepted."""

    TRIAGE = "triage"
    ACCEPTED = "accepted"


class Urgency(StrEnum):
    """From life at risk now to long-term plans; most urgent first."""

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    PROMPT = "prompt"
    STANDARD = "standard"
    PLANNED = "planned"


class AgeBand(StrEnum):
    """Age as far as routing needs it. Unknown is treated as a child."""

    UNDER_6 = "under_6"
    FROM_6 = "6_11"
    FROM_12 = "12_15"
    FROM_16 = "16_17"
    ADULT = "adult"
    UNKNOWN = "unknown"


class BasisKind(StrEnum):
    """On what a rule rests: statute, clinical window, international standard, or our own policy."""

    STAT = "STAT"
    CLIN = "CLIN"
    STD = "STD"
    POL = "POL"


class Confidence(StrEnum):
    """How sure we are of a basis. `unverified` must never be shown to anybody as law."""

    SOURCED = "sourced"
    RECALLED = "recalled"
    UNVERIFIED = "unverified"
    POLICY = "policy"


class LegalBasisKind(StrEnum):
    """On what a disclosure may rest."""

    CONSENT = "consent"
    VITAL_INTEREST = "vital_interest"
    LEGAL_OBLIGATION = "legal_obligation"
    STATE_FUNCTION = "state_function"
    COURT_ORDER = "court_order"
    BEST_INTEREST_CHILD = "best_interest_child"


class ClockPhase(StrEnum):
    """The four duties of a recipient that a clock watches."""

    ACKNOWLEDGE = "acknowledge"
    DECIDE = "decide"
    CONTACT = "contact"
    COMPLETE = "complete"


class ClockStart(StrEnum):
    """The event a clock runs from. Clinical windows run from the incident, never from sending (E6)."""

    SENT = "sent"
    ACCEPTED = "accepted"
    INCIDENT = "incident"


class ClockUnit(StrEnum):
    """Minutes and hours run by the clock; days end on a working day; working days skip rest days."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


class ReferralState(StrEnum):
    """Where a referral stands. The ends are listed in `ENDS`."""

    SENT = "sent"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    UNREACHED = "unreached"
    COMPLETED = "completed"
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"
    CLOSED = "closed"
    ENTERED_IN_ERROR = "entered_in_error"


ENDS: frozenset[ReferralState] = frozenset(
    {
        ReferralState.COMPLETED,
        ReferralState.DECLINED,
        ReferralState.FAILED,
        ReferralState.CANCELLED,
        ReferralState.WITHDRAWN,
        ReferralState.REVOKED,
        ReferralState.EXPIRED,
        ReferralState.CLOSED,
        ReferralState.ENTERED_IN_ERROR,
    }
)


class EventType(StrEnum):
    """What can happen to a referral after it was sent."""

    ACKNOWLEDGED = "acknowledged"
    INFO_REQUESTED = "info_requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SCHEDULED = "scheduled"
    STARTED = "started"
    CONTACT_ATTEMPTED = "contact_attempted"
    ON_HOLD = "on_hold"
    RESUMED = "resumed"
    COMPLETED = "completed"
    FAILED = "failed"
    SEALED = "sealed"
    INFO_PROVIDED = "info_provided"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    ENTERED_IN_ERROR = "entered_in_error"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Party(StrEnum):
    """Who may send an event."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in Vietnamese and English."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rule is derived from, when that was last checked, and how sure we are."""

    kind: BasisKind
    instrument: str
    article: str
    verified_on: date
    confidence: Confidence
    source: str = ""

    @property
    def citation(self) -> str:
        """One line for people, e.g. `STAT Law 13/2022/QH15 Art 25(2) (sourced, 2026-11-21)`."""
        where = f"{self.instrument} {self.article}".strip()
        return f"{self.kind} {where} ({self.confidence}, {self.verified_on.isoformat()})"

    @property
    def is_law(self) -> bool:
        """Whether people may be told that the law says so: a statute, and not an unverified one."""
        return self.kind is BasisKind.STAT and self.confidence is not Confidence.UNVERIFIED


@dataclass(frozen=True, slots=True)
class CompartmentRule:
    """What a service type says of one compartment.

    `only` names the fields that may travel (empty: all of them), `never` those that must not;
    `shared.sop.compartments.trim` applies both.
    """

    presence: Presence
    stage: Stage
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A duty with a limit: `amount` of `unit` after `start`.

    Where the basis says "at once" and gives no number, `at_once` is true and `amount` is how long we
    wait before calling it late. `remote` replaces `amount` where the fact `remote_area` is true.
    More than one clock may watch the same phase: the earliest limit counts.
    """

    id: str
    phase: ClockPhase
    start: ClockStart
    amount: int
    unit: ClockUnit
    pausable: bool
    basis: Basis
    at_once: bool = False
    remote: int | None = None


@dataclass(frozen=True, slots=True)
class FactTest:
    """A test on one coded fact: it is present and its value is one of `one_of`; empty `one_of` means just present."""

    fact: str
    one_of: tuple[str | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Precondition:
    """When every test of `when` holds, one of `any_of` must hold (E1-E8 of the fact sheet)."""

    id: str
    when: tuple[FactTest, ...]
    any_of: tuple[FactTest, ...]
    says: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class ServiceType:
    """One of the services an agency can be asked for."""

    code: str
    slug: str
    sector: Sector
    name: Name
    urgency: Urgency
    compartments: Mapping[Compartment, CompartmentRule]
    clocks: tuple[ClockRule, ...]
    preconditions: tuple[Precondition, ...]
    outcomes: tuple[str, ...]
    barred_declines: frozenset[str]
    senders: frozenset[Sender]
    legal_bases: frozenset[LegalBasisKind]  # on which it may be sent at all
    basis: tuple[Basis, ...]
    alternative_declines: frozenset[str] = frozenset()  # must name another agency at any urgency
    inherits_urgency: bool = False  # takes the urgency of its parent referral; `urgency` when it has none

    def having(self, presence: Presence) -> frozenset[Compartment]:
        """Return the compartments with this presence."""
        return frozenset(c for c, rule in self.compartments.items() if rule.presence is presence)

    def allowed(self) -> frozenset[Compartment]:
        """Return the compartments that may travel at all."""
        return self.having(Presence.REQUIRED) | self.having(Presence.OPTIONAL)

    def demanded(self, maximum: frozenset[Compartment] | None = None) -> frozenset[Compartment]:
        """Return what must be sent; a basis other than consent never demands more than its `maximum`."""
        required = self.having(Presence.REQUIRED)
        return required if maximum is None else required & maximum

    def stage(self, compartment: Compartment, urgency: Urgency) -> Stage:
        """Return when `compartment` opens; in immediate danger everything opens at once."""
        if urgency is Urgency.IMMEDIATE or compartment is Compartment.NOTE:
            return Stage.TRIAGE
        return self.compartments[compartment].stage


@dataclass(frozen=True, slots=True)
class UrgencyLevel:
    """An urgency with its label and the clocks that hold where a service type sets none."""

    urgency: Urgency
    code: str
    name: Name
    meaning: Name
    clocks: tuple[ClockRule, ...]
    pausable: bool
    instruction: Name | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A ground for disclosure, with the most that may be disclosed on it."""

    kind: LegalBasisKind
    name: Name
    maximum: frozenset[Compartment]
    needs_article: bool
    needs_approver: bool
    basis: Basis


@dataclass(frozen=True, slots=True)
class DeclineReason:
    """A reason a recipient may give (`forbidden` false), or one that nobody may give."""

    code: str
    name: Name
    forbidden: bool
    needs_article: bool
    needs_alternative: bool  # at urgency immediate and urgent
    basis: Basis


@dataclass(frozen=True, slots=True)
class FactField:
    """A coded fact that may stand in an envelope or an event: never free text, never identifying."""

    name: str
    type: str  # boolean | date | time | code | reference | agency | count
    values: tuple[str, ...] = ()
    label: Name | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the lifecycle table. `target` None leaves the state as it is."""

    id: str
    event: EventType
    by: frozenset[Party]
    sources: frozenset[ReferralState]
    target: ReferralState | None
    needs: tuple[str, ...]  # facts of the event that must be given
    basis: Basis


@dataclass(frozen=True, slots=True)
class Hotline:
    """A telephone number people can be told to call."""

    number: str
    name: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class Province:
    """A province or centrally-run city; `code` is two digits, kept as text."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A victim-centred rule (R-01 …) that the software enforces, cited by id in refusals."""

    id: str
    says: Name
    basis: Basis


@dataclass(frozen=True, slots=True)
class Sop:
    """The whole procedure as one immutable value."""

    version: str
    verified_on: date
    services: Mapping[str, ServiceType]
    urgencies: Mapping[Urgency, UrgencyLevel]
    legal_bases: Mapping[LegalBasisKind, LegalBasis]
    decline_reasons: Mapping[str, DeclineReason]
    facts: Mapping[str, FactField]  # of the envelope
    event_facts: Mapping[str, FactField]
    transitions: tuple[Transition, ...]
    rules: Mapping[str, Rule]
    hotlines: tuple[Hotline, ...]
    provinces: Mapping[str, Province]
    commune_codes: tuple[str, str]  # lowest and highest code in use
    schemas: Mapping[Compartment, Mapping[str, Any]] = field(repr=False)
    outcomes: Mapping[str, Name] = field(default_factory=dict)
    compartment_names: Mapping[Compartment, Name] = field(default_factory=dict)
    consent_validity_days: int = 90
    sector_names: Mapping[Sector, Name] = field(default_factory=dict)
    sender_names: Mapping[Sender, Name] = field(default_factory=dict)
    state_names: Mapping[ReferralState, Name] = field(default_factory=dict)
    event_names: Mapping[EventType, Name] = field(default_factory=dict)
