"""Reading of what is owed after consent was taken back: by when holders answer, and what a law may make them keep.

Refuses limits of the law that are stricter than our own rule, because then ours would not be the first to speak, and a
list of what may be kept that holds more than evidence and records (fact sheet sections 2.4, 2.10, 7.2 T16).
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from shared.sop.model import ClockUnit, Compartment, Sector, TimeLimit, WithdrawalRules
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

#: Nothing else can be evidence or a statutory record: not who she is, where she is, nor what she needs.
_RECORDS = frozenset({Compartment.INCIDENT, Compartment.FORENSIC, Compartment.LEGAL, Compartment.DOCUMENTS})
#: What a unit of time lasts at least, whatever day it begins on.
_SHORTEST: Final = {
    ClockUnit.MINUTES: timedelta(minutes=1),
    ClockUnit.HOURS: timedelta(hours=1),
    ClockUnit.DAYS: timedelta(days=1),
    ClockUnit.WORKING_DAYS: timedelta(days=1),
}


def read_withdrawal(sheet: Sheet, sources: Sources, reasons: Collection[str]) -> WithdrawalRules:
    """Read `withdrawal.toml`; `reasons` are the codes that an event may give as its reason."""
    holds, why = sheet.sheet("holds"), sheet.sheet("extension_reasons")
    rules = WithdrawalRules(
        answer=_limit(sheet, sources, "answer"),
        statute=_limit(sheet, sources, "statute"),
        stop=_limit(sheet, sources, "stop"),
        third_party=_limit(sheet, sources, "third_party"),
        unreached=_limit(sheet, sources, "unreached"),
        extension=_limit(sheet, sources, "extension"),
        extension_reasons={code: why.name(code) for code in why.codes()},
        holdable={sector: frozenset(holds.members(sector, Compartment)) for sector in Sector if holds.has(sector)},
        hold_basis=sources.one(holds),
    )
    holds.done()
    why.done()
    sheet.done()
    _check(rules, sheet)
    if not rules.extension_reasons or not set(rules.extension_reasons) <= set(reasons):
        raise sheet.refuse("extension_reasons must be reasons that an event can give")
    return rules


def _check(rules: WithdrawalRules, sheet: Sheet) -> None:
    lengths = [
        _shortest(limit) for limit in (rules.unreached, rules.answer, rules.statute, rules.stop, rules.third_party)
    ]
    if lengths != sorted(set(lengths)):
        raise sheet.refuse("each of unreached, answer, statute, stop, third_party must be later than the one before")
    if any(not names or not names <= _RECORDS for names in rules.holdable.values()):
        raise sheet.refuse("only evidence and records may be kept: incident, forensic, legal, documents")
    extension, stop = rules.extension, rules.stop
    if extension.unit is not stop.unit or not 1 <= extension.amount <= stop.amount:
        raise sheet.refuse("an extension is counted as the limit it extends, and is no longer than that")


def _shortest(limit: TimeLimit) -> timedelta:
    return limit.amount * _SHORTEST[limit.unit]


def _limit(sheet: Sheet, sources: Sources, name: str) -> TimeLimit:
    inner = sheet.sheet(name)
    code = f"withdrawal.{name.replace('_', '-')}"
    limit = TimeLimit(code, inner.number("amount"), inner.member("unit", ClockUnit), sources.one(inner))
    inner.done()
    return limit
