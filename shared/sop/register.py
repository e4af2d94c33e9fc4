"""The procedure as JSON-able documents, exactly as `GET /v1/sop…` serves them (wire contract section 8).

Promises a basis on every rule, names in Vietnamese and English, and `is_law` false on whatever people
must not be told is law. Lists are in a stable order, so that two builds of the same data are equal bytes.
"""

from collections.abc import Mapping
from typing import Any

from shared.sop.age import AgeRules, BestInterestRules, CaregiverRules, ConsentWay
from shared.sop.conference import INVITATION, ConferenceRules
from shared.sop.model import (
    Alarm,
    Basis,
    ClockRule,
    Compartment,
    CompartmentRule,
    DeclineReason,
    Expiry,
    FactField,
    FactTest,
    LegalBasis,
    Name,
    OverrideRules,
    Pauses,
    Precondition,
    RerouteRules,
    ServiceType,
    Sop,
    StatementRules,
    TimeLimit,
    Transition,
    UrgencyLevel,
    WithdrawalRules,
)

Document = dict[str, Any]

DISCLAIMER = Name(
    vi="Được xây dựng từ các văn bản nêu trong từng căn cứ; không phải là quy trình chính thức, không phải là luật.",
    en="Derived from the instruments that each basis names; it is neither the official procedure nor the law.",
)


def as_document(sop: Sop) -> Document:
    """Return the whole procedure, without the schemas, which have their own documents."""
    return {
        "version": sop.version,
        "verified_on": sop.verified_on.isoformat(),
        "disclaimer": _name(DISCLAIMER),
        "consent_validity_days": sop.consent_validity_days,
        "service_types": services_document(sop)["items"],
        "urgencies": [_urgency(level) for level in sop.urgencies.values()],
        "compartments": {str(key): _name(name) for key, name in sop.compartment_names.items()},
        "legal_bases": [_legal_basis(basis) for basis in sop.legal_bases.values()],
        "ages": _ages(sop.ages),
        "overrides": _overrides(sop.overrides),
        "withdrawal": _withdrawal(sop.withdrawal),
        "statements": _statements(sop.statements),
        "conference": _conference(sop.conference),
        "reroutes": _reroutes(sop.reroutes),
        "decline_reasons": [_decline(reason) for reason in sop.decline_reasons.values()],
        "outcomes": {code: _name(name) for code, name in sop.outcomes.items()},
        "facts": [_fact(fact) for fact in sop.facts.values()],
        "event_facts": [_fact(fact) for fact in sop.event_facts.values()],
        "transitions": [_transition(row) for row in sop.transitions],
        "rules": [{"id": r.id, "says": _name(r.says), "basis": basis_document(r.basis)} for r in sop.rules.values()],
        "hotlines": [
            {"number": h.number, "name": _name(h.name), "basis": basis_document(h.basis)} for h in sop.hotlines
        ],
        "provinces": [{"code": p.code, "name": p.name} for p in sop.provinces.values()],
        "commune_codes": {"lowest": sop.commune_codes[0], "highest": sop.commune_codes[1]},
        "names": {
            "sectors": _names(sop.sector_names),
            "senders": _names(sop.sender_names),
            "states": _names(sop.state_names),
            "events": _names(sop.event_names),
            "alarms": _names(sop.alarm_names),
        },
    }


def services_document(sop: Sop) -> Document:
    """Return all service types under `items`, in the order of the files."""
    return {"items": [service_document(service) for service in sop.services.values()]}


def service_document(service: ServiceType) -> Document:
    """Return one service type."""
    return {
        "code": service.code,
        "slug": service.slug,
        "sector": service.sector,
        "name": _name(service.name),
        "urgency": service.urgency,
        "inherits_urgency": service.inherits_urgency,
        "compartments": {str(key): _compartment(rule) for key, rule in service.compartments.items()},
        "clocks": [_clock(clock) for clock in service.clocks],
        "preconditions": [_precondition(one) for one in service.preconditions],
        "outcomes": list(service.outcomes),
        "barred_declines": sorted(service.barred_declines),
        "alternative_declines": sorted(service.alternative_declines),
        "senders": sorted(service.senders),
        "legal_bases": sorted(service.legal_bases),
        "basis": [basis_document(basis) for basis in service.basis],
    }


