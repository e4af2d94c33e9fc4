"""Her legal file: everything that was recorded for her here, in one reading that is on record (R-24).

Owns where the details of a record are encrypted in it, and how a record is shown: its plain fields, and its details as
long as the case's key is here.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

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
from shared.agency.ports import Look, Reading
from shared.agency.records import Referral
from shared.agency.sector.casefile import CaseFile, file_of
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

_CONTENT: Final = "content"
#: What the centre keeps for itself: by what the calendar knows a hearing, and from whom the case came.
_UNSAID: Final = frozenset({"uid", "sequence", "sender"})


def file_shown(practice: Practice, reading: Reading, referral_id: str) -> dict[str, Any]:
    """Return her file: each part in the order in which it was written."""
    return {name: part_shown(practice, reading, referral_id, name) for name in PARTS}


def part_shown(practice: Practice, reading: Reading, referral_id: str, name: str) -> list[dict[str, Any]]:
    """Return one part of her file, in the order in which it was written."""
    return [shown(practice, reading, one) for one in reading.find(PARTS[name], referral_id=referral_id)]


def place_of(record_id: str) -> str:
    """Return the place in her file where the details of a record are encrypted."""
    return f"legal-aid/{record_id}"


def details_of(file: CaseFile, record_id: str, content: bytes) -> dict[str, Any]:
    """Return the details of a record in clear."""
    details: dict[str, Any] = file.unlock(place_of(record_id), content)
    return details


def shown(practice: Practice, look: Look, record: Any) -> dict[str, Any]:
    """Return a record as it is answered: its first field as `id`; details null once the case was sealed off."""
    fields = {name: value for name, value in asdict(record).items() if name not in _UNSAID}
    key = next(iter(fields))
    answer = {"id": fields.pop(key), **fields}
    if _CONTENT not in answer:
        return answer
    content = answer.pop(_CONTENT)
    referral = look.get(Referral, record.referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    return {**answer, "details": None if file is None else details_of(file, answer["id"], content)}
