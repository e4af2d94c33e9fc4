"""Proceedings, their deadlines and a court's no-contact order: what has to be there first, and how long it may last.

Derived from the fact sheet, sections 4.3 (VN-DV-09) and 6.7 (E2): a court forbids contact only within a pending civil
case between the parties, for at most four months; without one, LEG-04 comes first and POL-04 meanwhile.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.sop.calendar import is_working_day


class Kind(StrEnum):
    """A kind of proceedings."""

    CIVIL = "civil"
    CRIMINAL = "criminal"
    ADMINISTRATIVE = "administrative"


class Term(StrEnum):
    """What a deadline of proceedings is for."""

    LIMITATION = "limitation"
    APPEAL = "appeal"
    COMPLAINT = "complaint"
    EVIDENCE = "evidence"
    RESPONSE = "response"
    COMPENSATION_CLAIM = "compensation_claim"
    ENFORCEMENT_REQUEST = "enforcement_request"


class TermEnd(StrEnum):
    """How a deadline came to its end. `not_wanted_by_her` is her choice and costs her nothing (R-10)."""

    DONE = "done"
    MOVED_BY_COURT = "moved_by_court"
    NOT_WANTED_BY_HER = "not_wanted_by_her"


class OrderState(StrEnum):
    """Where an application for a court's no-contact order stands."""

    FILED = "filed"
    GRANTED = "granted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is on record of one case in court."""

    kind: Kind
    between_parties: bool
    pending: bool


def may_ask_court(recorded: Iterable[Recorded], *, said_pending: bool) -> bool:
    """Say whether a court can be asked to forbid contact (E2): a civil case between the parties is pending.

    What is on record goes before what was said when she was referred.
    """
    civil = [one for one in recorded if one.kind is Kind.CIVIL and one.between_parties]
    return any(one.pending for one in civil) if civil else said_pending


def working_days_before(day: date, amount: int) -> date:
    """Return the working day that is so many working days before a day; the first day there is, where none is."""
    while amount and day > date.min:
        day -= timedelta(days=1)
        if is_working_day(day):
            amount -= 1
    return day
