"""A child in danger: which forms, what they must say, who decides, for how long, and whom to tell across provinces.

Derived from Decree 56/2017 as the fact sheet gives it (VN-CH-01, VN-CH-03, E7) and R-12: a child's safety precedes
confidentiality, with the least data. What the forms must say is our reading of what they are for; their text is not
reproduced. Nothing here has a place for the mother's record.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class Form(StrEnum):
    """A form of the decree; Form 07 is the decision itself."""

    RECEIPT = "01"
    RISK = "02"


class Channel(StrEnum):
    """How the information came."""

    HOTLINE_111 = "hotline_111"
    IN_PERSON = "in_person"
    TELEPHONE = "telephone"
    REFERRAL = "referral"
    CHILD_ITSELF = "child_itself"


class Harm(StrEnum):
    """What is feared or has happened, as a code."""

    PHYSICAL = "physical"
    SEXUAL = "sexual"
    EMOTIONAL = "emotional"
    NEGLECT = "neglect"
    EXPLOITATION = "exploitation"
    TRAFFICKING = "trafficking"
    ABANDONMENT = "abandonment"


class Grade(StrEnum):
    """How great."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Authority(StrEnum):
    """Who decided."""

    COMMUNE_CHAIR = "commune_chair"
    SOCIAL_WORKER = "social_worker"
    POLICE = "police"
    FACILITY = "facility"
    OTHER = "other"


class Decision(StrEnum):
    """What was decided; the names are the outcomes of SOC-07."""

    SEPARATED = "separated"
    SAFE_AT_HOME_PLAN = "safe_at_home_plan"
    ALTERNATIVE_CARE = "alternative_care"


class EndOfStay(StrEnum):
    """Where a child goes when it is no longer kept apart."""

    HOME = "home"
    RELATIVE = "relative"
    ALTERNATIVE_CARE = "alternative_care"
    FACILITY = "facility"


DECIDE: Final = "VN-CH-01"
STAY: Final = "VN-CH-STAY"
COPY: Final = "SOC-111-COPY"
TIMES: Final = "SOC-TIMES"
#: What each form must say before the chair can decide.
NEEDED: Final[Mapping[Form, tuple[str, ...]]] = {
    Form.RECEIPT: ("received_at", "channel", "happened_in", "child_called", "harms", "in_danger_now", "caregiver_safe"),
    Form.RISK: ("assessed_at", "harm", "risk", "caregiver_can_protect", "child_says"),
}


def missing(form: Form, said: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a form still has to say, in the order of the form."""
    return tuple(name for name in NEEDED[form] if said.get(name) in (None, [], ""))


def may_decide(authority: Authority, *, decided_by: str, recorded_by: str) -> bool:
    """Say whether a decision is the chair's own: nobody records one that they made themselves."""
    return authority is Authority.COMMUNE_CHAIR and decided_by != recorded_by


def is_of_the_commune(commune: str, *, happened_in: str, lives_in: str | None) -> bool:
    """Say whether a commune may decide: where it happened, or where the child lives (E7)."""
    return commune in {happened_in, lives_in}


def crosses_provinces(happened_in: str, lives_in: str | None) -> bool:
    """Say whether hotline 111 is to have a copy: it happened in another province than the child lives in (E7)."""
    return lives_in is not None and lives_in != happened_in


def times_refused(received_at: datetime, decided_at: datetime, *, latest: datetime) -> str | None:
    """Return the refusal of a decision from before the information came, or from after `latest`; None otherwise."""
    return None if received_at <= decided_at <= latest else "social.child-times"


def stay_refused(
    decision: Decision,
    start: datetime | None,
    until: datetime | None,
    *,
    longest: datetime | None,
    longer_by: str | None,
) -> str | None:
    """Return the refusal of a stay: unsaid where the child is kept apart, said where it is not, or too long."""
    if (decision is Decision.SEPARATED) is (start is None or until is None):
        return "social.stay-unsaid"
    if start is None or until is None or longest is None:
        return None
    if until <= start or (until > longest and longer_by is None):
        return "social.stay-too-long"
    return None


def outcome_refused(outcome: str, *, decided: str | None, hotline_told: bool) -> str | None:
    """Return the refusal of an outcome that is the chair's to decide and not on record so; None for any other."""
    if outcome not in set(Decision):
        return None
    if decided is None:
        return "social.child-undecided"
    if decided != outcome:
        return "social.child-decided-otherwise"
    return None if hotline_told else "social.hotline-untold"
