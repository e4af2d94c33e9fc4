"""Compensation: what is claimed under which heads, in which way, and how far it has come.

Derived from the Essential Services Package, J6 (reparations), and the Civil Code 2015 on damage outside a contract.
An amount is asked once and is encrypted; a claim that she does not want to go on with ends without a word against her
(R-10).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Head(StrEnum):
    """What the money is for."""

    TREATMENT = "treatment"
    LOST_INCOME = "lost_income"
    CARE = "care"
    MENTAL_SUFFERING = "mental_suffering"
    PROPERTY = "property"
    UNPAID_WAGES = "unpaid_wages"
    MAINTENANCE_OF_DEPENDANTS = "maintenance_of_dependants"
    FUNERAL = "funeral"


class Way(StrEnum):
    """In the criminal case itself, or in a civil suit of its own."""

    IN_CRIMINAL_CASE = "in_criminal_case"
    CIVIL_SUIT = "civil_suit"


class ClaimState(StrEnum):
    """How far a claim has come."""

    PREPARED = "prepared"
    FILED = "filed"
    AWARDED = "awarded"
    REFUSED = "refused"
    APPEALED = "appealed"
    PAID = "paid"
    ENDED_BY_HER = "ended_by_her"


_NEXT: Final[Mapping[ClaimState, frozenset[ClaimState]]] = {
    ClaimState.PREPARED: frozenset({ClaimState.FILED}),
    ClaimState.FILED: frozenset({ClaimState.AWARDED, ClaimState.REFUSED}),
    ClaimState.AWARDED: frozenset({ClaimState.PAID, ClaimState.APPEALED}),
    ClaimState.REFUSED: frozenset({ClaimState.APPEALED}),
    ClaimState.APPEALED: frozenset({ClaimState.AWARDED, ClaimState.REFUSED}),
    ClaimState.PAID: frozenset(),
    ClaimState.ENDED_BY_HER: frozenset(ClaimState) - {ClaimState.ENDED_BY_HER},  # she may go on after all
}


def may_become(state: ClaimState, wanted: ClaimState) -> bool:
    """Say whether a claim can go from one state to another; she may end it at any time before it is paid (R-10)."""
    if wanted is ClaimState.ENDED_BY_HER:
        return state not in {ClaimState.PAID, ClaimState.ENDED_BY_HER}
    return wanted in _NEXT[state]
