"""Needs first, statement later (R-13): what has to be asked before she is asked what happened.

Derived from the fact sheet, section 5 R-13, and the Essential Services Package, J3 (assessment and investigation).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

#: The one risk band at which a statement does not wait: life is at risk now (R-13).
EXTREME: Final = "R4"


class Need(StrEnum):
    """What is checked."""

    MEDICAL = "medical"
    SAFETY = "safety"
    FOOD_AND_REST = "food_and_rest"
    CHILD = "child"


class Met(StrEnum):
    """How a need stands: seen to, not there, or offered and not wanted by her. `open` is still to be seen to."""

    SEEN_TO = "seen_to"
    NO_NEED = "no_need"
    DECLINED_BY_HER = "declined_by_her"
    OPEN = "open"


def still_open(answers: Mapping[Need, Met]) -> tuple[Need, ...]:
    """Return the needs that are still to be seen to; one that was not asked about is open."""
    return tuple(need for need in Need if answers.get(need, Met.OPEN) is Met.OPEN)


def may_be_asked(*, checked: bool | None, by_sender: bool, risk_band: object) -> bool:
    """Say whether she may be asked for a statement: nothing she needs is open, or her life is at risk now (R-13).

    `checked` is how the police found it, None while they have not asked; until then counts what the sender found.
    """
    settled = by_sender if checked is None else checked
    return settled or risk_band == EXTREME
