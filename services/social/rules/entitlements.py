"""What somebody is given by the status of a trafficking victim: from `entitlements.toml`, after the fact sheet, 3.3.

Help in the meantime depends on nothing: not on what she says to anybody, and not on how the verification ends (NRM).
The initial hardship allowance is for recognised victims (E5).
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from shared.sop.sheet import Sheet


class Status(StrEnum):
    """How she stands in the identification; the values of the fact `trafficking_status`."""

    POSSIBLE = "possible"
    IN_PROCESS = "in_process"
    RECOGNISED = "recognised"
    ACCOMPANYING_MINOR = "accompanying_minor"
    NOT_RECOGNISED = "not_recognised"


class Decider(StrEnum):
    """Who said so."""

    PROVINCIAL_HEALTH_AND_POLICE = "provincial_health_and_police"
    POLICE = "police"
    COURT_OR_PROCURACY = "court_or_procuracy"
    FOREIGN_AUTHORITY = "foreign_authority"
    RECEPTION = "reception"


class Support(StrEnum):
    """What may be given."""

    ESSENTIAL_NEEDS = "essential_needs"
    MEDICAL = "medical"
    PSYCHOLOGICAL = "psychological"
    INTERPRETER = "interpreter"
    LEGAL_AID = "legal_aid"
    EDUCATION_AND_TRAINING = "education_and_training"
    HARDSHIP_ALLOWANCE = "hardship_allowance"
    LOAN = "loan"
    HEALTH_INSURANCE = "health_insurance"


class Given(StrEnum):
    """Whether a status gives a support; `to_check` where the text was not seen."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"
    TO_CHECK = "to_check"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Whether a support is given, and the rule that says so."""

    support: Support
    given: Given
    rule: str


#: Only an authority says these.
DECIDED: Final = frozenset({Status.RECOGNISED, Status.NOT_RECOGNISED})
VERIFY: Final = "VN-TR-03"
_COLUMNS: Final = (Status.RECOGNISED, Status.IN_PROCESS, Status.ACCOMPANYING_MINOR)


def entitlements(status: Status) -> tuple[Entitlement, ...]:
    """Return what a status gives, and what it does not. `possible` has the benefit of the doubt."""
    if status is Status.NOT_RECOGNISED:
        return tuple(Entitlement(support, Given.NO, "SOC-TR-STATUS") for support in Support)
    column = Status.IN_PROCESS if status is Status.POSSIBLE else status
    return tuple(Entitlement(support, row[column], rule) for support, (rule, row) in _table().items())


def status_now(decided: Iterable[tuple[int, str]], *, said: object) -> Status | None:
    """Return her status: as decided last (number, status), else as the referral says it."""
    latest = max(decided, default=None)
    status = said if latest is None else latest[1]
    return None if status is None else Status(str(status))


def refused(status: Status | None, support: Support) -> str | None:
    """Return the refusal of a support at a status; None where it is given, in part or after a look at the text."""
    if status is None:
        return "social.status-unsaid"
    given = next(one.given for one in entitlements(status) if one.support is support)
    if given is not Given.NO:
        return None
    return "social.allowance-not-yet" if support is Support.HARDSHIP_ALLOWANCE else "social.support-other"


def may_say(status: Status, decided_by: Decider) -> bool:
    """Say whether somebody may say so: whether she is a victim is for an authority to decide."""
    return status not in DECIDED or decided_by is not Decider.RECEPTION


def offers(status: Status, *, offence_or_immigration: bool) -> tuple[str, ...]:
    """Return what to offer her: medical check and verification; LEG-07 where an offence or her papers matter (R-14)."""
    if status is Status.NOT_RECOGNISED:
        return ()
    return ("HEA-08", "POL-08", *(("LEG-07",) if offence_or_immigration else ()))


@cache
def _table() -> Mapping[Support, tuple[str, Mapping[Status, Given]]]:
    text = Path(__file__).with_name("entitlements.toml").read_text("utf-8")
    sheet = Sheet(tomllib.loads(text), "entitlements.toml")
    table = {}
    for each in sheet.sheets("supports"):
        row = {status: each.member(status, Given) for status in _COLUMNS}
        table[each.member("support", Support)] = (each.text("rule"), row)
        each.done()
    sheet.done()
    return table
