"""Signed messages as plain dictionaries, as the wire contract, sections 1 and 3, names things."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.outside.keys import Json

SOP = "vn-ces-2026.1"
CONTENTS: dict[str, Json] = {
    "identity": {"name": "Lò Thị Mẫu", "date_of_birth": "1994-03-02", "personal_id_number": "038194000001"},
    "contact": {"phone": "+84 900 000 001", "safe_hours": ["09:00-11:00"], "code_word": "hoa sen", "commune": "14845"},
    "demographics": {"age_band": "adult", "language": "vi"},
    "safety": {"tool": "lap", "band": "R3", "weapons": True},
    "incident": {"type": "sexual_violence", "relation": "spouse", "injuries": True},
    "medical": {"summary": "seen at triage"},
    "needs": {"needs": ["bed for two nights"]},
    "dependants": {"count": 1, "ages": [4]},
    "legal": {"case_number": "38/2026", "case_type": "civil"},
    "preferences": {"staff_gender": "female", "language": "vi"},
    "perpetrator": {"name": "Vi Văn Mẫu"},
    "documents": {"held": ["identity_card"]},
}


def new_id() -> str:
    """A UUIDv7 (RFC 9562 section 5.7)."""
    raw = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = 0x70 | raw[6] & 0x0F
    raw[8] = 0x80 | raw[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(raw)))


def now() -> datetime:
    return datetime.now(UTC)


def wire_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_(**delta: float) -> str:
    """The time `delta` from now, on the wire."""
    return wire_time(now() + timedelta(**delta))


def new_subject() -> str:
    return uuid.uuid4().hex


def head(kind: str, sender: str, recipient: str | None = None) -> Json:
    message = {"v": 1, "kind": kind, "id": new_id(), "sender": sender, "sent_at": in_()}
    return message if recipient is None else {**message, "recipient": recipient}


def grant(recipients: list[str], services: list[str], compartments: list[str], *, onward: bool = False) -> Json:
    return {"recipients": recipients, "service_types": services, "compartments": compartments, "onward": onward}


def consent(sender: str, subject: str, grants: list[Json], **over: Any) -> Json:
    return {
        **head("consent", sender),
        "subject": subject,
        "recorded_at": in_(minutes=-5),
        "valid_from": in_(minutes=-5),
        "valid_to": in_(days=30),
        "grantor": "self",
        "form": "written_signature",
        "language": "vi",
        "interpreter": False,
        "witnessed": True,
        "information_version": "2026-11",
        "evidence_sha256": "ab" * 32,
        "purposes": ["service"],
        "grants": grants,
        "withheld": [],
        "derived_from": None,
        **over,
    }


def revocation(sender: str, consent_id: str, **over: Any) -> Json:
    return {
        **head("revocation", sender),
        "consent_id": consent_id,
        "recipients": None,
        "compartments": None,
        "by": "survivor",
        **over,
    }


def referral(sender: str, recipient: str, **over: Any) -> Json:
    """A first referral of a case, still without `sealed` and `compartments`."""
    start = head("referral", sender, recipient)
    return {
        **start,
        "sop": SOP,
        "referral_id": start["id"],
        "chain_id": start["id"],
        "parent_id": None,
        "subject": new_subject(),
        "service_type": "SOC-01",
        "urgency": "urgent",
        "incident_at": None,
        "area": "38",
        "age_band": "adult",
        "preferences": {"staff_gender": "any", "language": "vi", "interpreter": False, "accompanied": False},
        "facts": {},
        "phoned_first": False,
        "blocked": [],
        **over,
    }


def event(sender: str, recipient: str, type_: str, **data: Any) -> Json:
    return {**head("event", sender, recipient), "type": type_, "at": in_(), "actor": "staff-7", "data": data}


def opening(sender: str, compartments: list[str], *, actor: str = "staff-7") -> Json:
    return {**head("opening", sender), "compartments": compartments, "actor": actor, "reason": "prepare_first_contact"}


def receipt(sender: str, message_id: str, sha256: str, *, result: str = "stored", code: str | None = None) -> Json:
    return {
        **head("receipt", sender, "gateway"),
        "message_id": message_id,
        "sha256": sha256,
        "received_at": in_(),
        "result": result,
        "code": code,
    }
