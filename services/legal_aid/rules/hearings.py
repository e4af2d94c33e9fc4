"""A hearing: who goes with her, and what becomes of it (R-06).

Derived from the fact sheet, section 5 R-06, and the Essential Services Package, J5 (trial) and J9 (support).
"""

from enum import StrEnum


class HearingState(StrEnum):
    """What became of a hearing."""

    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"


class Companion(StrEnum):
    """Whether somebody goes with her: her answer, or that she has still to be asked."""

    COMING = "coming"
    NOT_WANTED = "not_wanted"
    TO_BE_ASKED = "to_be_asked"


class Measure(StrEnum):
    """What the court is asked for, for her sake."""

    CLOSED_HEARING = "closed_hearing"
    SCREEN = "screen"
    VIDEO_LINK = "video_link"
    SEPARATE_WAITING_ROOM = "separate_waiting_room"
    NO_QUESTIONS_BY_THE_ACCUSED = "no_questions_by_the_accused"
    INTERPRETER = "interpreter"


def may_be_held(companion: Companion) -> bool:
    """Say whether a hearing can be recorded as held: she was asked who goes with her (R-06)."""
    return companion is not Companion.TO_BE_ASKED
