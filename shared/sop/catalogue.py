"""Reading of service types, urgency levels and their clocks from their sheets.

Promises a `ServiceType` whose every clock, precondition and compartment rule is complete and cited.
Refuses codes that are not declared, clocks that say nothing measurable, and what no service may ever ask or do: a
police report as a condition (R-08), mediation (R-09), data on the perpetrator where she is treated (R-17), her number
without how it may be used (R-03).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from shared.sop.model import (
    AgeBand,
    BasisKind,
    ClockPhase,
    ClockRule,
    ClockStart,
    ClockUnit,
    Compartment,
    CompartmentRule,
    DeclineReason,
    FactField,
    FactTest,
    LegalBasisKind,
    Name,
    Precondition,
    Presence,
    Sector,
    Sender,
    ServiceType,
    Stage,
    Urgency,
)
from shared.sop.schema import Schema
from shared.sop.sheet import Sheet, SopRefused
from shared.sop.sources import Sources

_WITHIN = re.compile(r"([1-9]\d{0,3}) (minute|hour|day|working day)s?")
_CODE = re.compile(r"(POL|HEA|LEG|SOC|COO)-\d\d")
_SLUG = re.compile(r"[a-z][a-z0-9-]{2,62}")
_POLICE_REPORT = re.compile(r"police|crime_report|denunciation")
_MEDIATION = re.compile(r"(?<!im)mediat|reconcil|conciliat|h(ò|o)(a|à) gi(ả|a)i", re.IGNORECASE)
_NUMBERS = frozenset({"phone", "phones"})
#: What she said of the use of her numbers; `phones` has more of it for each.
_LIMITS = frozenset({"safe_hours", "channel", "channels", "may_leave_message", "may_text", "hide_caller_id"})
_OF_THE_HEAD = {
    "age_band": FactField("age_band", "code", tuple(AgeBand)),
    "urgency": FactField("urgency", "code", tuple(Urgency)),
    "basis": FactField("basis", "code", tuple(LegalBasisKind)),
    "sender": FactField("sender", "code", tuple(Sender)),
}
_NO_DELAY = frozenset({Urgency.IMMEDIATE, Urgency.URGENT})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What service types may refer to."""

    sources: Sources
    facts: Mapping[str, FactField]
    outcomes: Mapping[str, Name]
    shared_outcomes: tuple[str, ...]
    declines: Mapping[str, DeclineReason]
    stages: Mapping[Compartment, Stage]
    schemas: Mapping[Compartment, Schema]


def read_clock(sheet: Sheet, sources: Sources, *, owner: str, urgency: Urgency) -> ClockRule:
    """Read one clock of `owner` (a service or level code) whose default urgency is `urgency`."""
    phase = sheet.member("phase", ClockPhase)
    start = sheet.member("from", ClockStart) if sheet.has("from") else ClockStart.SENT
    amount, unit = read_within(sheet, "within")
    basis = sources.one(sheet)
    remote = read_within(sheet, "within_if_remote") if sheet.has("within_if_remote") else None
    clock = ClockRule(
        id=sheet.text("id", f"{owner}.{phase}"),
        phase=phase,
        start=start,
        amount=amount,
        unit=unit,
        pausable=basis.kind is BasisKind.POL and _may_pause(phase, urgency),
        basis=basis,
        at_once=sheet.truth("at_once"),
        remote=remote[0] if remote else None,
    )
    sheet.done()
    if remote and remote[1] is not unit:
        raise sheet.refuse("within and within_if_remote differ in unit")
    if basis.kind is BasisKind.CLIN and (start is not ClockStart.INCIDENT or unit is not ClockUnit.HOURS):
        raise sheet.refuse("a clinical window is counted in hours from the incident")
    return clock


