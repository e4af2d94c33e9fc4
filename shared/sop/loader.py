"""Loading of the procedure: all TOML and JSON files of a folder become one immutable `Sop`.

Promises that every rule has a basis, every code that is used is declared, every member of the
vocabulary is described, and that whatever cannot be read exactly is refused with `SopRefused`, which
names the file and the place. Reads files and nothing else.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from shared.sop.ages import read_ages
from shared.sop.catalogue import Vocabulary, read_precondition, read_service
from shared.sop.conferences import read_conference
from shared.sop.lifecycle import read_transitions
from shared.sop.model import (
    AlarmLevel,
    Compartment,
    DeclineReason,
    EventType,
    FactField,
    Hotline,
    LegalBasis,
    LegalBasisKind,
    Name,
    Precondition,
    Province,
    ReferralState,
    Rule,
    Sector,
    Sender,
    ServiceType,
    Sop,
    Stage,
    Urgency,
    UrgencyLevel,
)
from shared.sop.overrides import read_overrides
from shared.sop.reroutes import read_reroutes
from shared.sop.schema import Schema
from shared.sop.sheet import Sheet, SopRefused
from shared.sop.sources import Sources
from shared.sop.statements import read_statements
from shared.sop.urgency import read_level
from shared.sop.wishes import read_wishes
from shared.sop.withdrawal import read_withdrawal

DATA = Path(__file__).parent / "data"

_FACT_TYPES = frozenset(
    {"boolean", "date", "time", "code", "number", "actor", "reference", "agency", "count", "digest"}
)
_Key = TypeVar("_Key", bound=str)
_Value = TypeVar("_Value")
_Member = TypeVar("_Member", bound=StrEnum)


@cache
def load_sop() -> Sop:
    """Return the procedure this build carries. Read once. Raises `SopRefused`."""
    return read_sop(DATA)


def read_sop(folder: Path) -> Sop:
    """Read the procedure from `folder`. Raises `SopRefused` naming file and place of what is wrong."""
    sources = Sources.read(_open(folder, "bases"))
    about, names = _open(folder, "sop"), _open(folder, "names")
    vocabulary, event_facts = _vocabulary(folder, about, sources)
    services = _services(folder, vocabulary)
    sop = Sop(
        version=about.text("version"),
        verified_on=about.day("verified_on"),
        services=services,
        urgencies=_urgencies(_open(folder, "urgency"), sources),
        legal_bases=_legal_bases(_open(folder, "legal_bases"), sources),
        ages=read_ages(_open(folder, "ages"), sources),
        overrides=read_overrides(_open(folder, "overrides"), sources),
        withdrawal=read_withdrawal(_open(folder, "withdrawal"), sources, event_facts["reason"].values),
        statements=read_statements(_open(folder, "statements"), sources, services),
        conference=read_conference(_open(folder, "conference"), sources),
        reroutes=read_reroutes(_open(folder, "reroutes"), sources, vocabulary.declines),
        decline_reasons=vocabulary.declines,
        facts=vocabulary.facts,
        event_facts=event_facts,
        transitions=read_transitions(_open(folder, "lifecycle"), sources, event_facts),
        rules=_rules(_open(folder, "rules"), sources),
        hotlines=_hotlines(_open(folder, "hotlines"), sources),
        provinces=_provinces(_open(folder, "provinces")),
        commune_codes=_communes(about.sheet("communes")),
        schemas=vocabulary.schemas,
        outcomes=vocabulary.outcomes,
        compartment_names=_names(names, "compartments", Compartment),
        consent_validity_days=about.number("consent_validity_days"),
        sector_names=_names(names, "sectors", Sector),
        sender_names=_names(names, "senders", Sender),
        state_names=_names(names, "states", ReferralState),
        event_names=_names(names, "events", EventType),
        alarm_names=_names(names, "alarms", AlarmLevel),
        wishes=read_wishes(_open(folder, "wishes"), sources, services),
    )
    about.done()
    names.done()
    _check_all_used(sources)
    return sop


def _vocabulary(folder: Path, about: Sheet, sources: Sources) -> tuple[Vocabulary, Mapping[str, FactField]]:
    """Read what services speak in, and the facts of events."""
    declines = _declines(_open(folder, "declines"), sources)
    outcomes, shared_outcomes = _outcomes(_open(folder, "outcomes"))
    schemas = _schemas(folder / "compartments")
    lists = {"declines": tuple(declines), "outcomes": tuple(outcomes)}
    facts, event_facts = _facts(_open(folder, "facts"), lists)
    return Vocabulary(sources, facts, outcomes, shared_outcomes, declines, _stages(about), schemas), event_facts


def _check_all_used(sources: Sources) -> None:
    unused = sorted(sources.bases.keys() - sources.used)
    if unused:
        raise SopRefused("bases.toml", f"no rule rests on {', '.join(unused)}")


def _open(folder: Path, name: str) -> Sheet:
    path = folder / f"{name}.toml"
    try:
        return Sheet(tomllib.loads(path.read_text("utf-8")), path.name)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SopRefused(path.name, "cannot be read as TOML") from fault


def _keyed(pairs: Iterable[tuple[_Key, _Value]], where: str) -> Mapping[_Key, _Value]:
    found: dict[_Key, _Value] = {}
    for key, value in pairs:
        if key in found:
            raise SopRefused(where, f"{key} is there twice")
        found[key] = value
    return MappingProxyType(found)


def _list(sheet: Sheet, key: str, read: Callable[[Sheet], tuple[_Key, _Value]]) -> Mapping[_Key, _Value]:
    """Read the one list of a file; nothing else may stand in it."""

    def whole(each: Sheet) -> tuple[_Key, _Value]:
        pair = read(each)
        each.done()
        return pair

    found = _keyed((whole(each) for each in sheet.sheets(key)), sheet.where)
    sheet.done()
    return found


def _total(found: Mapping[_Member, _Value], members: type[_Member], where: str) -> Mapping[_Member, _Value]:
    missing = [member for member in members if member not in found]
    if missing:
        raise SopRefused(where, f"{', '.join(missing)} is not described")
    return found


def _names(sheet: Sheet, key: str, members: type[_Member]) -> Mapping[_Member, Name]:
    inner = sheet.sheet(key)
    found = _keyed(((member, inner.name(member)) for member in members), inner.where)
    inner.done()
    return found


def _stages(about: Sheet) -> Mapping[Compartment, Stage]:
    inner = about.sheet("stages")
    stages = {member: inner.member(member, Stage) for member in Compartment}
    inner.done()
    return stages


def _facts(
    sheet: Sheet, lists: Mapping[str, tuple[str, ...]]
) -> tuple[Mapping[str, FactField], Mapping[str, FactField]]:
    """Read the coded facts; a fact of type code has its list of values, of its own or `also` one of `lists`."""

    def read(each: Sheet) -> tuple[str, FactField]:
        also = each.text("also", "")
        if also and also not in lists:
            raise each.refuse(f"also must be one of {', '.join(sorted(lists))}")
        values = (*each.texts("values"), *lists.get(also, ()))
        fact = FactField(each.text("name"), each.text("type"), values, each.name("label"))
        each.done()
        if fact.type not in _FACT_TYPES or (fact.type == "code") is not bool(fact.values):
            raise each.refuse("has an unknown type, a code without its values, or values that its type cannot have")
        if len(set(values)) != len(values):
            raise each.refuse("lists a value twice")
        return fact.name, fact

    found = tuple(_keyed((read(each) for each in sheet.sheets(key)), sheet.where) for key in ("envelope", "event"))
    sheet.done()
    return found[0], found[1]


def _declines(sheet: Sheet, sources: Sources) -> Mapping[str, DeclineReason]:
    def read(each: Sheet) -> tuple[str, DeclineReason]:
        reason = DeclineReason(
            code=each.text("code"),
            name=each.name("name"),
            forbidden=each.truth("forbidden"),
            needs_article=each.truth("needs_article"),
            needs_alternative=each.truth("needs_alternative"),
            basis=sources.one(each),
        )
        return reason.code, reason

    return _list(sheet, "reasons", read)


def _outcomes(sheet: Sheet) -> tuple[Mapping[str, Name], tuple[str, ...]]:
    shared, own = sheet.sheet("shared"), sheet.sheet("own")
    names = _keyed(((code, inner.name(code)) for inner in (shared, own) for code in inner.codes()), sheet.where)
    sheet.done()
    return names, shared.codes()


def _urgencies(sheet: Sheet, sources: Sources) -> Mapping[Urgency, UrgencyLevel]:
    return _total(_list(sheet, "levels", lambda each: read_level(each, sources)), Urgency, sheet.where)


def _legal_bases(sheet: Sheet, sources: Sources) -> Mapping[LegalBasisKind, LegalBasis]:
    def read(each: Sheet) -> tuple[LegalBasisKind, LegalBasis]:
        basis = LegalBasis(
            kind=each.member("kind", LegalBasisKind),
            name=each.name("name"),
            maximum=frozenset(each.members("maximum", Compartment)),
            needs_article=each.truth("needs_article"),
            needs_approver=each.truth("needs_approver"),
            needs_decision=each.truth("needs_decision"),
            basis=sources.one(each),
        )
        return basis.kind, basis

    return _total(_list(sheet, "legal_bases", read), LegalBasisKind, sheet.where)


def _rules(sheet: Sheet, sources: Sources) -> Mapping[str, Rule]:
    def read(each: Sheet) -> tuple[str, Rule]:
        rule = Rule(each.text("id"), each.name("says"), sources.one(each), each.text("not_enforced", ""))
        return rule.id, rule

    return _list(sheet, "rules", read)


def _hotlines(sheet: Sheet, sources: Sources) -> tuple[Hotline, ...]:
    def read(each: Sheet) -> tuple[str, Hotline]:
        hotline = Hotline(each.text("number"), each.name("name"), sources.one(each))
        return hotline.number, hotline

    return tuple(_list(sheet, "hotlines", read).values())


def _communes(sheet: Sheet) -> tuple[str, str]:
    return sheet.text("lowest"), sheet.text("highest")


def _provinces(sheet: Sheet) -> Mapping[str, Province]:
    inner = sheet.sheet("provinces")
    return _keyed(((code, Province(code, inner.text(code))) for code in inner.codes()), sheet.where)


def _preconditions(
    sheet: Sheet, sources: Sources, facts: Mapping[str, FactField]
) -> Mapping[str, tuple[tuple[str, ...] | None, Precondition]]:
    """Read each precondition with the services that it is one of; None is every service."""

    def read(each: Sheet) -> tuple[str, tuple[tuple[str, ...] | None, Precondition]]:
        precondition = read_precondition(each, sources, facts)
        return precondition.id, (each.texts("services") if each.has("services") else None, precondition)

    return _list(sheet, "preconditions", read)


def _services(folder: Path, vocabulary: Vocabulary) -> Mapping[str, ServiceType]:
    conditions = _preconditions(_open(folder, "preconditions"), vocabulary.sources, vocabulary.facts)
    found: list[tuple[str, ServiceType]] = []
    for sector in Sector:
        sheet = _open(folder, sector)
        for each in sheet.sheets("services"):
            own = tuple(rule for codes, rule in conditions.values() if codes is None or each.text("code") in codes)
            found.append((each.text("code"), read_service(each, sector, vocabulary, own)))
        sheet.done()
    services = _keyed(found, "services")
    for codes, rule in conditions.values():
        if codes is not None and (not codes or set(codes) - services.keys()):
            raise SopRefused("preconditions.toml", f"{rule.id} applies to a service that does not exist, or to none")
    return services


def _schemas(folder: Path) -> Mapping[Compartment, Schema]:
    return MappingProxyType({member: _schema(folder / f"{member}.json") for member in Compartment})


def _schema(path: Path) -> Schema:
    try:
        schema = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise SopRefused(path.name, "cannot be read as JSON") from fault
    if not isinstance(schema, dict) or schema.get("additionalProperties") is not False or not schema.get("properties"):
        raise SopRefused(path.name, "must describe an object with named properties and no others")
    return Schema(schema)
