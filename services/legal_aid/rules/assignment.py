"""Who stands beside her: the legal-aid person, of the gender she chose or with her own answer (R-01, R-10).

Derived from the fact sheet, section 5 R-01 and R-10, and section 4.3 VN-LA-03 (time to assign, unverified).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

ANY: Final = "any"


class Gender(StrEnum):
    """Gender of a member of staff."""

    FEMALE = "female"
    MALE = "male"


class HerAnswer(StrEnum):
    """What she answered about the gender of staff; `not_asked`: nothing was put to her."""

    NOT_ASKED = "not_asked"
    WAIVED = "waived"
    ALTERNATIVE_ACCEPTED = "alternative_accepted"
    REFUSED = "refused"


class Haste(StrEnum):
    """How soon somebody has to be assigned: in general, or in an emergency of criminal proceedings."""

    GENERAL = "general"
    WITHIN_24_HOURS = "within_24_hours"
    WITHIN_12_HOURS = "within_12_hours"


#: The rule that sets the time, by haste.
ASSIGN_BY: Final[Mapping[Haste, str]] = {
    Haste.GENERAL: "VN-LA-03",
    Haste.WITHIN_24_HOURS: "VN-LA-03-24H",
    Haste.WITHIN_12_HOURS: "VN-LA-03-12H",
}


def honours(wished: str, gender: Gender, answer: HerAnswer) -> bool:
    """Say whether an assignment honours her choice: met, or put to her and she agreed (R-01)."""
    return wished in {ANY, gender.value} or answer in {HerAnswer.WAIVED, HerAnswer.ALTERNATIVE_ACCEPTED}


def facts_of(assigned: str, gender: Gender, answer: HerAnswer) -> dict[str, str]:
    """Return what accepting says of an assignment; her answer only where there was a question."""
    asked = {} if answer is HerAnswer.NOT_ASKED else {"staff_gender_answer": answer.value}
    return {"assigned": assigned, "staff_gender": gender.value, **asked}
