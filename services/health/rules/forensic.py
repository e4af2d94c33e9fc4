"""Forensic examination: only with her own consent to it, and never at the price of treatment (R-21); examiner (R-01).

Derived from the fact sheet, section 5 R-01 and R-21, and WHO guidance on survivors of sexual assault. Her consent has
parts: she may agree to be examined and keep it from the police. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.health.rules.custody import AUTHORITIES, To


class Part(StrEnum):
    """What she agrees to, each by itself."""

    EXAMINATION = "examination"
    SPECIMENS = "specimens"
    PHOTOGRAPHS = "photographs"
    HANDING_OVER = "handing_over"


class Specimen(StrEnum):
    """What can be taken: each is a window of kind specimen."""

    ORAL = "oral"
    SKIN = "skin"
    ANAL = "anal"
    VAGINAL = "vaginal"
    BLOOD = "blood"
    URINE = "urine"
    PHOTOGRAPHS = "photographs"


class GenderAnswer(StrEnum):
    """Her answer where the examiner is not of the gender she chose."""

    WAIVED = "waived"
    ALTERNATIVE_ACCEPTED = "alternative_accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Who examines her, and what was said about that."""

    gender: str
    same_gender_offered: bool
    her_answer: GenderAnswer | None


def agreed(parts: frozenset[Part] | None, part: Part) -> bool:
    """Say whether she agreed to a part; without any consent on record she has not."""
    return parts is not None and part in parts


def part_for(specimen: Specimen) -> Part:
    """Return the part of her consent that a specimen needs."""
    return Part.PHOTOGRAPHS if specimen is Specimen.PHOTOGRAPHS else Part.SPECIMENS


def wrong_examiner(examiner: Examiner, wanted: str | None) -> str | None:
    """Return the code for which an examiner is refused; None when she was asked and her answer is kept to (R-01)."""
    if not examiner.same_gender_offered:
        return "health.examiner-offer"
    chosen = wanted in {"female", "male"}
    if chosen and examiner.gender != wanted and examiner.her_answer in {None, GenderAnswer.REFUSED}:
        return "health.examiner-gender"
    return None


def may_go(to: To, *, parts: frozenset[Part] | None, order_reference: str | None) -> bool:
    """Say whether specimens may go into these hands: to an authority only with her word, or by a decision."""
    return to not in AUTHORITIES or agreed(parts, Part.HANDING_OVER) or order_reference is not None
