"""Step 4: what they are told. Forms from the compartments' own schemas: what the service takes and she agreed to.

Promises: a kind of information that the service does not take, or that this agency may not learn, has no field here;
what is empty is not sent. Attachments come from an agency's own system, never through this page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from shared.agency.pages.new.consent import Basis, kinds_of
from shared.agency.pages.new.wants import Wants
from shared.agency.pages.new.writing import Writing
from shared.kernel.clock import from_wire
from shared.kernel.errors import FieldFault, InputRejected, PeerUnavailable
from shared.pages.catalogue import N_
from shared.pages.forms import Form
from shared.pages.schema_forms import FormField, Typed, fields_of, narrowed, typed_in, typed_of, values_of
from shared.sop.compartments import trim
from shared.sop.model import ClockStart, Compartment, CompartmentRule, FactField, Precondition, Sop
from shared.wire.fields import ACTOR_PATTERN, FACT_PATTERN

_NEEDED: Final = N_("The service cannot begin without this. Fill in at least one line.")
_FACTS: Final = "f"
_AROUND: Final = "e"
_BLOCKED: Final[Mapping[str, Any]] = {
    "title": "People or agencies this is kept from (their ids)",
    "x-title-vi": "Người hoặc cơ quan không được biết việc này (mã của họ)",
    "type": "array",
    "items": {"type": "string", "pattern": ACTOR_PATTERN},
    "maxItems": 64,
}
_INCIDENT: Final[Mapping[str, Any]] = {
    "title": "When it happened (time limits run from then)",
    "x-title-vi": "Việc xảy ra lúc nào (thời hạn tính từ lúc đó)",
    "type": "string",
    "format": "date-time",
}
#: What is asked first of each kind; the rest is behind a fold, for when it is needed.
_FIRST: Final[Mapping[Compartment, frozenset[str]]] = {
    Compartment.IDENTITY: frozenset({"name", "alias", "date_of_birth", "year_of_birth", "sex", "personal_id_number"}),
    Compartment.CONTACT: frozenset({"name_to_use", "phone", "safe_contact", "safe_hours", "never_contact"}),
    Compartment.DEMOGRAPHICS: frozenset({"age_band", "sex", "ethnicity", "nationality", "language"}),
    Compartment.SAFETY: frozenset({"band", "immediate_danger", "weapons", "perpetrator_whereabouts", "summary"}),
    Compartment.INCIDENT: frozenset(
        {"types", "type", "occurred_at", "occurred_on", "place_type", "relation", "injuries"}
    ),
    Compartment.MEDICAL: frozenset({"triage", "urgent_symptoms", "allergies", "medications", "summary"}),
    Compartment.FORENSIC: frozenset({"examined_at", "examination_consented", "specimens", "certificate"}),
    Compartment.LEGAL: frozenset({"case_type", "stage", "case_numbers", "orders", "summary"}),
    Compartment.NEEDS: frozenset({"needs", "urgent_needs", "housing", "reason"}),
    Compartment.DEPENDANTS: frozenset({"count", "ages", "accompanying", "at_risk", "caregiver"}),
    Compartment.DOCUMENTS: frozenset({"held", "missing", "held_by", "nationality", "immigration_status"}),
    Compartment.PREFERENCES: frozenset({"staff_gender", "language", "interpreter", "accompanied", "accessibility"}),
    Compartment.PERPETRATOR: frozenset({"name", "relation", "whereabouts", "weapons", "workplace"}),
}
_SHAPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "count": {"type": "integer", "minimum": 0},
}


@dataclass(frozen=True, slots=True)
class What:
    """What they are told: content by compartment, coded facts, when it happened, and from whom it is kept."""

    compartments: Mapping[Compartment, Mapping[str, Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)
    incident_at: datetime | None = None
    blocked: Sequence[str] = ()


async def kinds_for(writing: Writing, wants: Wants, basis: Basis, agency: str) -> Mapping[Compartment, bool]:
    """Return the kinds of information there is a form for, and which of them the service needs."""
    allowed = basis.allowed(agency)
    if basis.law is not None:
        allowed = next(one.maximum for kind, one in writing.sop.legal_bases.items() if kind == basis.law.kind)
    elif allowed is None and basis.consent_id is not None:
        allowed = await _by_consent(writing, basis.consent_id, agency, wants.service.code)
    kinds = kinds_of(wants.service)
    return kinds if allowed is None else {name: needed for name, needed in kinds.items() if name in allowed}


async def _by_consent(writing: Writing, consent_id: str, agency: str, service: str) -> frozenset[Compartment] | None:
    """Return what a recorded consent lets an agency learn; None where nobody can say now: the gateway will."""
    try:
        lineage = await writing.office.grants.lineage(consent_id)
    except PeerUnavailable:
        return None
    allowed = [consent.allowed(agency, service) for consent in lineage]
    return frozenset.intersection(*allowed) if allowed else None


def read_what(writing: Writing, wants: Wants, form: Form, kinds: Mapping[Compartment, bool]) -> What:
    """Return what they are told. Raises `InputRejected` with everything that is wrong."""
    faults: list[FieldFault] = []

    def read(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        try:
            return values_of(schema, form, prefix=prefix)
        except InputRejected as refusal:
            faults.extend(refusal.faults)
            return {}

    contents = {kind: read(_schema(writing.sop, wants, kind), _prefix(kind)) for kind in kinds}
    wrong = {fault.pointer.split(".")[1] for fault in faults if fault.pointer.startswith("/c.")}
    faults += [
        FieldFault(f"/{_prefix(kind)}", "field.required", _NEEDED)
        for kind, needed in kinds.items()
        if needed and not contents[kind] and kind.value not in wrong
    ]
    facts, around = read(_facts_schema(writing.sop, wants), _FACTS), read(_around_schema(wants), _AROUND)
    if faults:
        raise InputRejected("form.invalid", "Look at what is marked below.", faults=tuple(faults))
    at = around.get("incident_at")
    told = {kind: content for kind, content in contents.items() if content}
    return What(told, facts, from_wire(at) if at else None, tuple(around.get("blocked", ())))


def shown(writing: Writing, wants: Wants, form: Form, kinds: Mapping[Compartment, bool]) -> dict[str, Any]:
    """Return what the page of this step shows."""
    return {
        "kinds": [
            {
                "name": _prefix(kind),
                "kind": kind,
                "needed": needed,
                **_folded(kind, fields_of(_schema(writing.sop, wants, kind), prefix=_prefix(kind))),
            }
            for kind, needed in sorted(kinds.items(), key=lambda one: not one[1])
        ],
        "kind_names": writing.sop.compartment_names,
        "facts": fields_of(_facts_schema(writing.sop, wants), prefix=_FACTS),
        "preconditions": _asked_here(writing.sop, wants),
        "around": fields_of(_around_schema(wants), prefix=_AROUND),
        "typed": typed_in(form) if len(form) else _before_typing(writing, wants, kinds),
        "may_take_over": bool(writing.known("parent_id") or writing.known("replaces")),
        "wants": wants,
    }


async def taken_over(writing: Writing, wants: Wants, kinds: Mapping[Compartment, bool]) -> Mapping[str, Sequence[str]]:
    """Return, as if it were typed, what the referral before says of the kinds in question: she tells it once (R-02).

    The reading is on record, as every other.
    """
    before = writing.known("parent_id") or writing.known("replaces")
    visitor = writing.desk.visitor(writing.person, "case_work")
    seen = await writing.desk.practice.reader.shown(visitor, before, frozenset(kinds))
    typed: dict[str, Sequence[str]] = {}
    for part in seen["compartments"]:
        kind = Compartment(part["name"])
        content, _ = trim(_rule(wants, kind), part.get("content") or {})
        typed |= typed_of(writing.sop.schemas[kind], content, prefix=_prefix(kind)).pairs
    return typed


def _before_typing(writing: Writing, wants: Wants, kinds: Mapping[Compartment, bool]) -> Typed:
    """Return what an untouched form shows: how she wants to be met was said in the first step (R-02)."""
    if Compartment.PREFERENCES not in kinds:
        return Typed({})
    schema = _schema(writing.sop, wants, Compartment.PREFERENCES)
    known = {
        key: value for key, value in wants.preferences.items() if key in schema["properties"] and value is not False
    }
    return typed_of(schema, known, prefix=_prefix(Compartment.PREFERENCES))


def _folded(kind: Compartment, fields: Sequence[FormField]) -> Mapping[str, Sequence[FormField]]:
    """Return the fields of a kind, those that are asked first apart from the rest."""
    first = [field for field in fields if field.required or field.key in _FIRST.get(kind, ())] or list(fields)
    return {"first": first, "rest": [field for field in fields if field not in first]}


def _prefix(kind: Compartment) -> str:
    return f"c.{kind.value}"


def _rule(wants: Wants, kind: Compartment) -> CompartmentRule:
    return wants.service.compartments[kind]


def _schema(sop: Sop, wants: Wants, kind: Compartment) -> Mapping[str, Any]:
    rule = _rule(wants, kind)
    return narrowed(sop.schemas[kind], lambda name: name not in rule.never and (not rule.only or name in rule.only))


def _facts_schema(sop: Sop, wants: Wants) -> Mapping[str, Any]:
    """Return the facts that the preconditions of the service ask for."""
    tests = (test for one in _asked_here(sop, wants) for test in (*one.when, *one.any_of))
    names = dict.fromkeys(test.fact for test in tests if test.fact in sop.facts)
    return {"type": "object", "properties": {name: _fact_schema(sop.facts[name]) for name in names}}


def _asked_here(sop: Sop, wants: Wants) -> Sequence[Precondition]:
    """Return the preconditions that a fact of this step can meet; what meets the others is said in the steps before."""
    return [one for one in wants.service.preconditions if any(test.fact in sop.facts for test in one.any_of)]


def _fact_schema(fact: FactField) -> Mapping[str, Any]:
    shape = _SHAPES.get(fact.type) or {"type": "string", "pattern": FACT_PATTERN}
    if fact.values:
        shape = {"type": "string", "enum": list(fact.values)}
    return shape if fact.label is None else {**shape, "title": fact.label.en, "x-title-vi": fact.label.vi}


def _around_schema(wants: Wants) -> Mapping[str, Any]:
    from_incident = any(clock.start is ClockStart.INCIDENT for clock in wants.service.clocks)
    asked = {"incident_at": _INCIDENT} if from_incident else {}
    return {"type": "object", "properties": {**asked, "blocked": _BLOCKED}}
