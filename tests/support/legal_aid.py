"""A legal-aid centre in tests: cases it has accepted, and its intake."""

from collections.abc import Mapping
from typing import Any

from tests.support.agency_services import World
from tests.support.casework import a_case

CONTENTS: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "legal": {"case_type": "criminal", "stage": "investigation"},
    "incident": {"types": ["physical"]},
    "preferences": {"staff_gender": "female"},
    "safety": {"band": "R2"},
    "dependants": {"count": 1},
    "documents": {"held": ["identity_card"]},
    "needs": {"needs": ["advice"]},
}
#: Which of them each service asks for, beside her identity.
ASKED: Mapping[str, tuple[str, ...]] = {
    "LEG-01": ("contact", "preferences", "needs"),
    "LEG-02": ("contact", "legal", "incident", "preferences"),
    "LEG-03": ("contact", "safety", "legal", "incident", "preferences"),
    "LEG-04": ("contact", "legal", "dependants", "preferences"),
    "LEG-05": ("contact", "legal", "incident", "preferences"),
    "LEG-07": ("documents", "legal", "incident", "preferences"),
    "LEG-08": ("contact", "legal", "preferences"),
}


async def case(
    mesh: World,
    her: str,
    him: str | None = None,
    *,
    sender: str = "health",
    service: str = "LEG-02",
    **changes: Any,
) -> str:
    """Refer her to legal aid, as far as that it is accepted by a woman, and return the referral's id."""
    contents: dict[str, Any] = {name: CONTENTS[name] for name in ASKED[service]}
    contents["identity"] = {"name": her, "sex": "female"}
    if him is not None:
        contents["perpetrator"] = {"name": him, "relation": "spouse"}
    given = {"accept": {"staff_gender": "female"}, "facts": {"trafficking_status": "possible"}, **changes}
    given.setdefault("preferences", {"staff_gender": "female"})
    return await a_case(mesh, sender, "legal_aid", service, compartments=contents, **given)


async def taken_in(mesh: World, referral_id: str, **changes: Any) -> dict[str, Any]:
    """Take a case, or hand it over; two people decide."""
    body = {"actor": "clerk-1", "second": "clerk-2", "take": True, **changes}
    return await mesh["legal_aid"].done(f"/v1/legal-aid/referrals/{referral_id}/intake", body)


async def taken(mesh: World, her: str, him: str | None = None, **changes: Any) -> str:
    """A case that the centre has taken; the referral's id."""
    referral_id = await case(mesh, her, him, **changes)
    assert (await taken_in(mesh, referral_id))["taken"]
    return referral_id
