"""A sector's casework in tests: a case that was referred to one agency, as far as a test wants it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from shared.agency.records import Referral
from shared.referral.number import number_of
from tests.support.agency_services import World, a_consent, agency_id

#: Contents for every compartment that a service may ask for; what a service forbids is left out by `a_case`.
ACCOUNT: Mapping[str, Any] = {
    "identity": {"name": "Nguyen Thi Mau", "sex": "female"},
    "contact": {"name_to_use": "M."},
    "safety": {"band": "R3"},
    "incident": {"types": ["physical"]},
    "preferences": {"staff_gender": "female"},
    "needs": {"needs": ["shelter"]},
    "dependants": {"count": 1},
    "demographics": {"age_band": "adult"},
}


async def a_case(
    world: World,
    sender: str,
    recipient: str,
    service_type: str,
    *,
    compartments: Mapping[str, Any],
    until: str = "accept",
    accept: Mapping[str, Any] | None = None,
    **changes: Any,
) -> str:
    """Refer her from one kind of agency to another and return the referral's id.

    `until` is how far it goes: `deliver`, `acknowledge` or `accept`; `accept` are the facts of that step.
    """
    grant = {
        "recipients": [agency_id(recipient)],
        "service_types": [service_type],
        "compartments": list(compartments),
        "onward": False,
    }
    consent = (await world[sender].done("/v1/consents", a_consent(grant)))["consent"]
    request = {
        "service_type": service_type,
        "recipient": agency_id(recipient),
        "consent_id": consent["id"],
        "compartments": compartments,
        **changes,
    }
    referral_id = str((await world[sender].done("/v1/referrals", request))["referral"]["referral_id"])
    await world[recipient].until(referral_id, lambda seen: seen["state"] == "delivered")
    if until in {"acknowledge", "accept"}:
        await world[recipient].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    if until == "accept":
        await world[recipient].done(f"/v1/referrals/{referral_id}/accept", {"actor": "staff-7", **(accept or {})})
    return referral_id


def a_referral(referral_id: str, **changes: Any) -> Referral:
    """A crime report that was received and accepted, as it is kept."""
    referral = Referral(
        referral_id=referral_id,
        box="received",
        chain_id=referral_id,
        parent_id=None,
        sender="health-test",
        recipient="police-test",
        subject="s",
        service_type="POL-03",
        urgency="prompt",
        area="38",
        age_band="adult",
        incident_at=None,
        preferences={},
        facts={},
        basis={},
        consent_id=None,
        phoned_first=False,
        blocked=[],
        sealed=None,
        state="accepted",
        due={},
        next_due_at=None,
        sent_at="2026-11-22T08:00:00.000Z",
        wrapped_key=b"key",
        number=number_of(referral_id),
    )
    return replace(referral, **changes)
