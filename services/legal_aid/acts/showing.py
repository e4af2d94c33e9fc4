"""How a record of legal aid is shown: its plain fields, and its details as long as the case's key is here."""

from dataclasses import asdict
from typing import Any, Final

from shared.agency.ports import Look
from shared.agency.records import Referral
from shared.agency.sector.casefile import CaseFile, file_of
from shared.agency.sector.practice import Practice

#: Where the details of each record are encrypted, before its id.
_CONTENT: Final = "content"


def place_of(record_id: str) -> str:
    """Return the place in her file where the details of a record are encrypted."""
    return f"legal-aid/{record_id}"


def details_of(file: CaseFile, record_id: str, content: bytes) -> dict[str, Any]:
    """Return the details of a record in clear."""
    details: dict[str, Any] = file.unlock(place_of(record_id), content)
    return details


def shown(practice: Practice, look: Look, record: Any) -> dict[str, Any]:
    """Return a record as it is answered: its first field as `id`; details null once the case was sealed off."""
    fields = asdict(record)
    key = next(iter(fields))
    answer = {"id": fields.pop(key), **fields}
    if _CONTENT not in answer:
        return answer
    content = answer.pop(_CONTENT)
    referral = look.get(Referral, record.referral_id)
    file = None if referral is None else file_of(practice.office, referral)
    return {**answer, "details": None if file is None else details_of(file, answer["id"], content)}
