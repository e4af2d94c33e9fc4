"""Her legal file: everything that was recorded for her here, in one reading that is on record (R-24)."""

from collections.abc import Mapping
from typing import Any, Final

from services.legal_aid.acts.hearings import shown_hearing
from services.legal_aid.acts.showing import shown
from services.legal_aid.records import (
    Assignment,
    Claim,
    Complaint,
    CourtOrder,
    Deadline,
    Eligibility,
    Exposure,
    Hearing,
    Offer,
    Proceeding,
)
from shared.agency.ports import Reading
from shared.agency.sector.practice import Practice

#: What her file holds, by the name under which it is answered. How the case was taken or handed over is not in it.
PARTS: Final[Mapping[str, type[Any]]] = {
    "eligibility": Eligibility,
    "assignments": Assignment,
    "proceedings": Proceeding,
    "deadlines": Deadline,
    "court_orders": CourtOrder,
    "hearings": Hearing,
    "claims": Claim,
    "exposures": Exposure,
    "offers": Offer,
    "complaints": Complaint,
}


def file_shown(practice: Practice, reading: Reading, referral_id: str) -> dict[str, Any]:
    """Return her file: each part in the order in which it was written."""
    found = {
        name: [shown(practice, reading, one) for one in reading.find(kind, referral_id=referral_id)]
        for name, kind in PARTS.items()
    }
    return {**found, "hearings": [shown_hearing(one) for one in found["hearings"]]}
