"""First-line support (LIVES): listen, inquire, validate, enhance safety, support; alone, in private, limits told first.

Derived from the Essential Services Package, H1 and H2, and the fact sheet, section 2.6. Coded items only: what she
said is written nowhere. Pure.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Final

NOT_ALONE: Final = "health.support-not-alone"
LIMITS_FIRST: Final = "health.limits-first"


class Item(StrEnum):
    """The five things of first-line support."""

    LISTENED = "listened"
    INQUIRED = "inquired"
    VALIDATED = "validated"
    SAFETY_ENHANCED = "safety_enhanced"
    SUPPORTED = "supported"


class Given(StrEnum):
    """How an item stands."""

    GIVEN = "given"
    DECLINED_BY_HER = "declined_by_her"
    NOT_YET = "not_yet"


class Present(StrEnum):
    """Who else was in the room."""

    COMPANION_SHE_CHOSE = "companion_she_chose"
    INTERPRETER = "interpreter"
    CHILD_UNDER_TWO = "child_under_two"
    OLDER_CHILD = "older_child"
    FAMILY = "family"
    OTHER = "other"


#: Who may be there and she is still alone with whoever supports her (H1).
BESIDE_HER: Final = frozenset({Present.COMPANION_SHE_CHOSE, Present.INTERPRETER, Present.CHILD_UNDER_TWO})


def wrong_setting(
    *, private_room: bool, present: Collection[Present], limits_told_at: datetime, began_at: datetime
) -> str | None:
    """Return the code for which a talk is refused as first-line support; None when it was as it must be."""
    if not private_room or not BESIDE_HER.issuperset(present):
        return NOT_ALONE
    return LIMITS_FIRST if limits_told_at > began_at else None
