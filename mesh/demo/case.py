"""The person of the story and what she agreed to. She is invented; nothing here is about anybody."""

from collections.abc import Mapping
from typing import Any, Final

POLICE: Final = "police-thanh-hoa"
HEALTH: Final = "health-thanh-hoa"
LEGAL_AID: Final = "legal-aid-thanh-hoa"
SOCIAL: Final = "social-thanh-hoa"

FEMALE_STAFF: Final[Mapping[str, Any]] = {"staff_gender": "female", "language": "vi"}

COMPARTMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "identity": {"name": "Nguyễn Thị Mẫu", "year_of_birth": 1994, "sex": "female", "nationality": "VN"},
    "contact": {
        "name_to_use": "Chị Mẫu",
        "phone": "0900 000 000",
        "code_word": "hoa sen",
        "safe_hours": "09:00-11:00",
        "may_leave_message": False,
    },
    "safety": {"tool": "danger_assessment", "band": "R3", "escalating": True, "perpetrator_whereabouts": "same_home"},
    "dependants": {"count": 1, "ages": [4]},
    "preferences": {"staff_gender": "female", "language": "vi", "private_room": True},
    "medical": {"first_line_support": True, "summary": "Post-rape care begun; second visit within the week."},
    "incident": {"type": "sexual", "relation": "spouse", "repeated": True, "place_type": "home"},
    "legal": {"case_type": "criminal", "stage": "report", "matter": "She wants a lawyer beside her."},
    "perpetrator": {"name": "Trần Văn Mẫu", "relation": "spouse", "whereabouts": "same_home"},
}

SHELTER_DATA: Final = ("contact", "safety", "dependants", "preferences", "identity", "medical")
LAWYER_DATA: Final = ("identity", "contact", "legal", "incident", "preferences")
ORDER_DATA: Final = ("identity", "contact", "safety", "incident", "perpetrator", "preferences")


def compartments(names: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """Return these parts of her case, in clear."""
    return {name: COMPARTMENTS[name] for name in names}


def her_consent() -> dict[str, Any]:
    """Return what she agreed to at the hospital; medical facts she keeps to herself."""
    return {
        "grantor": "self",
        "form": "written_signature",
        "language": "vi",
        "subject_details": {"reference": "demo"},
        "grants": [
            grant(SOCIAL, "SOC-01", SHELTER_DATA, onward=True),
            grant(LEGAL_AID, "LEG-02", (*LAWYER_DATA, "safety"), onward=False),
            grant(POLICE, "POL-04", ORDER_DATA, onward=False),
        ],
        "withheld": [{"compartment": "medical", "reason": "survivor_wish"}],
    }


def narrower_consent(consent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the shelter passes on of it: the lawyer alone, and no more than a lawyer needs."""
    return {
        "grantor": "self",
        "form": "written_signature",
        "language": "vi",
        "derived_from": consent["id"],
        "valid_to": consent["valid_to"],
        "grants": [grant(LEGAL_AID, "LEG-02", LAWYER_DATA, onward=False)],
    }


def grant(recipient: str, service_type: str, names: tuple[str, ...], *, onward: bool) -> dict[str, Any]:
    """Return one line of a consent."""
    return {
        "recipients": [recipient],
        "service_types": [service_type],
        "compartments": list(names),
        "onward": onward,
    }
