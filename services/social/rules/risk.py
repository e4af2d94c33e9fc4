"""Which risk a tool's reading stands for, and how urgent that is: from `risk.toml`, after the fact sheet, section 4.4.

Promises that a score only ever raises: the band is the highest of what the tool, the signs and people say, and the
urgency is never lower than the one a person set (SOC-RISK). Scores are stored, items are not shipped.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from shared.sop.model import Urgency
from shared.sop.sheet import Sheet


class Band(StrEnum):
    """How great the risk is: unknown, standard, elevated, high, extreme."""

    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"


class Tool(StrEnum):
    """With what it was assessed."""

    DANGER_ASSESSMENT = "danger_assessment"
    LAP = "lap"
    DASH_RIC = "dash_ric"
    PRIMERO = "primero"
    DECREE_56_FORM_02 = "decree_56_form_02"
    PROFESSIONAL_JUDGEMENT = "professional_judgement"


class Level(StrEnum):
    """What a tool without a score says."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Sign(StrEnum):
    """What is extreme danger whatever a score says."""

    WEAPON_AND_THREAT = "weapon_and_threat"
    STRANGULATION = "strangulation"
    STALKING_AFTER_SEPARATION = "stalking_after_separation"
    SUICIDE_PLAN = "suicide_plan"


@dataclass(frozen=True, slots=True)
class Screen:
    """A lethality screen: how many of the first three questions, how many of the others, and the worker's belief."""

    first_three: int
    others: int
    belief: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What somebody read off a tool, and what a person thinks of it."""

    tool: Tool
    score: int | None = None
    level: Level | None = None
    screen: Screen | None = None
    incidents: int | None = None
    signs: frozenset[Sign] = frozenset()
    judgement: Band | None = None


@dataclass(frozen=True, slots=True)
class RiskTable:
    """`risk.toml` as it stands."""

    scores: Mapping[Tool, Sequence[tuple[int, Band]]]
    levels: Mapping[Level, Band]
    signs: Mapping[Sign, Band]
    urgency: Mapping[Band, Urgency]
    screen: tuple[int, int, Band]
    incidents: tuple[int, Band]


#: From this band on a case conference is offered and a safety plan is due.
HIGH: Final = Band.R3
#: Which rule says what a tool's reading means.
RULES: Final[Mapping[Tool, str]] = {
    Tool.DANGER_ASSESSMENT: "SOC-RISK-DA",
    Tool.LAP: "SOC-RISK-LAP",
    Tool.DASH_RIC: "SOC-RISK-DASH",
    Tool.PRIMERO: "SOC-RISK-LEVEL",
    Tool.DECREE_56_FORM_02: "SOC-RISK-LEVEL",
    Tool.PROFESSIONAL_JUDGEMENT: "SOC-RISK",
}
_ORDER: Final = tuple(Urgency)


def is_complete(reading: Reading) -> bool:
    """Say whether a reading holds what its tool yields."""
    needed: Mapping[Tool, object] = {
        Tool.DANGER_ASSESSMENT: reading.score,
        Tool.DASH_RIC: reading.score,
        Tool.LAP: reading.screen,
        Tool.PRIMERO: reading.level,
        Tool.DECREE_56_FORM_02: reading.level,
        Tool.PROFESSIONAL_JUDGEMENT: reading.judgement,
    }
    return needed[reading.tool] is not None


def band_of(reading: Reading, *, set_by_people: Iterable[Band] = ()) -> Band:
    """Return the band of a reading; `set_by_people` is what people said before: a score never lowers it."""
    table = risk_table()
    people = (reading.judgement,) if reading.judgement is not None else tuple(set_by_people)
    return max((Band.R0, *_of_the_tool(reading, table), *(table.signs[sign] for sign in reading.signs), *people))


def urgency_of(band: Band, *, set_by_people: Urgency) -> Urgency:
    """Return how urgent a case is at least: as a person set it, or as the band asks, whichever is more urgent."""
    asked = risk_table().urgency.get(band, set_by_people)
    return min(asked, set_by_people, key=_ORDER.index)


def offers(band: Band) -> tuple[str, ...]:
    """Return the services that a band asks to be offered to her."""
    return ("COO-01",) if band >= HIGH else ()


def _of_the_tool(reading: Reading, table: RiskTable) -> Iterable[Band]:
    if reading.score is not None:
        yield from (band for least, band in table.scores.get(reading.tool, ()) if reading.score >= least)
    if reading.level is not None:
        yield table.levels[reading.level]
    first, others, band = table.screen
    if reading.screen is not None:
        positive = reading.screen.belief or reading.screen.first_three >= first or reading.screen.others >= others
        yield band if positive else Band.R1
    if reading.incidents is not None and reading.incidents >= table.incidents[0]:
        yield table.incidents[1]


@cache
def risk_table() -> RiskTable:
    """Return the table. Raises `SopRefused` where it is not as it must be."""
    sheet = Sheet(tomllib.loads(Path(__file__).with_name("risk.toml").read_text("utf-8")), "risk.toml")
    scores = dict(_score(each) for each in sheet.sheets("scores"))
    levels, signs, urgency = sheet.sheet("levels"), sheet.sheet("signs"), sheet.sheet("urgency")
    screen, incidents = sheet.sheet("lethality_screen"), sheet.sheet("incidents")
    table = RiskTable(
        scores=scores,
        levels={level: levels.member(level, Band) for level in Level},
        signs={sign: signs.member(sign, Band) for sign in Sign},
        urgency={Band(band): urgency.member(band, Urgency) for band in urgency.codes()},
        screen=(screen.number("first_three"), screen.number("others"), screen.member("band", Band)),
        incidents=(incidents.number("least"), incidents.member("band", Band)),
    )
    for each in (sheet, levels, signs, urgency, screen, incidents):
        each.done()
    return table


def _score(sheet: Sheet) -> tuple[Tool, Sequence[tuple[int, Band]]]:
    tool = sheet.member("tool", Tool)
    if sheet.text("rule") != RULES[tool]:
        raise sheet.refuse("the rule is another one than the tool's")
    bands = [(each.number("least"), each.member("band", Band)) for each in sheet.sheets("bands")]
    sheet.done()
    return tool, bands
