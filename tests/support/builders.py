"""Lawful examples, one call each: every builder takes keywords only, and its defaults pass every check.

All people, agencies and cases are invented. A test says only what makes its case different. `a_sop()` is a small
procedure of our own for the pure rooms, with the register's table of ages; what the register says is tested against
the register itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.consent.giving import Giving
from shared.consent.grant import SERVICE, Consent, Grant, Taking
from shared.consent.request import ConsentBasis, Disclosure, OtherBasis, Release
from shared.sop.loader import load_sop
from shared.sop.model import (
    AgeBand,
    Basis,
    BasisKind,
    ClockPhase,
    ClockRule,
    ClockStart,
    ClockUnit,
    Compartment,
    CompartmentRule,
    Confidence,
    DeclineReason,
    EventType,
    LegalBasis,
    LegalBasisKind,
    Name,
    OverrideRules,
    Party,
    Precondition,
    Presence,
    ReferralState,
    Rule,
    Sector,
    Sender,
    ServiceType,
    Sop,
    Stage,
    TimeLimit,
    Transition,
    Urgency,
    UrgencyLevel,
    WithdrawalRules,
)

NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)  # a Wednesday, noon in Ha Noi

HOSPITAL = "thanh-hoa-hospital"
SHELTER = "anh-duong-house"
LEGAL_CENTRE = "legal-aid-centre"
POLICE = "thanh-hoa-police"

SUBJECT = "s-7f3a91"
CONSENT_ID = "01935f00-0000-7000-8000-000000000001"
DERIVED_ID = "01935f00-0000-7000-8000-000000000002"
CHAIN_ID = "01935f00-0000-7000-8000-0000000000aa"

BY_HERSELF = Giving()
REQUIRED = frozenset({Compartment.IDENTITY, Compartment.CONTACT, Compartment.SAFETY})
OPTIONAL = frozenset({Compartment.NEEDS, Compartment.PREFERENCES, Compartment.MEDICAL, Compartment.DEPENDANTS})
TRIAGE = frozenset({Compartment.SAFETY, Compartment.NEEDS, Compartment.PREFERENCES})
AGREED = REQUIRED | {Compartment.NEEDS, Compartment.PREFERENCES}


def a_basis(*, kind: BasisKind = BasisKind.POL, instrument: str = "Invented Act", article: str = "Art 1") -> Basis:
    """Build what a rule rests on."""
    return Basis(
        kind=kind,
        instrument=instrument,
        article=article,
        verified_on=date(2026, 11, 1),
        confidence=Confidence.POLICY,
    )


def a_name(*, text: str = "An invented name") -> Name:
    """Build a name in both languages."""
    return Name(vi=f"{text} (vi)", en=text)


def a_clock(
    *,
    id: str = "INV-01.acknowledge",
    phase: ClockPhase = ClockPhase.ACKNOWLEDGE,
    start: ClockStart = ClockStart.SENT,
    amount: int = 1,
    unit: ClockUnit = ClockUnit.HOURS,
    kind: BasisKind = BasisKind.POL,
    remote: int | None = None,
) -> ClockRule:
    """Build a clock: one hour from sending, by policy."""
    return ClockRule(
        id=id,
        phase=phase,
        start=start,
        amount=amount,
        unit=unit,
        pausable=False,
        basis=a_basis(kind=kind),
        remote=remote,
    )


def a_precondition(*, id: str = "E1", when: tuple[Any, ...] = (), any_of: tuple[Any, ...] = ()) -> Precondition:
    """Build a precondition; with no alternative it never holds."""
    return Precondition(id=id, when=when, any_of=any_of, says=a_name(), basis=a_basis(article=id))


def a_service(
    *,
    code: str = "SOC-01",
    urgency: Urgency = Urgency.PROMPT,
    required: frozenset[Compartment] = REQUIRED,
    optional: frozenset[Compartment] = OPTIONAL,
    triage: frozenset[Compartment] = TRIAGE,
    clocks: tuple[ClockRule, ...] = (),
    preconditions: tuple[Precondition, ...] = (),
    barred_declines: frozenset[str] = frozenset(),
    alternative_declines: frozenset[str] = frozenset(),
    senders: frozenset[Sender] = frozenset({Sender.HEALTH, Sender.POLICE, Sender.SOCIAL}),
    legal_bases: frozenset[LegalBasisKind] = frozenset(LegalBasisKind),
) -> ServiceType:
    """Build a service type: emergency shelter, which any sector but legal aid may ask for."""
    presences = dict.fromkeys(required, Presence.REQUIRED) | dict.fromkeys(optional - required, Presence.OPTIONAL)
    return ServiceType(
        code=code,
        slug="invented-service",
        sector=Sector.SOCIAL,
        name=a_name(text="An invented service"),
        urgency=urgency,
        compartments={
            c: CompartmentRule(
                presence=presences.get(c, Presence.FORBIDDEN), stage=Stage.TRIAGE if c in triage else Stage.ACCEPTED
            )
            for c in Compartment
            if c is not Compartment.NOTE
        },
        clocks=clocks,
        preconditions=preconditions,
        outcomes=("completed_full", "survivor_declined"),
        barred_declines=barred_declines,
        alternative_declines=alternative_declines,
        senders=senders,
        legal_bases=legal_bases,
        basis=(a_basis(instrument="ESP 2015", article="module 4"),),
    )


def a_legal_basis(*, kind: LegalBasisKind = LegalBasisKind.LEGAL_OBLIGATION) -> LegalBasis:
    """Build a ground: identity, contact and safety at most, by an article and an approver."""
    return LegalBasis(
        kind=kind,
        name=a_name(),
        maximum=frozenset({Compartment.NOTE}) | REQUIRED,
        needs_article=True,
        needs_approver=True,
        basis=a_basis(kind=BasisKind.STAT, article="Art 20"),
    )


def a_level(*, urgency: Urgency, clocks: tuple[ClockRule, ...] | None = None) -> UrgencyLevel:
    """Build an urgency level whose clocks are the slower, the less it presses. Only immediate danger has no pause."""
    rank = list(Urgency).index(urgency)
    default = tuple(
        a_clock(id=f"U{rank}.{phase}", phase=phase, amount=4**rank * step, unit=ClockUnit.HOURS)
        for step, phase in enumerate((ClockPhase.ACKNOWLEDGE, ClockPhase.DECIDE, ClockPhase.CONTACT), start=1)
    )
    return UrgencyLevel(
        urgency=urgency,
        code=f"U{rank}",
        name=a_name(),
        meaning=a_name(),
        clocks=default if clocks is None else clocks,
        pausable=urgency is not Urgency.IMMEDIATE,
        instruction=None,
        basis=a_basis(article=f"U{rank}"),
    )


def a_decline_reason(
    *, code: str = "D01", forbidden: bool = False, needs_article: bool = False, needs_alternative: bool = False
) -> DeclineReason:
    """Build a reason for declining that may be given as it is."""
    return DeclineReason(
        code=code,
        name=a_name(),
        forbidden=forbidden,
        needs_article=needs_article,
        needs_alternative=needs_alternative,
        basis=a_basis(article=code),
    )


def a_row(
    *,
    id: str = "T06",
    event: EventType = EventType.ACCEPTED,
    by: Party = Party.RECIPIENT,
    sources: frozenset[ReferralState] = frozenset({ReferralState.ACKNOWLEDGED}),
    target: ReferralState | None = ReferralState.ACCEPTED,
    needs: tuple[str, ...] = (),
) -> Transition:
    """Build a row of the lifecycle table: the recipient accepts what it acknowledged."""
    return Transition(
        id=id, event=event, by=frozenset({by}), sources=sources, target=target, needs=needs, basis=a_basis(article=id)
    )


def a_rule_of_overrides() -> OverrideRules:
    """Build what is owed after a disclosure without consent: a second person for break-glass, telling, review."""

    def limit(name: str, hours: int) -> TimeLimit:
        return TimeLimit(f"override.{name}", hours, ClockUnit.HOURS, a_basis(article=name))

    return OverrideRules(
        two_person=frozenset({LegalBasisKind.VITAL_INTEREST}),
        confirmation=limit("confirmation", 24),
        access=limit("access", 72),
        telling=limit("telling", 72),
        review=limit("review", 168),
        smallest_published=11,
        rounded_to=5,
        least_agencies=3,
        rounding_basis=a_basis(article="rounding"),
        publishing_basis=a_basis(article="small counts"),
        outcomes={"justified": a_name()},
        measures={"access_ended": a_name()},
    )


def a_rule_of_withdrawal() -> WithdrawalRules:
    """Build what is owed after consent was taken back: a day, then the limits of the law; police may keep evidence."""

    def limit(name: str, amount: int, unit: ClockUnit) -> TimeLimit:
        return TimeLimit(f"withdrawal.{name}", amount, unit, a_basis(article=name))

    return WithdrawalRules(
        answer=limit("answer", 24, ClockUnit.HOURS),
        statute=limit("statute", 2, ClockUnit.WORKING_DAYS),
        stop=limit("stop", 15, ClockUnit.DAYS),
        third_party=limit("third-party", 20, ClockUnit.DAYS),
        unreached=limit("unreached", 60, ClockUnit.MINUTES),
        extension=limit("extension", 15, ClockUnit.DAYS),
        extension_reasons={"other": a_name()},
        holdable={Sector.POLICE: frozenset({Compartment.FORENSIC})},
        hold_basis=a_basis(article="evidence"),
    )


def a_sop(
    *,
    services: tuple[ServiceType, ...] | None = None,
    legal_bases: Mapping[LegalBasisKind, LegalBasis] | None = None,
    transitions: tuple[Transition, ...] = (a_row(),),
    decline_reasons: tuple[DeclineReason, ...] = (a_decline_reason(),),
) -> Sop:
    """Build a small procedure around the given parts."""
    return Sop(
        version="invented-1",
        verified_on=date(2026, 11, 1),
        services={service.code: service for service in services or (a_service(),)},
        urgencies={urgency: a_level(urgency=urgency) for urgency in Urgency},
        legal_bases={kind: a_legal_basis(kind=kind) for kind in LegalBasisKind} if legal_bases is None else legal_bases,
        ages=load_sop().ages,
        overrides=a_rule_of_overrides(),
        withdrawal=a_rule_of_withdrawal(),
        statements=load_sop().statements,
        conference=load_sop().conference,
        reroutes=load_sop().reroutes,
        decline_reasons={reason.code: reason for reason in decline_reasons},
        facts={},
        event_facts={},
        transitions=transitions,
        rules={
            rule: Rule(id=rule, says=a_name(), basis=a_basis(article=rule))
            for rule in ("R-01", "R-02", "R-11", "R-15", "R-16")
        },
        hotlines=(),
        provinces={},
        commune_codes=("00001", "99999"),
        schemas={},
    )


def a_grant(
    *,
    recipients: frozenset[str] = frozenset({SHELTER}),
    service_types: frozenset[str] = frozenset({"SOC-01"}),
    compartments: frozenset[Compartment] = AGREED,
    onward: bool = False,
) -> Grant:
    """Build a grant: the shelter may have what it needs for emergency shelter, and may not refer on."""
    return Grant(recipients=recipients, service_types=service_types, compartments=compartments, onward=onward)


def a_taking(
    *,
    at: datetime = NOON,
    by: str = "survivor",
    recipients: frozenset[str] | None = None,
    compartments: frozenset[Compartment] | None = None,
) -> Taking:
    """Build a revocation of everything by the survivor."""
    return Taking(at=at, by=by, recipients=recipients, compartments=compartments)


def a_consent(
    *,
    id: str = CONSENT_ID,
    subject: str = SUBJECT,
    recorder: str = HOSPITAL,
    valid_from: datetime = NOON - timedelta(days=1),
    valid_to: datetime = NOON + timedelta(days=89),
    purposes: frozenset[str] = frozenset({SERVICE}),
    grants: tuple[Grant, ...] = (a_grant(),),
    withheld: frozenset[Compartment] = frozenset(),
    derived_from: str | None = None,
    takings: tuple[Taking, ...] = (),
    given: Giving = BY_HERSELF,
) -> Consent:
    """Build a consent recorded by the hospital yesterday, for ninety days."""
    return Consent(
        id=id,
        subject=subject,
        recorder=recorder,
        recorded_at=valid_from,
        valid_from=valid_from,
        valid_to=valid_to,
        purposes=purposes,
        grants=grants,
        withheld=withheld,
        derived_from=derived_from,
        takings=takings,
        given=given,
    )


def another_basis(
    *,
    kind: LegalBasisKind = LegalBasisKind.LEGAL_OBLIGATION,
    article: str = "Invented Act Art 20",
    approver: str = "duty-officer-7",
    notify_unsafe: bool = False,
) -> OtherBasis:
    """Build a ground other than consent, with article and approver."""
    return OtherBasis(kind=kind, article=article, approver=approver, notify_unsafe=notify_unsafe)


def a_disclosure(**changes: Any) -> Disclosure:
    """Build a referral from the hospital to the shelter, under `a_consent()`, with what both agreed to."""
    lawful = Disclosure(
        sender=HOSPITAL,
        sender_sectors=frozenset({"health"}),
        recipient=SHELTER,
        recipient_services=frozenset({"SOC-01", "SOC-02"}),
        recipient_areas=frozenset({"38"}),
        subject=SUBJECT,
        service_type="SOC-01",
        urgency=Urgency.PROMPT,
        phoned_first=False,
        age_band=AgeBand.ADULT,
        area="38",
        area_province=None,
        facts={},
        compartments=REQUIRED,
        basis=ConsentBasis(CONSENT_ID),
        holds_parent=False,
        blocked=False,
    )
    return replace(lawful, **changes)


def a_release(**changes: Any) -> Release:
    """Build the opening of her identity by the shelter, which has accepted."""
    lawful = Release(
        recipient=SHELTER,
        subject=SUBJECT,
        service_type="SOC-01",
        urgency=Urgency.PROMPT,
        age_band=AgeBand.ADULT,
        compartment=Compartment.IDENTITY,
        stage=Stage.ACCEPTED,
        state=ReferralState.ACCEPTED,
        basis=ConsentBasis(CONSENT_ID),
        blocked=False,
    )
    return replace(lawful, **changes)
