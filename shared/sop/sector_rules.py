"""Rules of one profession: limits, numbers and refusals that one sector alone needs, each with its basis.

Owns the reading of a sector's own `rules.toml`, with the same promises as the procedure: a rule without a basis, a
refusal without a rule and a basis that nothing rests on are refused with `SopRefused`, which names the place. A rule
may rest on a basis of the procedure (`bases.toml`) or on one of the file's own.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from shared.sop.calendar import due_at
from shared.sop.catalogue import read_within
from shared.sop.loader import DATA
from shared.sop.model import Basis, ClockUnit, Name, Sop
from shared.sop.sheet import Sheet, SopRefused
from shared.sop.sources import Sources

_Value = TypeVar("_Value")


class RefusalKind(StrEnum):
    """How a refusal comes back: something in the body is wrong, what is on record forbids it, or nobody may."""

    INVALID = "invalid"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time: whole units, counted in the calendar of the procedure."""

    amount: int
    unit: ClockUnit

    def after(self, start: datetime) -> datetime:
        """Return the last moment in time, counted from `start`."""
        return due_at(start, self.amount, self.unit)


@dataclass(frozen=True, slots=True)
class SectorRule:
    """One rule of a sector; `limit` where it says how long, `most` where it says how many."""

    id: str
    says: Name
    basis: Basis
    limit: Limit | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way in which a rule says no: a stable code, the rule, and for the caller what to do instead."""

    code: str
    rule: str
    kind: RefusalKind
    title: str
    mend: str


@dataclass(frozen=True, slots=True)
class SectorRules:
    """All rules and refusals of one sector."""

    rules: Mapping[str, SectorRule]
    refusals: Mapping[str, Refusal]


def read_sector_rules(path: Path, sop: Sop) -> SectorRules:
    """Read a sector's rules. Raises `SopRefused` naming the place of what is wrong."""
    try:
        sheet = Sheet(tomllib.loads(path.read_text("utf-8")), f"{path.parent.name}/{path.name}")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SopRefused(path.name, "cannot be read as TOML") from fault
    own, sources = _sources(sheet)
    rules = _keyed(((each.id, each) for each in _rules(sheet, sources)), sheet)
    refusals = _keyed(((each.code, each) for each in _refusals(sheet)), sheet)
    sheet.done()
    _check(sheet, sop, SectorRules(rules, refusals), unused=own - sources.used)
    return SectorRules(rules, refusals)


def citations(sop: Sop) -> Mapping[str, Basis]:
    """Return what each rule of the procedure rests on, by the rule's id."""
    services = sop.services.values()
    return {
        **{clock.id: clock.basis for service in services for clock in service.clocks},
        **{one.id: one.basis for service in services for one in service.preconditions},
        **{rule.id: rule.basis for rule in sop.rules.values()},
    }


def _sources(sheet: Sheet) -> tuple[set[str], Sources]:
    own = Sources.read(sheet.sheet("bases")).bases if sheet.has("bases") else {}
    common = bases_of_procedure()
    twice = own.keys() & common.keys()
    if twice:
        raise sheet.refuse(f"{', '.join(sorted(twice))} is a basis of the procedure: name it, do not repeat it")
    return set(own), Sources({**common, **own})


@cache
def bases_of_procedure() -> Mapping[str, Basis]:
    """Return the bases of the procedure by id; the procedure itself keeps them with its rules only."""
    return Sources.read(Sheet(tomllib.loads((DATA / "bases.toml").read_text("utf-8")), "bases.toml")).bases


def _rules(sheet: Sheet, sources: Sources) -> Iterable[SectorRule]:
    for each in sheet.sheets("rules"):
        yield SectorRule(
            id=each.text("id"),
            says=each.name("says"),
            basis=sources.one(each),
            limit=Limit(*read_within(each, "within")) if each.has("within") else None,
            most=each.number("most") if each.has("most") else None,
        )
        each.done()


def _refusals(sheet: Sheet) -> Iterable[Refusal]:
    for each in sheet.sheets("refusals"):
        kind = each.member("kind", RefusalKind)
        yield Refusal(each.text("code"), each.text("rule"), kind, each.text("title"), each.text("mend"))
        each.done()


def _keyed(pairs: Iterable[tuple[str, _Value]], sheet: Sheet) -> Mapping[str, _Value]:
    found: dict[str, _Value] = {}
    for key, value in pairs:
        if key in found:
            raise sheet.refuse(f"{key} is there twice")
        found[key] = value
    return MappingProxyType(found)


def _check(sheet: Sheet, sop: Sop, read: SectorRules, *, unused: set[str]) -> None:
    if unused:
        raise sheet.refuse(f"no rule rests on {', '.join(sorted(unused))}")
    known = citations(sop).keys() | read.rules.keys()
    loose = sorted(one.code for one in read.refusals.values() if one.rule not in known)
    if loose:
        raise sheet.refuse(f"{', '.join(loose)} rests on no known rule")
    again = sorted(read.rules.keys() & sop.rules.keys())
    if again:
        raise sheet.refuse(f"{', '.join(again)} is a rule of the procedure: cite it, do not repeat it")
