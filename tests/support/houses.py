"""Safe places in tests: a shelter with beds, and cases that were referred to it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.agency_services import Client, World, a_consent, agency_id
from tests.support.casework import a_case

#: The contents a shelter asks for.
SHELTERED: Mapping[str, Any] = {
    "contact": {"name_to_use": "M."},
    "safety": {"band": "R3"},
    "preferences": {"staff_gender": "female"},
    "dependants": {"count": 1, "ages": [4]},
}
ONE_WOMAN = {"woman": 1, "child": 0, "accessible": 0}
STAFF = "house-7"


async def a_house(
    social: Client, *, code: str = "TL1", kind: str = "shelter", address: str = "-", beds: Mapping[str, int] = ONE_WOMAN
) -> str:
    """Keep a place and return its id."""
    asked = {
        "actor": STAFF,
        "code": code,
        "kind": kind,
        "whereabouts": {"address": address},
        "staff": [STAFF],
        "beds": beds,
    }
    return str((await social.done("/v1/social/places", asked))["id"])


async def sheltered(world: World, **changes: Any) -> str:
    """Refer her from health to the shelter; accepted, unless said otherwise."""
    return await a_case(world, "health", "social", "SOC-01", compartments=SHELTERED, **changes)


async def many_sheltered(world: World, number: int) -> Sequence[str]:
    """Refer as many people under one consent, all accepted; return the referrals' ids."""
    grant = {
        "recipients": [agency_id("social")],
        "service_types": ["SOC-01"],
        "compartments": list(SHELTERED),
        "onward": False,
    }
    consent = (await world["health"].done("/v1/consents", a_consent(grant)))["consent"]
    request = {
        "service_type": "SOC-01",
        "recipient": agency_id("social"),
        "consent_id": consent["id"],
        "compartments": SHELTERED,
    }

    async def one() -> str:
        referral_id = str((await world["health"].done("/v1/referrals", request))["referral"]["referral_id"])
        await world["social"].until(referral_id, lambda seen: seen["state"] == "delivered", query="?compartments=note")
        await world["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
        await world["social"].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7"})
        return referral_id

    return await asyncio.gather(*[one() for _ in range(number)])


def asks(place_id: str, beds: Mapping[str, int] = ONE_WOMAN, **more: Any) -> dict[str, Any]:
    """Return a request for beds."""
    return {"actor": STAFF, "place_id": place_id, "beds": beds, **more}
