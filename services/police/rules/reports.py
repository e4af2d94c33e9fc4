"""Crime reports: whose decision it was to report, and what may come of it.

Derived from the fact sheet, sections 4.3 (VN-CR-01 to 03) and 6.3 (POL-03): an adult decides herself whether to report,
unless a law makes somebody report; a report that opens no case is answered with reasons and the way to complain.
"""

from collections.abc import Iterator
from enum import StrEnum

from services.police.rules.objections import Objection


class Channel(StrEnum):
    """How the report came."""

    IN_PERSON = "in_person"
    BY_REFERRAL = "by_referral"
    BY_TELEPHONE = "by_telephone"
    IN_WRITING = "in_writing"


class Competence(StrEnum):
    """What the report is, after the first look."""

    CRIME_REPORT = "crime_report"
    ADMINISTRATIVE = "administrative"
    OTHER_BODY = "other_body"


class Found(StrEnum):
    """What was decided on the report."""

    CASE_OPENED = "case_opened"
    NOT_OPENED = "not_opened"
    SUSPENDED = "suspended"
    TRANSFERRED = "transferred"


def not_her_decision(*, own_decision: bool, by_duty: bool, child: bool) -> Iterator[Objection]:
    """Object to a report for an adult who did not decide to report, unless a law demands it (R-10)."""
    if not own_decision and not by_duty and not child:
        yield Objection("police.report-her-decision", "/own_decision")


def without_rights(*, rights_told: bool) -> Iterator[Objection]:
    """Object to a report that was taken without telling her rights."""
    if not rights_told:
        yield Objection("police.report-rights", "/rights_told")


def badly_answered(found: Found, *, reasons: str | None, complaint_told: bool) -> Iterator[Objection]:
    """Object to a report that opens no case without written reasons, or without saying how to complain."""
    if found is not Found.NOT_OPENED:
        return
    if not (reasons or "").strip():
        yield Objection("police.report-reasons", "/reasons")
    if not complaint_told:
        yield Objection("police.report-reasons", "/complaint_told")
