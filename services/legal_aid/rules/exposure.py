"""No punishment for what a trafficked person was forced to do: when LEG-07 has to be offered to her (R-14, R-10).

Derived from the fact sheet, section 5 R-14, and the handbook on National Referral Mechanisms (OSCE/ODIHR, 2022).
Offering is a duty; taking it up is hers, and whatever she answers every other service stays open (R-10).
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

#: The service that is offered.
OFFERED: Final = "LEG-07"


class Indicator(StrEnum):
    """What points to trafficking."""

    PAPERS_TAKEN = "papers_taken"
    DEBT_BONDAGE = "debt_bondage"
    MOVEMENT_CONTROLLED = "movement_controlled"
    FORCED_LABOUR = "forced_labour"
    FORCED_SEX_WORK = "forced_sex_work"
    FORCED_MARRIAGE = "forced_marriage"
    FORCED_CRIME = "forced_crime"
    DECEIVED_ABOUT_WORK = "deceived_about_work"
    SOLD_OR_HANDED_OVER = "sold_or_handed_over"
    STATUS_OF_VICTIM = "status_of_victim"


class Issue(StrEnum):
    """What she could be held to account for."""

    OFFENCE = "offence"
    ADMINISTRATIVE_OFFENCE = "administrative_offence"
    IMMIGRATION = "immigration"


class OfferAnswer(StrEnum):
    """What she answered. None of these closes anything to her."""

    WANTED = "wanted"
    NOT_WANTED = "not_wanted"
    LATER = "later"


def must_be_offered(indicators: Collection[Indicator], issues: Collection[Issue]) -> bool:
    """Say whether non-punishment has to be offered: something points to trafficking, and she could be punished."""
    return bool(indicators) and bool(issues)