def compartment_document(sop: Sop, compartment: Compartment) -> Document:
    """Return the JSON Schema of a compartment."""
    return dict(sop.schemas[compartment])


def basis_document(basis: Basis) -> Document:
    """Return a basis, with one line for people and whether they may be told that it is law."""
    return {
        "kind": basis.kind,
        "instrument": basis.instrument,
        "article": basis.article,
        "verified_on": basis.verified_on.isoformat(),
        "confidence": basis.confidence,
        "source": basis.source,
        "citation": basis.citation,
        "is_law": basis.is_law,
    }


def _name(name: Name) -> Document:
    return {"vi": name.vi, "en": name.en}


def _names(names: Mapping[Any, Name]) -> Document:
    return {str(key): _name(name) for key, name in names.items()}


def _compartment(rule: CompartmentRule) -> Document:
    document: Document = {"rule": rule.presence, "stage": rule.stage}
    if rule.only:
        document["only"] = list(rule.only)
    if rule.never:
        document["never"] = list(rule.never)
    return document


def _clock(clock: ClockRule) -> Document:
    return {
        "id": clock.id,
        "phase": clock.phase,
        "start": clock.start,
        "amount": clock.amount,
        "unit": clock.unit,
        "remote_amount": clock.remote,
        "at_once": clock.at_once,
        "pausable": clock.pausable,
        "basis": basis_document(clock.basis),
    }


def _test(test: FactTest) -> Document:
    return {"fact": test.fact, "one_of": list(test.one_of)}


def _precondition(precondition: Precondition) -> Document:
    return {
        "id": precondition.id,
        "when": [_test(test) for test in precondition.when],
        "any_of": [_test(test) for test in precondition.any_of],
        "says": _name(precondition.says),
        "basis": basis_document(precondition.basis),
    }


def _urgency(level: UrgencyLevel) -> Document:
    return {
        "urgency": level.urgency,
        "code": level.code,
        "name": _name(level.name),
        "meaning": _name(level.meaning),
        "clocks": [_clock(clock) for clock in level.clocks],
        "pausable": level.pausable,
        "instruction": _name(level.instruction) if level.instruction else None,
        "instruction_code": level.instruction_code,
        "alarms": [_alarm(alarm) for alarm in level.alarms],
        "expiry": _expiry(level.expiry) if level.expiry else None,
        "pauses": _pauses(level.pauses) if level.pauses else None,
        "basis": basis_document(level.basis),
    }


def _alarm(alarm: Alarm) -> Document:
    return {
        "id": alarm.id,
        "phases": sorted(alarm.phases),
        "level": alarm.level,
        "percent": alarm.percent,
        "minutes": alarm.minutes,
        "basis": basis_document(alarm.basis),
    }


def _expiry(expiry: Expiry) -> Document:
    return {
        "acknowledge_times": expiry.times or None,
        "minutes": expiry.minutes,
        "basis": basis_document(expiry.basis),
    }


def _pauses(pauses: Pauses) -> Document:
    return {
        "decide_percent": pauses.decide_percent,
        "hold_days": pauses.hold_days,
        "basis": basis_document(pauses.basis),
    }


def _legal_basis(legal: LegalBasis) -> Document:
    return {
        "kind": legal.kind,
        "name": _name(legal.name),
        "maximum": sorted(legal.maximum),
        "needs_article": legal.needs_article,
        "needs_approver": legal.needs_approver,
        "needs_decision": legal.needs_decision,
        "basis": basis_document(legal.basis),
    }


