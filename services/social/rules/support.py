"""Who may interpret, accompany and drive: R-05, R-06, and nobody under 18 without an escort.

Derived from the fact sheet, sections 5 (R-01, R-05, R-06) and 6.6 (SOC-10, SOC-12).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.sop.model import AgeBand


class Kind(StrEnum):
    """What is booked."""

    INTERPRETER = "interpreter"
    SIGN_LANGUAGE = "sign_language"
    COMPANION = "companion"
    TRANSPORT = "transport"


class Relation(StrEnum):
    """Who somebody is to her."""

    NONE = "none"
    FRIEND = "friend"
    RELATIVE = "relative"
    PERPETRATORS_CIRCLE = "perpetrators_circle"


class Gender(StrEnum):
    """The gender of whoever comes."""

    FEMALE = "female"
    MALE = "male"


class HerAnswer(StrEnum):
    """What she says where nobody of the gender she chose is there."""

    WAIVED = "waived"
    ALTERNATIVE_ACCEPTED = "alternative_accepted"


class Occasion(StrEnum):
    """What a companion may come along to (R-06)."""

    INTERVIEW = "interview"
    EXAMINATION = "examination"
    HEARING = "hearing"
    JOURNEY = "journey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Whoever is to come, as far as the rules ask."""

    kind: Kind
    relation: Relation
    gender: Gender
    adult: bool
    certified: bool
    confidentiality_signed: bool
    chosen_by_her: bool
    escorted: bool
    her_answer: HerAnswer | None = None


#: Who interprets: language and signs.
INTERPRETING: Final = frozenset({Kind.INTERPRETER, Kind.SIGN_LANGUAGE})
_CHOSEN: Final = frozenset(Gender)


def unfit(helper: Helper, *, chosen_gender: str | None, age_band: AgeBand) -> tuple[str, str] | None:
    """Return the refusal of a helper and the place that it points to; None where they may come."""
    if helper.kind in INTERPRETING:
        return _unfit_interpreter(helper, chosen_gender)
    if helper.kind is Kind.COMPANION:
        return _unfit_companion(helper)
    if age_band is not AgeBand.ADULT and not helper.escorted:
        return "social.transport-unsafe", "/escorted"
    return ("social.companion-unfit", "/relation") if helper.relation is Relation.PERPETRATORS_CIRCLE else None


def _unfit_interpreter(helper: Helper, chosen_gender: str | None) -> tuple[str, str] | None:
    """Say why somebody does not interpret for her (R-05; R-01 where she chose a gender)."""
    related = helper.relation in {Relation.RELATIVE, Relation.PERPETRATORS_CIRCLE}
    faults = {
        "/relation": related,
        "/adult": not helper.adult,
        "/certified": not helper.certified,
        "/confidentiality_signed": not helper.confidentiality_signed,
    }
    for pointer, wrong in faults.items():
        if wrong:
            return "social.interpreter-unfit", pointer
    if chosen_gender in _CHOSEN and helper.gender != chosen_gender and helper.her_answer is None:
        return "social.gender-unmet", "/gender"
    return None


def _unfit_companion(helper: Helper) -> tuple[str, str] | None:
    """Say why somebody does not come along (R-06): she chooses, and never from the perpetrator's circle."""
    if helper.relation is Relation.PERPETRATORS_CIRCLE:
        return "social.companion-unfit", "/relation"
    return None if helper.chosen_by_her else ("social.companion-unfit", "/chosen_by_her")
