"""Asking her what happened: once (R-02), accompanied (R-06), through no relative (R-05), and gently under 18 (R-27).

Derived from the fact sheet, section 5, and the Essential Services Package, J2, J3 and J9. The limits for people under
18 (two sessions a day, two hours each) are unverified there and stand in `rules.toml`, where they can be changed.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.police.rules.objections import Objection
from services.police.rules.officers import Gender
from shared.sop.calendar import day_in_viet_nam
from shared.sop.model import AgeBand

_INTERPRETER: Final = "police.interpreter"


class Support(StrEnum):
    """Whether somebody of her choice was beside her: there, or offered and not wanted. `not_offered` is refused."""

    THERE = "there"
    DECLINED_BY_HER = "declined_by_her"
    NOT_OFFERED = "not_offered"


class Guardian(StrEnum):
    """Who is beside a person under 18 by law."""

    GUARDIAN = "guardian"
    LAWYER = "lawyer"
    LEGAL_REPRESENTATIVE = "legal_representative"


class Tie(StrEnum):
    """How an interpreter stands to her. All but `none` are refused (R-05)."""

    NONE = "none"
    RELATIVE = "relative"
    PERPETRATORS_CIRCLE = "perpetrators_circle"


class Again(StrEnum):
    """Why she is asked although a statement of hers exists: her own wish, or she agreed to what was put to her."""

    SHE_WANTS_TO_ADD = "she_wants_to_add"
    SHE_AGREED_HOLDER_DID_NOT_ANSWER = "she_agreed_holder_did_not_answer"
    SHE_AGREED_OTHER_MATTER = "she_agreed_other_matter"


class Ending(StrEnum):
    """How a session ended."""

    FINISHED = "finished"
    TO_BE_CONTINUED = "to_be_continued"
    STOPPED_BY_HER = "stopped_by_her"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreting:
    """Who interprets."""

    gender: Gender
    tie: Tie
    adult: bool
    confidentiality_signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What she said beforehand of interpreting."""

    interpreter: bool
    interpreter_gender: Gender | None


def is_child(age_band: str) -> bool:
    """Say whether the limits for people under 18 hold; an unknown age is that of a child."""
    return age_band != AgeBand.ADULT


def unaccompanied(support: Support) -> Iterator[Objection]:
    """Object when nobody asked her whether she wants somebody beside her (R-06)."""
    if support is Support.NOT_OFFERED:
        yield Objection("police.support-person", "/support_person")


def unfit_interpreter(who: Interpreting | None, wishes: Wishes, *, declined_by_her: bool) -> Iterator[Objection]:
    """Object to a relative, a child or somebody of the perpetrator's circle who interprets, and to none (R-05)."""
    if who is None:
        if wishes.interpreter and not declined_by_her:
            yield Objection(_INTERPRETER, "/interpreter")
        return
    if who.tie is not Tie.NONE:
        yield Objection(_INTERPRETER, "/interpreter/tie")
    if not who.adult:
        yield Objection(_INTERPRETER, "/interpreter/adult")
    if not who.confidentiality_signed:
        yield Objection(_INTERPRETER, "/interpreter/confidentiality_signed")
    if wishes.interpreter_gender not in (None, who.gender):
        yield Objection("police.interpreter-gender", "/interpreter/gender")


def too_hard_on_a_child(
    present: Collection[Guardian],
    *,
    guardian_unsafe: bool,
    friendly_room: bool,
    started_at: datetime,
    before: Iterable[datetime],
    most: int,
) -> Iterator[Objection]:
    """Object to a session with a person under 18 that is one too many, unaccompanied, or in no friendly room (R-27).

    `before` are the beginnings of the other sessions. A guardian who is not safe counts as nobody.
    """
    beside = set(present) - ({Guardian.GUARDIAN} if guardian_unsafe else set())
    if not beside:
        yield Objection("police.child-alone", "/present_for_child")
    if not friendly_room:
        yield Objection("police.child-room", "/friendly_room")
    day = day_in_viet_nam(started_at)
    if sum(day_in_viet_nam(at) == day for at in before) >= most:
        yield Objection("police.child-sessions", "/started_at")


def told_before(statements: int, *, again: Again | None, prior: str | None) -> Iterator[Objection]:
    """Object to asking her again without saying why, and to a reason without naming the statement there is (R-02)."""
    if statements and (again is None or prior is None):
        yield Objection("police.statement-exists", "/again" if again is None else "/prior_reference")
