"""What is counted about the work of the mesh, and what cannot be: the indicators of fact sheet section 8 as data.

Owns the reading of `shared/sop/data/indicators.toml`. Promises that every indicator has a name and a formula in both
languages, that each stands once, and that the tables of an indicator are among the dimensions there are.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from shared.sop.cited import Name
from shared.sop.codes import ClockPhase
from shared.sop.loader import DATA
from shared.sop.sheet import Sheet, SopRefused

FILE = "indicators.toml"


class Measure(StrEnum):
    """What an indicator tells: how many in a hundred, how long it took, how many on average, which kinds."""

    SHARE = "share"
    HOURS = "hours"
    DAYS = "days"
    MEAN = "mean"
    KINDS = "kinds"


class Dimension(StrEnum):
    """Along what a period is parted."""

    MONTH = "month"
    SERVICE = "service"
    URGENCY = "urgency"
    PROVINCE = "province"
    AGENCY = "agency"
    REASON = "reason"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator. `source` is its number in the fact sheet; `persons` false: it counts no people's affairs."""

    id: str
    measure: Measure
    by: tuple[Dimension, ...]
    name: Name
    formula: Name
    phase: ClockPhase | None = None
    persons: bool = True

    @property
    def source(self) -> str:
        """Return the number by which the fact sheet lists it."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class NotDerivable:
    """An indicator that metadata cannot give, and why."""

    id: str
    name: Name
    why: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRules:
    """All of them, and the times they speak of."""

    instrument: str
    verified_on: date
    release: timedelta  # after the end of a period, until what is counted of it is fixed
    completed: timedelta
    again: timedelta
    reroute: timedelta
    fresh: timedelta
    honoured: timedelta
    indicators: Mapping[str, Indicator]
    not_derivable: Sequence[NotDerivable]
    delays: Mapping[str, Name]
    internal_smallest: int  # the least number that those who coordinate and oversee are shown
    internal_agencies: int


@cache
def load_indicators() -> IndicatorRules:
    """Return the indicators of this build. Read once. Raises `SopRefused`."""
    return read_indicators(DATA)


def read_indicators(folder: Path) -> IndicatorRules:
    """Read the indicators from `folder`. Raises `SopRefused` where the file contradicts itself."""
    try:
        about = Sheet(tomllib.loads((folder / FILE).read_text("utf-8")), FILE)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SopRefused(FILE, "cannot be read as TOML") from fault
    found = [_indicator(one) for one in about.sheets("indicators")]
    missing = [_not_derivable(one) for one in about.sheets("not_derivable")]
    ids = [one.id for one in found] + [one.id for one in missing]
    if len(set(ids)) < len(ids):
        raise about.refuse("an indicator stands there twice")
    delays = about.sheet("delays")
    rules = IndicatorRules(
        delays={code: delays.name(code) for code in delays.codes()},
        instrument=about.text("instrument"),
        verified_on=about.day("verified_on"),
        release=timedelta(days=about.number("release_days")),
        completed=timedelta(days=about.number("completed_days")),
        again=timedelta(days=about.number("again_days")),
        reroute=timedelta(hours=about.number("reroute_hours")),
        fresh=timedelta(days=about.number("fresh_days")),
        honoured=timedelta(hours=about.number("honoured_hours")),
        internal_smallest=about.number("internal_smallest"),
        internal_agencies=about.number("internal_agencies"),
        indicators={one.id: one for one in found},
        not_derivable=missing,
    )
    about.done()
    return rules


def _indicator(sheet: Sheet) -> Indicator:
    found = Indicator(
        id=sheet.text("id"),
        measure=sheet.member("kind", Measure),
        by=sheet.members("by", Dimension),
        name=sheet.name("name"),
        formula=sheet.name("formula"),
        phase=sheet.member("phase", ClockPhase) if sheet.has("phase") else None,
        persons=sheet.truth("persons", default=True),
    )
    sheet.done()
    return found


def _not_derivable(sheet: Sheet) -> NotDerivable:
    found = NotDerivable(sheet.text("id"), sheet.name("name"), sheet.name("why"))
    sheet.done()
    return found