def read_precondition(sheet: Sheet, sources: Sources, facts: Mapping[str, FactField]) -> Precondition:
    """Read one precondition; its `services` key belongs to the caller."""
    precondition = Precondition(
        id=sheet.text("id"),
        when=_tests(sheet, "when", facts),
        any_of=_tests(sheet, "any_of", facts),
        says=sheet.name("says"),
        basis=sources.one(sheet),
    )
    if not precondition.any_of:
        raise sheet.refuse("any_of is empty: nothing could ever satisfy it")
    return precondition


def read_service(
    sheet: Sheet, sector: Sector, vocabulary: Vocabulary, preconditions: tuple[Precondition, ...]
) -> ServiceType:
    """Read one service type and check everything it refers to."""
    code, urgency = sheet.text("code"), sheet.member("urgency", Urgency)
    sheet.where = f"{sheet.where} {code}"
    sources = vocabulary.sources
    service = ServiceType(
        code=code,
        slug=sheet.text("slug"),
        sector=sector,
        name=sheet.name("name"),
        urgency=urgency,
        compartments=_compartments(sheet, vocabulary),
        clocks=tuple(read_clock(each, sources, owner=code, urgency=urgency) for each in sheet.sheets("clocks")),
        preconditions=preconditions,
        outcomes=sheet.texts("outcomes") + vocabulary.shared_outcomes,
        barred_declines=frozenset(sheet.texts("barred_declines")),
        senders=frozenset(sheet.members("senders", Sender)),
        legal_bases=frozenset(sheet.members("legal_bases", LegalBasisKind)),
        basis=sources.all(sheet),
        alternative_declines=frozenset(sheet.texts("alternative_declines")),
        inherits_urgency=sheet.truth("inherits_urgency"),
    )
    sheet.done()
    _check(service, vocabulary, sheet)
    return service


def read_within(sheet: Sheet, key: str) -> tuple[int, ClockUnit]:
    """Read a length of time such as `4 hours` or `3 working days`."""
    match = _WITHIN.fullmatch(sheet.text(key))
    if match is None:
        raise sheet.refuse(f"{key} must read like '4 hours' or '3 working days'")
    return int(match[1]), ClockUnit(match[2].replace(" ", "_") + "s")


def _may_pause(phase: ClockPhase, urgency: Urgency) -> bool:
    if phase is ClockPhase.COMPLETE:
        return urgency is not Urgency.IMMEDIATE
    return phase is ClockPhase.DECIDE and urgency not in _NO_DELAY


def _tests(sheet: Sheet, key: str, facts: Mapping[str, FactField]) -> tuple[FactTest, ...]:
    return tuple(_test(each, facts) for each in sheet.sheets(key))


def _test(sheet: Sheet, facts: Mapping[str, FactField]) -> FactTest:
    test = FactTest(sheet.text("fact"), sheet.scalars("one_of"))
    sheet.done()
    known = facts.get(test.fact) or _OF_THE_HEAD.get(test.fact)
    if known is None:
        raise sheet.refuse(f"{test.fact} is no fact of the envelope")
    for value in test.one_of:
        if isinstance(value, bool) != (known.type == "boolean") or (known.values and value not in known.values):
            raise sheet.refuse(f"{test.fact} can never be {value}")
    return test


def _compartments(sheet: Sheet, vocabulary: Vocabulary) -> Mapping[Compartment, CompartmentRule]:
    required = sheet.members("required", Compartment)
    optional = sheet.members("optional", Compartment)
    triage = set(sheet.members("triage", Compartment))
    only, never = _fields(sheet, "only", vocabulary), _fields(sheet, "never", vocabulary)
    if set(required) & set(optional):
        raise sheet.refuse("a compartment is both required and optional")
    if (triage | only.keys() | never.keys()) - set(required + optional):
        raise sheet.refuse("says something of a compartment it forbids")
    return {
        compartment: CompartmentRule(
            presence=_presence(compartment, required, optional),
            stage=Stage.TRIAGE if compartment in triage else vocabulary.stages[compartment],
            only=only.get(compartment, ()),
            never=never.get(compartment, ()),
        )
        for compartment in Compartment
        if compartment is not Compartment.NOTE
    }


