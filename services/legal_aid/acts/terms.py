"""Reminders before a day: a clock that runs out some working days earlier, so that partner systems are told in time."""

from datetime import date, datetime, time

from services.legal_aid.rules.proceedings import working_days_before
from shared.agency.ports import Desk
from shared.agency.sector.clocks import start_clock
from shared.agency.sector.practice import Practice
from shared.sop.calendar import ZONE

_MORNING = time(8, tzinfo=ZONE)
_LAST = time(23, 59, 59, 999_000, tzinfo=ZONE)


def today(practice: Practice) -> date:
    """Return the day it is in Viet Nam."""
    return practice.now().astimezone(ZONE).date()


def end_of(day: date) -> datetime:
    """Return the last moment of a day in Viet Nam."""
    return datetime.combine(day, _LAST)


def remind_before(practice: Practice, desk: Desk, referral_id: str, target: str, rule: str, *, day: date) -> None:
    """Start the clock that runs out so many working days before `day` as `rule` says; at once where that is past."""
    now = practice.now()
    due = datetime.combine(working_days_before(day, practice.rulebook.most(rule)), _MORNING)
    start_clock(desk, referral_id, target, rule, started_at=now, due_at=max(due, now))
