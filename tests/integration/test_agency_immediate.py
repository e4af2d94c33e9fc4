"""In immediate danger every answer says on top to phone: the mesh is not a dispatcher (fact sheet section 4.5)."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.agency_services import World, a_grant, a_referral, agency_id, consented, databases, world
from tests.support.casework import ACCOUNT, a_case

__all__ = ["databases"]

AT_ONCE = {"urgency": "immediate", "phoned_first": True}
NUMBERS = ("113", "115")


@pytest.fixture
async def mesh(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    async with world(tmp_path, "health", "social", database_url=databases) as made:
        yield made


def says_phone(referral: Mapping[str, Any]) -> bool:
    """Whether it says so, with the code that notices carry, in both languages."""
    said = referral["instruction"]
    if said is None:
        return False
    assert said["code"] == "call_113_115"
    assert all(number in said[language] for number in NUMBERS for language in ("vi", "en"))
    assert said["vi"] != said["en"]
    return True


async def listed(mesh: World, kind: str, path: str) -> Mapping[str, Any]:
    (one,) = (await mesh[kind].get(path)).json()["items"]
    found: Mapping[str, Any] = one
    return found


async def test_sender_and_recipient_are_told_to_phone_wherever_they_look(mesh: World) -> None:
    consent = await consented(mesh["health"], a_grant("social"))
    answer = await mesh["health"].done("/v1/referrals", a_referral(consent, **AT_ONCE))
    assert says_phone(answer["referral"])
    referral_id = answer["referral"]["referral_id"]
    assert says_phone(await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered"))
    assert says_phone(await mesh["health"].seen(referral_id))
    assert says_phone(await listed(mesh, "health", "/v1/referrals?box=sent"))
    assert says_phone(await listed(mesh, "social", "/v1/referrals?box=received"))
    worklists = (await mesh["social"].get("/v1/social/worklists")).json()["items"]
    (name,) = [one["id"] for one in worklists if "SOC-01" in one["services"]]
    assert says_phone(await listed(mesh, "social", f"/v1/social/worklists/{name}"))
    for step in ("acknowledge", "notes"):
        said = {"text": "..."} if step == "notes" else {}
        assert says_phone((await mesh["social"].done(f"/v1/referrals/{referral_id}/{step}", said))["referral"])


async def test_it_is_said_at_once_even_while_the_gateway_is_away(mesh: World) -> None:
    await mesh.start("health", answer_within=0.05)
    consent = await consented(mesh["health"], a_grant("social"))
    mesh.wire.deaf_to = {"/v1/batches"}
    answer = await mesh["health"].done("/v1/referrals", a_referral(consent, **AT_ONCE))
    assert answer["receipt"] is None
    assert says_phone(answer["referral"])


async def test_it_is_said_neither_of_what_can_wait_nor_once_it_is_over(mesh: World) -> None:
    consent = await consented(mesh["health"], a_grant("social"))
    assert not says_phone((await mesh["health"].done("/v1/referrals", a_referral(consent)))["referral"])
    answer = await mesh["health"].done("/v1/referrals", a_referral(consent, **AT_ONCE))
    path = f"/v1/referrals/{answer['referral']['referral_id']}"
    assert not says_phone((await mesh["health"].done(f"{path}/cancel", {"reason": "need_gone"}))["referral"])
    assert not says_phone(await mesh["health"].seen(answer["referral"]["referral_id"]))
    assert agency_id("social") == answer["referral"]["recipient"]


async def test_high_risk_makes_urgent_what_nobody_set_and_what_somebody_set_too_low_is_refused(mesh: World) -> None:
    contents = {name: ACCOUNT[name] for name in ("contact", "preferences", "needs")}
    facts = {"risk_band": "R3"}
    case = await a_case(mesh, "health", "social", "SOC-04", compartments=contents, until="deliver", facts=facts)
    seen = await mesh["social"].seen(case)
    assert seen["urgency"] == "urgent"
    low = {
        "service_type": "SOC-04",
        "recipient": agency_id("social"),
        "consent_id": seen["basis"]["consent_id"],
        "compartments": contents,
        "facts": facts,
        "urgency": "planned",
    }
    refused = await mesh["health"].post("/v1/referrals", low)
    assert (refused.status_code, refused.json()["code"]) == (403, "sop.precondition")
    assert refused.json()["reasons"][0]["rule"] == "risk-urgent"
