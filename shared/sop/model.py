"""The vocabulary of the procedure: frozen, fully typed, without behaviour beyond look-ups.

Names and codes are normative on the wire. What each member means, and on what it rests, is in the
TOML files of `shared/sop/data`, read by `shared.sop.loader`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.sop.age import AgeRules
from shared.sop.cited import Basis, Name, TimeLimit
from shared.sop.codes import (
    ENDS,
    AgeBand,
    AlarmLevel,
    Assent,
    BasisKind,
    Caregiver,
    ClockPhase,
    ClockStart,
    ClockUnit,
    Compartment,
    Confidence,
    EventType,
    Grantor,
    LegalBasisKind,
    Party,
    Presence,
    ReferralState,
    Sector,
    Sender,
    Stage,
    Urgency,
)
from shared.sop.conference import ConferenceRules
from shared.sop.reroute import RerouteRules, Stopped
from shared.sop.schema import Schema
from shared.sop.statement import StatementRules
from shared.sop.wish import WishGroup

__all__ = [
    "ENDS",
    "AgeBand",
    "AgeRules",
    "Alarm",
    "AlarmLevel",
    "Assent",
    "Basis",
    "BasisKind",
    "Caregiver",
    "ClockPhase",
    "ClockRule",
    "ClockStart",
    "ClockUnit",
    "Compartment",
    "CompartmentRule",
    "Confidence",
    "DeclineReason",
    "EventType",
    "Expiry",
    "FactField",
    "FactTest",
    "Grantor",
    "Hotline",
    "LegalBasis",
    "LegalBasisKind",
    "Name",
    "OverrideRules",
    "Party",
    "Pauses",
    "Precondition",
    "Presence",
    "Province",
    "ReferralState",
    "RerouteRules",
    "Rule",
    "Sector",
    "Sender",
    "ServiceType",
    "Sop",
    "Stage",
    "StatementRules",
    "Stopped",
    "TimeLimit",
    "Transition",
    "Urgency",
    "UrgencyLevel",
    "WithdrawalRules",
]


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


@dataclass(frozen=True, slots=True, eq=False)
class ServiceType:
    """One of the services an agency can be asked for. As with the procedure as a whole, two are the same if one."""

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
    required: frozenset[Compartment] = field(init=False, repr=False, compare=False)
    allowed: frozenset[Compartment] = field(init=False, repr=False, compare=False)  # those that may travel at all
    stages: Mapping[Urgency, Mapping[Compartment, Stage]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the compartments by what is said of them: every referral is held against these tables."""
        said = self.compartments.items()
        object.__setattr__(self, "required", frozenset(c for c, rule in said if rule.presence is Presence.REQUIRED))
        object.__setattr__(self, "allowed", frozenset(c for c, rule in said if rule.presence is not Presence.FORBIDDEN))
        stages = {urgency: {c: rule.stage for c, rule in said} for urgency in Urgency}
        at_once = dict.fromkeys(self.compartments, Stage.TRIAGE)
        object.__setattr__(self, "stages", stages | {Urgency.IMMEDIATE: at_once})

    def demanded(self, maximum: frozenset[Compartment] | None = None) -> frozenset[Compartment]:
        """Return what must be sent; a basis other than consent never demands more than its `maximum`."""
        return self.required if maximum is None else self.required & maximum

    def stage(self, compartment: Compartment, urgency: Urgency) -> Stage:
        """Return when `compartment` opens; in immediate danger everything opens at once, and a note always."""
        return Stage.TRIAGE if compartment is Compartment.NOTE else self.stages[urgency][compartment]


