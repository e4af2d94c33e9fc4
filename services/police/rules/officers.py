"""Who is assigned to her, and the gender she chose (R-01): met, waived by her, or an alternative that she answered.

Derived from the fact sheet, section 5 R-01, and the Essential Services Package, J2: a survivor may choose the gender
of the officer. Nothing else is accepted: that nobody of that gender is on duty is not her answer.
"""

from enum import StrEnum
from typing import Final

from services.police.rules.objections import Objection

_CODE: Final = "police.officer-gender"


class Gender(StrEnum):
    """The gender of an officer, as the facts of an event name it."""

    FEMALE = "female"
    MALE = "male"


class HerAnswer(StrEnum):
    """What she said when her wish was put to her, as the facts of an event name it."""

    WAIVED = "waived"
    ALTERNATIVE_ACCEPTED = "alternative_accepted"
    REFUSED = "refused"


class Alternative(StrEnum):
    """What was offered to her in the place of an officer of the gender she chose."""

    ANOTHER_DAY = "another_day"
    ANOTHER_UNIT = "another_unit"
    ACCOMPANIED = "accompanied"  # an officer of the other gender, with a person of the gender she chose present
    BY_TELEPHONE = "by_telephone"


class Honoured(StrEnum):
    """How her wish was honoured. `refused`: she said no to the alternative, so this officer is not assigned."""

    MET = "met"
    WAIVED = "waived"
    ALTERNATIVE = "alternative"
    REFUSED = "refused"


_ANSWERED: Final = {
    HerAnswer.ALTERNATIVE_ACCEPTED: Honoured.ALTERNATIVE,
    HerAnswer.REFUSED: Honoured.REFUSED,
}


def wish_of(*said: object) -> Gender | None:
    """Return the gender she chose, from what was said in several places; None when she said none."""
    return next((gender for one in said for gender in Gender if one == gender), None)


def honoured(
    wanted: Gender | None, gender: Gender, *, her_answer: HerAnswer | None, alternative: Alternative | None
) -> Honoured | Objection:
    """Say how an officer of this gender honours her wish, or object (R-01)."""
    if wanted is None or gender is wanted:
        idle = "/her_answer" if her_answer is not None else "/alternative" if alternative is not None else None
        return Honoured.MET if idle is None else Objection(_CODE, idle)
    if her_answer is None:
        return Objection(_CODE, "/her_answer")
    if her_answer is HerAnswer.WAIVED:
        return Honoured.WAIVED if alternative is None else Objection(_CODE, "/alternative")
    return _ANSWERED[her_answer] if alternative is not None else Objection(_CODE, "/alternative")
