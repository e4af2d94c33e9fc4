"""Reading of urgency levels: their clocks, their alarms, their expiry and their pauses.

Promises that no limit passes unsaid: every phase has an alarm at 100 per cent. Refuses an alarm that says neither
or both of a share and a time, a level whose clocks stand still although it allows no pause, and a pause of
more than half a clock (fact sheet sections 4.5 and 7.1).
"""

import re

from shared.sop.catalogue import read_clock
from shared.sop.model import Alarm, AlarmLevel, ClockPhase, Expiry, Pauses, Urgency, UrgencyLevel
from shared.sop.sheet import Sheet
from shared.sop.sources import Sources

_AFTER = re.compile(r"([1-9]\d{0,3}) minutes")
_LIMIT = 100
_HALF = 50


def read_level(sheet: Sheet, sources: Sources) -> tuple[Urgency, UrgencyLevel]:
    """Read one level of `urgency.toml`."""
    urgency, code = sheet.member("urgency", Urgency), sheet.text("code")
    level = UrgencyLevel(
        urgency=urgency,
        code=code,
        name=sheet.name("name"),
        meaning=sheet.name("meaning"),
        clocks=tuple(read_clock(one, sources, owner=code, urgency=urgency) for one in sheet.sheets("clocks")),
        pausable=sheet.truth("pausable", default=True),
        instruction=sheet.name("instruction") if sheet.has("instruction") else None,
        basis=sources.one(sheet),
        instruction_code=sheet.text("instruction_code") if sheet.has("instruction") else None,
        alarms=tuple(_alarm(each, sources) for each in sheet.sheets("alarms")),
        expiry=_expiry(sheet.sheet("expiry"), sources),
        pauses=_pauses(sheet.sheet("pauses"), sources) if sheet.has("pauses") else None,
    )
    _check(level, sheet)
    return urgency, level


def _check(level: UrgencyLevel, sheet: Sheet) -> None:
    if {clock.phase for clock in level.clocks} != set(ClockPhase) - {ClockPhase.COMPLETE}:
        raise sheet.refuse("needs one clock each for acknowledging, deciding and first contact")
    at_limit = {phase for alarm in level.alarms if alarm.percent == _LIMIT for phase in alarm.phases}
    if at_limit != set(ClockPhase):
        raise sheet.refuse("needs an alarm at 100 per cent for every phase")
    if len({alarm.id for alarm in level.alarms}) != len(level.alarms):
        raise sheet.refuse("two alarms have the same id")
    if level.pauses is not None and not level.pausable:
        raise sheet.refuse("has pauses although nothing may pause")


def _alarm(sheet: Sheet, sources: Sources) -> Alarm:
    phases = frozenset(sheet.members("phases", ClockPhase)) or frozenset(ClockPhase)
    percent = sheet.number("percent") if sheet.has("percent") else None
    minutes = _after(sheet) if sheet.has("after") else None
    if (percent is None) == (minutes is None) or (percent is not None and percent <= 0):
        raise sheet.refuse("needs either percent or after")
    alarm = Alarm(
        id=sheet.text("id"),
        phases=phases,
        level=sheet.member("level", AlarmLevel),
        percent=percent,
        minutes=minutes,
        basis=sources.one(sheet),
    )
    sheet.done()
    return alarm


def _expiry(sheet: Sheet, sources: Sources) -> Expiry:
    minutes = _after(sheet) if sheet.has("after") else None
    expiry = Expiry(times=sheet.number("acknowledge_times", 0), minutes=minutes, basis=sources.one(sheet))
    sheet.done()
    if (expiry.times < 1) == (minutes is None):
        raise sheet.refuse("needs either after or acknowledge_times")
    return expiry


def _pauses(sheet: Sheet, sources: Sources) -> Pauses:
    pauses = Pauses(
        decide_percent=sheet.number("decide_percent", 0),
        hold_days=sheet.number("hold_days"),
        basis=sources.one(sheet),
    )
    sheet.done()
    if not 0 <= pauses.decide_percent <= _HALF or pauses.hold_days < 0:
        raise sheet.refuse("pauses longer than half the time to decide, or less than not at all")
    return pauses


def _after(sheet: Sheet) -> int:
    match = _AFTER.fullmatch(sheet.text("after"))
    if match is None:
        raise sheet.refuse("after must read like '15 minutes'")
    return int(match[1])
