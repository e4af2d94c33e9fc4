"""Clinical windows: until when something can be done for her, counted from what happened (E6, INV-13).

Derived from the fact sheet, section 4.2. Owns the reading of `windows.toml` and the arithmetic; how long a window is
stands in `rules.toml` with its basis. Promises that no window is ever counted from when a referral was sent, and that
something is named for every window that is over: care is still given.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from shared.sop.catalogue import read_within
from shared.sop.model import Name
from shared.sop.sector_rules import Limit
from shared.sop.sheet import Sheet

FROM_SENDING: Final = "health.window-from-sending"
OTHER_START: Final = "health.window-other-start"
TIME_AHEAD: Final = "health.time-ahead"

#: So far from the present moment may lie what a caller calls now.
NOW_WITHIN: Final = timedelta(minutes=5)

_FILE: Final = Path(__file__).with_name("windows.toml")


class Kind(StrEnum):
    """What a window is about."""

    TREATMENT = "treatment"
    SPECIMEN = "specimen"
    COURSE = "course"
    TEST = "test"
    WATCH = "watch"


class From(StrEnum):
    """From what a window is counted. Sending is not among them."""

    INCIDENT = "incident"
    FIRST_CONTACT = "first_contact"
    FIRST_DOSE = "first_dose"


class Need(StrEnum):
    """What an assessment says of her, on which a window depends."""

    HIV_EXPOSURE = "hiv_exposure"
    PREGNANCY_POSSIBLE = "pregnancy_possible"
    HEPATITIS_B_OPEN = "hepatitis_b_open"
    STRANGULATION = "strangulation"


class Answer(StrEnum):
    """What became of an offer. What she does not want today she may want tomorrow: the window stays open."""

    GIVEN = "given"
    DECLINED_BY_HER = "declined_by_her"


class Dose(StrEnum):
    """What can be given against time: each is a window of kind treatment."""

    PEP = "pep"
    EMERGENCY_CONTRACEPTION = "emergency_contraception"
    HEPATITIS_B = "hepatitis_b"
    INFECTIONS = "infections"
    TETANUS = "tetanus"


class FollowUp(StrEnum):
    """What is looked after later: each is a window of kind course, test or watch."""

    STRANGULATION = "strangulation"
    PEP_COURSE = "pep_course"
    HIV_BASELINE = "hiv_baseline"
    HIV_SIX_WEEKS = "hiv_six_weeks"
    HIV_THREE_MONTHS = "hiv_three_months"
    PREGNANCY_BASELINE = "pregnancy_baseline"
    PREGNANCY_REPEAT = "pregnancy_repeat"


class State(StrEnum):
    """How a window stands. `open_late`: past the time in which it does most good, and still worth doing."""

    OPEN = "open"
    OPEN_LATE = "open_late"
    CLOSED = "closed"
    DONE = "done"
    NOT_NEEDED = "not_needed"
    NOT_BEGUN = "not_begun"


@dataclass(frozen=True, slots=True)
class Window:
    """One thing that has a time; `refusal` is how it is refused afterwards, None where it never is."""

    id: str
    kind: Kind
    start: From
    rule: str
    services: frozenset[str]
    name: Name
    after: Name
    need: Need | None = None
    best: Limit | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is on record of her that windows depend on; `needs` None: nobody has assessed her yet."""

    incident_at: datetime | None = None
    assessed_at: datetime | None = None
    first_dose_at: datetime | None = None
    needs: frozenset[Need] | None = None
    done: Mapping[str, datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A window as it stands at a moment; `counted_from` None while nothing has begun."""

    window: Window
    state: State
    counted: str
    counted_from: datetime | None
    closes_at: datetime | None
    best_until: datetime | None
    done_at: datetime | None
    seconds_left: int | None


@cache
def load_windows() -> Mapping[str, Window]:
    """Return the windows by id, in the order of the file. Raises `SopRefused` naming the place of what is wrong."""
    sheet = Sheet(tomllib.loads(_FILE.read_text("utf-8")), f"health/{_FILE.name}")
    windows = {window.id: window for window in (_window(each) for each in sheet.sheets("windows"))}
    sheet.done()
    return windows


def _window(sheet: Sheet) -> Window:
    window = Window(
        id=sheet.text("id"),
        kind=sheet.member("kind", Kind),
        start=sheet.member("from", From),
        rule=sheet.text("rule"),
        services=frozenset(sheet.texts("services")),
        name=sheet.name("name"),
        after=sheet.name("after"),
        need=sheet.member("needs", Need) if sheet.has("needs") else None,
        best=Limit(*read_within(sheet, "best")) if sheet.has("best") else None,
        refusal=sheet.text("refusal") if sheet.has("refusal") else None,
    )
    sheet.done()
    return window


def of_service(service_type: str) -> list[Window]:
    """Return the windows that are shown in the files of a service."""
    return [window for window in load_windows().values() if service_type in window.services]


def wrong_start(counted_from: datetime, story: Story, *, sent_at: datetime, now: datetime) -> str | None:
    """Return the code for which a time that a window is to be counted from is refused; None when it is right (E6).

    Right is the incident that is on record. Where nobody knows it: now, or her first contact here, which was now once.
    It is never when a referral was sent.
    """
    if story.incident_at is not None:
        right = counted_from == story.incident_at
    else:
        here = counted_from == story.assessed_at or abs(counted_from - now) <= NOW_WITHIN
        right = here and counted_from != sent_at
    if right:
        return None
    sent = counted_from.replace(microsecond=0) == sent_at.replace(microsecond=0)
    return FROM_SENDING if sent else OTHER_START


def start_of(window: Window, story: Story, *, now: datetime) -> tuple[str, datetime | None]:
    """Return what a window is counted from, and when that was; an unknown incident counts from first contact or now."""
    if window.start is From.FIRST_DOSE:
        return From.FIRST_DOSE, story.first_dose_at
    if window.start is From.INCIDENT and story.incident_at is not None:
        return From.INCIDENT, story.incident_at
    return (From.FIRST_CONTACT, story.assessed_at) if story.assessed_at is not None else ("now", now)


def needed(window: Window, story: Story) -> bool:
    """Say whether she needs what a window is about; as long as nobody has assessed her it counts as needed."""
    return window.need is None or story.needs is None or window.need in story.needs


def stand(window: Window, story: Story, limit: Limit, *, now: datetime) -> Standing:
    """Return a window as it stands: its end, the seconds that are left, and whether it was used."""
    counted, start = start_of(window, story, now=now)
    closes_at = None if start is None else limit.after(start)
    best_until = None if start is None or window.best is None else window.best.after(start)
    done_at = (story.done or {}).get(window.id)
    state = _state(needed(window, story), done_at, closes_at, best_until, now)
    running = closes_at is not None and state in {State.OPEN, State.OPEN_LATE, State.CLOSED}
    return Standing(
        window=window,
        state=state,
        counted=counted,
        counted_from=start,
        closes_at=closes_at,
        best_until=best_until,
        done_at=done_at,
        seconds_left=int((closes_at - now).total_seconds()) if running and closes_at is not None else None,
    )


def _state(
    is_needed: bool, done_at: datetime | None, closes_at: datetime | None, best_until: datetime | None, now: datetime
) -> State:
    if done_at is not None:
        return State.DONE
    if not is_needed:
        return State.NOT_NEEDED
    if closes_at is None:
        return State.NOT_BEGUN
    if now > closes_at:
        return State.CLOSED
    return State.OPEN_LATE if best_until is not None and now > best_until else State.OPEN
