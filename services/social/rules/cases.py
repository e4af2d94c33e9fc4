"""How a case is led: one lead worker, goals by domain, reviews, and why it is closed.

Derived from the fact sheet, sections 2.1 (six steps of case management), 1.4 (W9) and 8 (I36, I37).
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final


class Domain(StrEnum):
    """What a goal is about."""

    SAFETY = "safety"
    HEALTH = "health"
    PSYCHOSOCIAL = "psychosocial"
    JUSTICE = "justice"


class Answer(StrEnum):
    """How a service stands that was talked about with her."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    ALREADY_RECEIVING = "already_receiving"
    NOT_AVAILABLE = "not_available"


class Progress(StrEnum):
    """How far a domain's goals have come."""

    NOT_BEGUN = "not_begun"
    UNDER_WAY = "under_way"
    MET = "met"
    LET_GO = "let_go"


class HandOver(StrEnum):
    """Why another worker leads from now on."""

    SHE_ASKED = "she_asked"
    WORKER_LEFT = "worker_left"
    NEARER_TO_HER = "nearer_to_her"
    CONFLICT_OF_INTEREST = "conflict_of_interest"


class Closure(StrEnum):
    """Why a case is closed."""

    GOALS_MET = "goals_met"
    SHE_ASKED = "she_asked"
    NO_CONTACT = "no_contact"
    MOVED = "moved"
    DECEASED = "deceased"


PLAN: Final = "SOC-PLAN"
REVIEW: Final = "SOC-REVIEW"
CLOSE_REVIEW: Final = "SOC-CLOSE-REVIEW"
NO_CONTACT: Final = "SOC-NO-CONTACT"


def may_close(reason: Closure, *, silent_until: datetime, now: datetime) -> bool:
    """Say whether a case may be closed; `silent_until` is when the agreed time without contact is over."""
    return reason is not Closure.NO_CONTACT or now >= silent_until


def last_heard(opened_at: str, plans: Iterable[str], reviews: Iterable[tuple[str, bool]]) -> str:
    """Return when she was last heard: when the case began, at a plan made with her, or at a review that reached her."""
    return max([opened_at, *plans, *(at for at, reached in reviews if reached)])


def outcome_refused(outcome: str, *, closed: bool, planned: bool) -> str | None:
    """Return the refusal of an outcome that the recorded case contradicts; None where it does not."""
    if outcome == "closed" and not closed:
        return "social.case-open"
    if outcome == "plan_set" and not planned:
        return "social.case-unplanned"
    return None
