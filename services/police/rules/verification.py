"""Verifying whether somebody was trafficked: led by the provincial health authority, supported by the police.

Derived from Law 53/2024 Art 27 as amended by Law 86/2025 (fact sheet, sections 3.2 and 4.3, VN-TR-03): three days. The
police lead neither this step nor her recovery, and what she needs comes first (R-13).
"""

from collections.abc import Iterator
from enum import StrEnum

from services.police.rules.objections import Objection


class Lead(StrEnum):
    """Who is named as leading. Only the provincial health authority may."""

    PROVINCIAL_HEALTH = "provincial_health_authority"
    PROVINCIAL_POLICE = "provincial_police"
    COMMUNE = "commune_committee"
    OTHER = "other"


class Part(StrEnum):
    """What the police contribute."""

    IDENTITY_CHECKED = "identity_checked"
    PAPERS_CHECKED = "papers_checked"
    PLACE_CHECKED = "place_checked"
    ENTRY_RECORDS_CHECKED = "entry_records_checked"
    PROTECTION_GIVEN = "protection_given"


class Verified(StrEnum):
    """What the lead found."""

    ENOUGH_GROUNDS = "enough_grounds"
    INSUFFICIENT = "insufficient"
    NEEDS_FULL_VERIFICATION = "needs_full_verification"
    PAPERS_PRESENT = "papers_present"


def wrongly_led(lead: Lead) -> Iterator[Objection]:
    """Object to a verification that somebody else leads."""
    if lead is not Lead.PROVINCIAL_HEALTH:
        yield Objection("police.verification-lead", "/lead/authority")
