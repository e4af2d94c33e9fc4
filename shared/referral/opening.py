"""Why a compartment is opened, as far as the ledger says it.

A reason has the form of a code, and so has a name written small: what stands in the ledger can never be taken out of
it. So the ledger gets a reason of this list, and `other` for any else; the agency that opened keeps its own words.
"""

from typing import Final

from shared.referral.conflict import CONFLICT_REASON

OTHER: Final = "other"
#: What the pages of agency services offer, and what partner systems are told to use.
OPENING_REASONS: Final = frozenset(
    {
        "triage",
        "first_contact",
        "case_work",
        "service_delivery",
        "handover",
        "check",
        "supervision",
        "legal_hold",
        "unstated",
        CONFLICT_REASON,
    }
)


def filed_reason(reason: str) -> str:
    """Return what the ledger says of why a compartment is opened."""
    return reason if reason in OPENING_REASONS else OTHER
