"""Who has legal aid, answered at once: yes, or exactly what is missing (VN-LA-01, E1, E5).

Derived from the fact sheet, sections 4.3, 6.5 and 6.7 (E1, E5), and section 3.3 (what each status of a trafficked
person opens). What is missing is never an identity paper, a residence paper or a police report: such a paper is on no
list here, so that nobody can ask for it (R-08).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Group(StrEnum):
    """The groups of Article 7 of the Law on Legal Aid.

    The procedure's fact `legal_aid_group` names them alike, but for those of her health, which it does not tell apart.
    """

    PERSON_OF_MERIT = "person_of_merit"
    POOR_HOUSEHOLD = "poor_household"
    CHILD = "child"
    ETHNIC_MINORITY = "ethnic_minority"
    ACCUSED_16_17 = "accused_16_17"
    NEAR_POOR_ACCUSED = "near_poor_accused"
    RELATIVE_OF_MARTYR = "relative_of_martyr"
    AGENT_ORANGE = "agent_orange"
    ELDERLY = "elderly"
    DISABLED = "disabled"
    VICTIM_16_17 = "victim_16_17"
    TRAFFICKING = "trafficking"
    HIV = "hiv"
    DOMESTIC_VIOLENCE = "domestic_violence"


#: Groups that tell of her health: a referral says no more than that she is of another group (R-22).
OF_HER_HEALTH: Final = frozenset({Group.AGENT_ORANGE, Group.DISABLED, Group.HIV})
#: Groups that have legal aid only in financial hardship, which she may declare herself (E1).
IN_HARDSHIP: Final = frozenset(
    {
        Group.RELATIVE_OF_MARTYR,
        Group.ELDERLY,
        Group.DOMESTIC_VIOLENCE,
        *OF_HER_HEALTH,
    }
)


class Hardship(StrEnum):
    """Whether she is in financial hardship; `not_asked` is what has still to be asked."""

    PROVED = "proved"
    SELF_DECLARED = "self_declared"
    NONE = "none"
    NOT_ASKED = "not_asked"


class Status(StrEnum):
    """Where the identification of a trafficked person stands; `none`: nothing points to trafficking."""

    NONE = "none"
    POSSIBLE = "possible"
    IN_PROCESS = "in_process"
    RECOGNISED = "recognised"
    ACCOMPANYING_MINOR = "accompanying_minor"
    NOT_RECOGNISED = "not_recognised"


class Paper(StrEnum):
    """What belongs to the file of a request."""

    REQUEST = "request"
    PROOF_OF_GROUP = "proof_of_group"
    PROOF_OF_HARDSHIP = "proof_of_hardship"
    CASE_PAPERS = "case_papers"


class Missing(StrEnum):
    """What is missing: papers, or a question that was not put to her."""

    REQUEST = "request"
    PROOF_OF_GROUP = "proof_of_group"
    PROOF_OF_HARDSHIP = "proof_of_hardship"
    CASE_PAPERS = "case_papers"
    HARDSHIP_STATEMENT = "hardship_statement"


class Decision(StrEnum):
    """The answer. `information_only`: no group of the law, general advice all the same."""

    COMPLETE = "complete"
    PAPERS_FOLLOW = "papers_follow"
    INCOMPLETE = "incomplete"
    INFORMATION_ONLY = "information_only"


#: Ages at which somebody is a child, or a victim of 16 or 17; an age that is not known is a child's.
_BY_AGE: Final[Mapping[str, Group]] = {
    "under_6": Group.CHILD,
    "6_11": Group.CHILD,
    "12_15": Group.CHILD,
    "unknown": Group.CHILD,
    "16_17": Group.VICTIM_16_17,
}
#: Statuses in which somebody is, or may be, a trafficked person, or is a minor with one.
TRAFFICKED: Final = frozenset(Status) - {Status.NONE, Status.NOT_RECOGNISED}
#: Groups that need no paper: an age band, and a status that other authorities establish.
_WITHOUT_PROOF: Final = frozenset({Group.CHILD, Group.VICTIM_16_17, Group.TRAFFICKING, Group.DOMESTIC_VIOLENCE})
_IN_PROCESS: Final = (
    "HEA-01",
    "HEA-02",
    "HEA-05",
    "HEA-08",
    "LEG-01",
    "LEG-02",
    "LEG-05",
    "LEG-07",
    "SOC-05",
    "SOC-12",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is known when she asks."""

    age_band: str
    groups: frozenset[Group]
    domestic_violence: bool
    hardship: Hardship
    status: Status
    papers: frozenset[Paper]
    urgent: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer: by which groups, and what is missing."""

    decision: Decision
    groups: tuple[Group, ...]
    missing: tuple[Missing, ...] = ()


def answered(request: Request) -> Answer:
    """Decide a request at once (VN-LA-01): from the groups of Article 7, hardship where it counts (E1), and urgency."""
    claimed = _claimed(request)
    groups = tuple(group for group in Group if group in claimed and _carries(group, request.hardship))
    if not groups:
        if claimed and request.hardship is Hardship.NOT_ASKED:
            return Answer(Decision.INCOMPLETE, (), (Missing.HARDSHIP_STATEMENT,))
        return Answer(Decision.INFORMATION_ONLY, ())
    missing = tuple(one for one in Missing if one.value in _wanted(groups, request) - request.papers)
    if not missing:
        return Answer(Decision.COMPLETE, groups)
    may_follow = request.urgent or set(missing) <= {Missing.PROOF_OF_HARDSHIP}
    return Answer(Decision.PAPERS_FOLLOW if may_follow else Decision.INCOMPLETE, groups, missing)


def is_urgent(day: date | None, *, today: date, fifth_working_day: date) -> bool:
    """Say whether a hearing or the end of a limitation is less than five working days off (VN-LA-02)."""
    return day is not None and today <= day < fifth_working_day


def opened_by(status: Status) -> Collection[str]:
    """Return which services a status of a trafficked person opens without anything more (E5)."""
    if status is Status.RECOGNISED:
        return (*_IN_PROCESS, "SOC-11")
    return _IN_PROCESS if status in TRAFFICKED else ()


def _claimed(request: Request) -> frozenset[Group]:
    by_age = _BY_AGE.get(request.age_band)
    found = request.groups | ({by_age} if by_age else set())
    found |= {Group.DOMESTIC_VIOLENCE} if request.domestic_violence else set()
    return found | ({Group.TRAFFICKING} if request.status in TRAFFICKED else set())


def _carries(group: Group, hardship: Hardship) -> bool:
    return group not in IN_HARDSHIP or hardship in {Hardship.PROVED, Hardship.SELF_DECLARED}


def _wanted(groups: Collection[Group], request: Request) -> set[str]:
    wanted: set[str] = {Paper.REQUEST, Paper.CASE_PAPERS}
    if not any(group in _WITHOUT_PROOF for group in groups):
        wanted.add(Paper.PROOF_OF_GROUP)
    if all(group in IN_HARDSHIP for group in groups):
        wanted.add(Paper.PROOF_OF_HARDSHIP)
    return wanted