def _ages(rules: AgeRules) -> Document:
    return {
        "ways": [_way(way) for ways in rules.ways.values() for way in ways],
        "best_interest": _best_interest(rules.best_interest),
        "unsafe_caregiver": _unsafe_caregiver(rules.unsafe),
    }


def _way(way: ConsentWay) -> Document:
    return {
        "id": way.id,
        "age_band": way.age_band,
        "grantors": sorted(way.grantors),
        "assent": sorted(way.assent),
        "says": _name(way.says),
        "basis": basis_document(way.basis),
    }


def _best_interest(rules: BestInterestRules) -> Document:
    return {
        "id": rules.id,
        "workers": rules.workers,
        "sector": rules.sector,
        "reasons": _names(rules.reasons),
        "says": _name(rules.says),
        "basis": basis_document(rules.basis),
    }


def _unsafe_caregiver(rules: CaregiverRules) -> Document:
    return {
        "id": rules.id,
        "reason": rules.reason,
        "named_as": sorted(rules.named_as),
        "says": _name(rules.says),
        "basis": basis_document(rules.basis),
    }


def _overrides(rules: OverrideRules) -> Document:
    limits = (rules.confirmation, rules.access, rules.telling, rules.review)
    return {
        "two_person": sorted(rules.two_person),
        "limits": [_limit(limit) for limit in limits],
        "outcomes": _names(rules.outcomes),
        "measures": _names(rules.measures),
        "smallest_published": {"count": rules.smallest_published, "basis": basis_document(rules.publishing_basis)},
        "rounding": {
            "to": rules.rounded_to,
            "least_agencies": rules.least_agencies,
            "basis": basis_document(rules.rounding_basis),
        },
    }


def _withdrawal(rules: WithdrawalRules) -> Document:
    limits = (rules.answer, rules.statute, rules.stop, rules.third_party, rules.unreached)
    return {
        "limits": [_limit(limit) for limit in limits],
        "extension": {**_limit(rules.extension), "reasons": _names(rules.extension_reasons)},
        "holdable": {str(sector): sorted(names) for sector, names in rules.holdable.items()},
        "hold_basis": basis_document(rules.hold_basis),
    }


def _statements(rules: StatementRules) -> Document:
    return {
        "services": [
            {"code": one.code, "taken_by": sorted(one.taken_by), "basis": basis_document(one.basis)}
            for one in rules.services.values()
        ],
        "carried_in": list(rules.carried_in),
        "answer": _limit(rules.answer),
        "warning": {"code": rules.warning_code, "says": _name(rules.warning), "basis": basis_document(rules.basis)},
    }


def _conference(rules: ConferenceRules) -> Document:
    return {
        "invitation": INVITATION,
        "reasons": {code: _name(name) for code, name in rules.reasons.items()},
        "actions": {code: _name(name) for code, name in rules.actions.items()},
        "basis": basis_document(rules.basis),
    }


def _reroutes(rules: RerouteRules) -> Document:
    return {
        "most": rules.most,
        "declines": sorted(rules.declines),
        "why": {why.code: _name(says) for why, says in rules.why.items()},
        "basis": basis_document(rules.basis),
    }


def _limit(limit: TimeLimit) -> Document:
    return {"id": limit.id, "amount": limit.amount, "unit": limit.unit, "basis": basis_document(limit.basis)}


def _decline(reason: DeclineReason) -> Document:
    return {
        "code": reason.code,
        "name": _name(reason.name),
        "forbidden": reason.forbidden,
        "needs_article": reason.needs_article,
        "needs_alternative": reason.needs_alternative,
        "basis": basis_document(reason.basis),
    }


def _fact(fact: FactField) -> Document:
    label = _name(fact.label) if fact.label else None
    return {"name": fact.name, "type": fact.type, "values": list(fact.values), "label": label}


def _transition(row: Transition) -> Document:
    return {
        "id": row.id,
        "event": row.event,
        "by": sorted(row.by),
        "from": sorted(row.sources),
        "to": row.target,
        "needs": list(row.needs),
        "basis": basis_document(row.basis),
    }
