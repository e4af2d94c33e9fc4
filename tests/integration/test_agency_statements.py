"""She tells her story once, between agency services: warned, asked for, sent on by the holder under her consent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.bootstrap import open_provisioning
from gateway.domain.agency import AgencyEnrolment
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.sop.loader import load_sop
from tests.support.agency import Agency
from tests.support.agency_services import (
    CANARY,
    GATEWAY_URL,
    REASON,
    Client,
    World,
    a_consent,
    agency_id,
    contents,
    databases,
    gateway_settings,
    keys_of,
    world,
)

__all__ = ["databases"]

PROVINCE = "police-province"
STORY: Mapping[str, Any] = {
    "identity": {"name": CANARY},
    "contact": {"name_to_use": CANARY},
    "preferences": {"staff_gender": "any"},
    "incident": {"summary": f"What {CANARY} told."},
}


@pytest.fixture
async def mesh(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    async with world(tmp_path, "social", "police", database_url=databases) as made:
        yield made


@pytest.fixture
async def province(mesh: World) -> AsyncIterator[Agency]:
    """Police of the province, which speak to the gateway themselves."""
    directory = open_provisioning(gateway_settings(mesh.folder, mesh.database_url), keys=keys_of("gateway"))
    try:
        directory.enroll(
            AgencyEnrolment(
                id=PROVINCE,
                name_vi="Công an tỉnh",
                name_en="Police of the province",
                sectors=frozenset({"police"}),
                areas=frozenset({"38"}),
                services=frozenset({"POL-03", "POL-06"}),
                jwks=keys_of(PROVINCE).public_jwks(),
            )
        )
    finally:
        directory.close()
    clock = SystemClock()
    transport = httpx.ASGITransport(app=mesh.gateway)
    async with httpx.AsyncClient(transport=transport, base_url=GATEWAY_URL) as http:
        yield Agency(PROVINCE, keys_of(PROVINCE), http, clock, Uuid7Factory(clock), load_sop(), {})


async def agreed(social: Client) -> dict[str, Any]:
    police = {"recipients": [agency_id("police")], "service_types": ["POL-06", "POL-03"], "onward": True}
    province = {"recipients": [PROVINCE], "service_types": ["POL-03"], "onward": False}
    grants = [{**one, "compartments": list(STORY)} for one in (police, province)]
    consent: dict[str, Any] = (await social.done("/v1/consents", a_consent(*grants)))["consent"]
    return consent


def about(consent: Mapping[str, Any], service: str, recipient: str, **changes: Any) -> dict[str, Any]:
    facts = {"needs_check_done": True}
    given = {"service_type": service, "recipient": recipient, "consent_id": consent["id"], "facts": facts}
    return {**given, "urgency": "prompt", "compartments": STORY, **changes}


async def told(mesh: World, consent: Mapping[str, Any]) -> str:
    """The police of the commune took her statement."""
    sent = await mesh["social"].done("/v1/referrals", about(consent, "POL-06", agency_id("police")))
    referral_id: str = sent["referral"]["referral_id"]
    await mesh["police"].until(referral_id, lambda seen: seen["state"] == "delivered")
    for verb in ("acknowledge", "accept", "start"):
        await mesh["police"].done(f"/v1/referrals/{referral_id}/{verb}", {"actor": "officer-1"})
    await mesh["police"].done(f"/v1/referrals/{referral_id}/complete", {"outcome": "statement_taken"})
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "completed")
    return referral_id


async def test_the_sender_and_the_recipient_are_warned_in_both_languages(mesh: World) -> None:
    consent = await agreed(mesh["social"])
    first = await told(mesh, consent)
    request = about(consent, "POL-03", agency_id("police"), parent_id=first)
    again = (await mesh["social"].done("/v1/referrals", request))["referral"]
    assert again["statements"] == {"taken": True, "count": 1}
    assert {"code", "vi", "en"} <= again["warning"].keys()
    referral_id = again["referral_id"]
    await mesh["police"].until(referral_id, lambda seen: seen["state"] == "delivered")
    answer = (await mesh["police"].done(f"/v1/referrals/{referral_id}/acknowledge", {}))["referral"]
    for seen in (answer, await mesh["police"].seen(referral_id), await mesh["social"].seen(referral_id)):
        assert (seen["statements"]["count"], seen["warning"]["code"]) == (1, "statement.exists")
    none = await mesh["police"].post(f"/v1/referrals/{referral_id}/request-statement", {"actor": "officer-1"})
    assert (none.status_code, none.json()["code"]) == (409, "statement.none"), "it holds the only one itself"


async def test_the_holder_is_told_and_sends_on_what_it_holds(mesh: World, province: Agency) -> None:
    social, police = mesh["social"], mesh["police"]
    consent = await agreed(social)
    first = await told(mesh, consent)
    request = about(consent, "POL-03", PROVINCE, parent_id=first)
    again = (await social.done("/v1/referrals", request))["referral"]["referral_id"]
    asked = await province.call("POST", f"/v1/referrals/{again}/statement-requests", json={"actor": "officer-9"})
    assert asked.status_code == 202, asked.text
    seen = await police.until(first, lambda one: any(e["type"] == "statement_requested" for e in one["history"]))
    (notice,) = [one for one in seen["history"] if one["type"] == "statement_requested"]
    assert (notice["by"], notice["actor"]) == ("gateway", None)
    assert notice["data"]["agency"] == PROVINCE
    assert notice["data"]["compartments"] == ["incident"]
    facts = {"needs_check_done": True, "statement_request": notice["data"]["request_id"]}
    onward = about(consent, "POL-03", notice["data"]["agency"], facts=facts)
    sent = await police.done(f"/v1/referrals/{first}/onward", onward)
    assert "incident" in sent["sent"]
    async with asyncio.timeout(30):
        while not (items := [one for one in await province.inbox() if one["kind"] == "referral"][1:]):
            await asyncio.sleep(0.02)
    (item,) = items
    share = item["hub_shares"]["incident"]
    assert province.unseal(item, "incident", share) == STORY["incident"]


async def test_a_caseworker_asks_for_it_through_her_own_service(mesh: World, province: Agency) -> None:
    """The other way round: the province took it, the commune's police would ask again."""
    social, police = mesh["social"], mesh["police"]
    grants = [
        {"recipients": [PROVINCE], "service_types": ["POL-06"], "compartments": list(STORY), "onward": True},
        {
            "recipients": [agency_id("police")],
            "service_types": ["POL-03"],
            "compartments": list(STORY),
            "onward": False,
        },
    ]
    consent = (await social.done("/v1/consents", a_consent(*grants)))["consent"]
    first = (await social.done("/v1/referrals", about(consent, "POL-06", PROVINCE)))["referral"]["referral_id"]
    await province.take_in()
    steps: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in ("acknowledged", "accepted", "started")]
    for name, data in [*steps, ("completed", {"outcome": "statement_taken"})]:
        facts = {"recipient": agency_id("social"), "referral_id": first, "type": name, "actor": "officer-9"}
        at = province.head("event")["sent_at"]
        event = province.head("event", at=at, data=data, **facts)
        assert (await province.post(f"/v1/referrals/{first}/events", event)).status_code == 202
    request = about(consent, "POL-03", agency_id("police"), parent_id=first)
    again = (await social.done("/v1/referrals", request))["referral"]["referral_id"]
    await police.until(again, lambda seen: seen["state"] == "delivered")
    asked = await police.done(f"/v1/referrals/{again}/request-statement", {"actor": "officer-1"})
    assert (asked["referral_id"], asked["compartments"]) == (again, ["incident"])
    assert PROVINCE not in str(asked)
    await police.done(f"/v1/referrals/{again}/declare-conflict", {"actor": "officer-1"})
    hidden = await police.post(f"/v1/referrals/{again}/request-statement", {"actor": "officer-1"})
    assert (hidden.status_code, hidden.json()["code"]) == (404, "referral.unknown")
    assert contents((await police.http.get(f"/v1/referrals/{again}", headers=REASON)).json())