def _presence(
    compartment: Compartment, required: tuple[Compartment, ...], optional: tuple[Compartment, ...]
) -> Presence:
    if compartment in required:
        return Presence.REQUIRED
    return Presence.OPTIONAL if compartment in optional else Presence.FORBIDDEN


def _fields(sheet: Sheet, key: str, vocabulary: Vocabulary) -> Mapping[Compartment, tuple[str, ...]]:
    if not sheet.has(key):
        return {}
    inner = sheet.sheet(key)
    fields = {}
    for name in inner.codes():
        compartment = next((c for c in Compartment if c == name), None)
        if compartment is None:
            raise inner.refuse(f"{name} is no Compartment")
        fields[compartment] = inner.texts(name)
        unknown = set(fields[compartment]) - vocabulary.schemas[compartment]["properties"].keys()
        if unknown:
            raise inner.refuse(f"{name} has no field {', '.join(sorted(unknown))}")
    return fields


def _check(service: ServiceType, vocabulary: Vocabulary, sheet: Sheet) -> None:
    if not _CODE.fullmatch(service.code) or not _SLUG.fullmatch(service.slug):
        raise sheet.refuse("code or slug is malformed")
    if not service.required or not service.senders or not service.legal_bases:
        raise sheet.refuse("needs a required compartment, a sender and a legal basis")
    if LegalBasisKind.CONSENT not in service.legal_bases and Sender.SELF in service.senders:
        raise sheet.refuse("what she may ask for herself must be able to rest on her consent")
    _check_codes(service, vocabulary, sheet)
    _refuse_police_report(service)
    _refuse_mediation(service)
    _refuse_perpetrator(service)
    _refuse_bare_number(service)


def _check_codes(service: ServiceType, vocabulary: Vocabulary, sheet: Sheet) -> None:
    if len(set(service.outcomes)) != len(service.outcomes) or set(service.outcomes) - vocabulary.outcomes.keys():
        raise sheet.refuse("an outcome is not declared, or given twice")
    for code in service.barred_declines | service.alternative_declines:
        if code not in vocabulary.declines or vocabulary.declines[code].forbidden:
            raise sheet.refuse(f"{code} is no reason that could be given")
    if len({clock.id for clock in service.clocks}) != len(service.clocks):
        raise sheet.refuse("two clocks have the same id")


def _refuse_police_report(service: ServiceType) -> None:
    """R-08: help never depends on a police report; only the police's own services deal in reports."""
    if service.sector is Sector.POLICE:
        return
    tests = [test for precondition in service.preconditions for test in precondition.when + precondition.any_of]
    if any(_POLICE_REPORT.search(test.fact) for test in tests):
        raise SopRefused(service.code, "asks for a police report as a condition (R-08)")


def _refuse_perpetrator(service: ServiceType) -> None:
    """R-17: data on the perpetrator are a third party's; those who treat her have no use for them."""
    if service.sector is Sector.HEALTH and Compartment.PERPETRATOR in service.allowed:
        raise SopRefused(service.code, "takes data on the perpetrator (R-17)")


def _refuse_bare_number(service: ServiceType) -> None:
    """R-03: who gets her telephone number gets what she said of its use."""
    rule = service.compartments.get(Compartment.CONTACT)
    if rule is None:
        return
    travels = frozenset(rule.only or _NUMBERS | _LIMITS) - frozenset(rule.never)
    if travels & _NUMBERS and not travels >= _LIMITS:
        raise SopRefused(service.code, "takes her number without how it may be used (R-03)")


def _refuse_mediation(service: ServiceType) -> None:
    """R-09: mediation is no referral, and no outcome of one."""
    texts = (service.slug, service.name.vi, service.name.en, *service.outcomes)
    if any(_MEDIATION.search(text) for text in texts):
        raise SopRefused(service.code, "offers mediation (R-09)")
