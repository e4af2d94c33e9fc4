"""What a safety plan is made of, and how she may have a copy of it.

Derived from the fact sheet, sections 1.3 (J8), 1.4 (W4, W9) and 5 (R-20): it is hers, made with her; she takes a copy
along only where she says that it is safe, under a title that tells nobody what it is.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final


class Situation(StrEnum):
    """When a step of a plan is for."""

    DURING_AN_ATTACK = "during_an_attack"
    PREPARING_TO_LEAVE = "preparing_to_leave"
    LEAVING = "leaving"
    LIVING_APART = "living_apart"
    AT_WORK_OR_SCHOOL = "at_work_or_school"
    TELEPHONE_AND_INTERNET = "telephone_and_internet"
    CHILDREN = "children"
    HER_OWN_STRENGTH = "her_own_strength"


class Copy(StrEnum):
    """How she has a copy."""

    TAKEN_ALONG = "taken_along"
    READ_TO_HER = "read_to_her"
    KEPT_FOR_HER = "kept_for_her"


#: What stands above a copy that she takes along: it says nothing (R-20).
TITLE: Final = "Ghi chú"


def may_copy(way: Copy, *, safe_to_keep: bool) -> bool:
    """Say whether she may have a copy in this way (R-20)."""
    return way is not Copy.TAKEN_ALONG or safe_to_keep


def as_lines(plan: Mapping[str, Any]) -> Sequence[str]:
    """Return a plan as the plain lines of her copy, in its own order, without a word of ours."""
    steps = [
        step["what"] if step.get("with_whom") is None else f"{step['what']} ({step['with_whom']})"
        for step in plan["steps"]
    ]
    return [*plan["signals"], *steps, *plan["take_along"]]