@dataclass(frozen=True, slots=True, eq=False)
class Alarm:
    """When the hub speaks up about a duty that is still open, and whose attention it asks for.

    Either at `percent` of the clock (100 is its limit) or `minutes` after it began; the other is None. As with the
    procedure as a whole, two alarms are the same only if they are one.
    """

    id: str
    phases: frozenset[ClockPhase]
    level: AlarmLevel
    percent: int | None
    minutes: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a referral that nobody acknowledged ends: `minutes` after sending, or `times` the clock for it."""

    times: int
    minutes: int | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long policy clocks may stand still: `decide_percent` of the clock, once; a hold up to `hold_days`."""

    decide_percent: int
    hold_days: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class UrgencyLevel:
    """An urgency with its label and the clocks that hold where a service type sets none.

    `instruction_code` stands for the instruction where only codes may stand. `pauses` None: nothing stops a clock.
    """

    urgency: Urgency
    code: str
    name: Name
    meaning: Name
    clocks: tuple[ClockRule, ...]
    pausable: bool
    instruction: Name | None
    basis: Basis
    instruction_code: str | None = None
    alarms: tuple[Alarm, ...] = ()
    expiry: Expiry | None = None
    pauses: Pauses | None = None
    alarms_of: Mapping[ClockPhase, tuple[Alarm, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the alarms by the duty they are about: they are looked up with every message."""
        by_phase = {phase: tuple(alarm for alarm in self.alarms if phase in alarm.phases) for phase in ClockPhase}
        object.__setattr__(self, "alarms_of", by_phase)


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A ground for disclosure, with the most that may be disclosed on it."""

    kind: LegalBasisKind
    name: Name
    maximum: frozenset[Compartment]
    needs_article: bool
    needs_approver: bool
    basis: Basis
    needs_decision: bool = False  # by two workers, in a child's best interest


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
    type: str  # boolean | date | time | code (one of `values`) | number | actor | reference | agency | count | digest
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
    """A victim-centred rule (R-01 …) that the software enforces, cited by id in refusals.

    `not_enforced` says why this software does not enforce it, where it does not.
    """

    id: str
    says: Name
    basis: Basis
    not_enforced: str = ""


@dataclass(frozen=True, slots=True)
class OverrideRules:
    """What is owed after a disclosure without consent. Access ends unless a ground of `two_person` is confirmed."""

    two_person: frozenset[LegalBasisKind]
    confirmation: TimeLimit
    access: TimeLimit
    telling: TimeLimit
    review: TimeLimit
    smallest_published: int  # the least count that anybody but oversight is shown
    publishing_basis: Basis
    rounded_to: int  # what is shown to anybody but oversight is a multiple of this
    least_agencies: int  # so many must have reported what a count that is shown counts
    rounding_basis: Basis
    outcomes: Mapping[str, Name]
    measures: Mapping[str, Name]


@dataclass(frozen=True, slots=True)
class WithdrawalRules:
    """What a holder owes once consent is taken back; `holdable`: what a law may make it keep, by the sector served."""

    answer: TimeLimit  # the house rule
    statute: TimeLimit
    stop: TimeLimit
    third_party: TimeLimit
    unreached: TimeLimit
    extension: TimeLimit  # the longest by which a holder may put off its answer, once
    extension_reasons: Mapping[str, Name]
    holdable: Mapping[Sector, frozenset[Compartment]]
    hold_basis: Basis


@dataclass(frozen=True, slots=True, eq=False)
class Sop:
    """The whole procedure as one immutable value.

    Two of them are the same only if they are one: so what was worked out from it can be remembered by it.
    """

    version: str
    verified_on: date
    services: Mapping[str, ServiceType]
    urgencies: Mapping[Urgency, UrgencyLevel]
    legal_bases: Mapping[LegalBasisKind, LegalBasis]
    ages: AgeRules
    overrides: OverrideRules
    withdrawal: WithdrawalRules
    statements: StatementRules
    conference: ConferenceRules
    reroutes: RerouteRules
    decline_reasons: Mapping[str, DeclineReason]
    facts: Mapping[str, FactField]  # of the envelope
    event_facts: Mapping[str, FactField]
    transitions: tuple[Transition, ...]
    rules: Mapping[str, Rule]
    hotlines: tuple[Hotline, ...]
    provinces: Mapping[str, Province]
    commune_codes: tuple[str, str]  # lowest and highest code in use
    schemas: Mapping[Compartment, Schema] = field(repr=False)
    outcomes: Mapping[str, Name] = field(default_factory=dict)
    compartment_names: Mapping[Compartment, Name] = field(default_factory=dict)
    consent_validity_days: int = 90
    sector_names: Mapping[Sector, Name] = field(default_factory=dict)
    sender_names: Mapping[Sender, Name] = field(default_factory=dict)
    state_names: Mapping[ReferralState, Name] = field(default_factory=dict)
    event_names: Mapping[EventType, Name] = field(default_factory=dict)
    alarm_names: Mapping[AlarmLevel, Name] = field(default_factory=dict)
    wishes: tuple[WishGroup, ...] = ()
