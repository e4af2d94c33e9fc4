"""Two gateways of one process on one PostgreSQL database: what one of them knows, the other acts upon."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pytest

from gateway.adapters import companions
from gateway.adapters.bell import heard_within
from gateway.adapters.tables import LEDGER_ENTRIES
from gateway.web import inbox
from shared.web.rate_limit import RateLimit
from tests.support.agency import Agency, a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh, keys_of
from tests.support.replicas import Beginning

WITHIN = 20
#: So few calls in so long a time that none is allowed anew while a test goes on.
FEW: Final = {"rate_burst": 40, "rate_per_second": 0.001}


def at(mesh: Mesh, agency_id: str, *, token_of: Agency | None = None) -> Agency:
    """An agency as one gateway meets it, with a token that another issued."""
    return mesh[agency_id] if token_of is None else replace(mesh[agency_id], _tokens=token_of._tokens)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that another replica has to be told of."""
    async with asyncio.timeout(WITHIN):
        while not holds():
            await asyncio.sleep(0.01)


def limit_of(mesh: Mesh) -> RateLimit:
    limit = mesh.app.state.callers.limit
    assert isinstance(limit, RateLimit)
    return limit


async def test_token_of_one_is_good_at_the_other_and_its_assertion_is_used_up_at_both(begin: Beginning) -> None:
    first, second = await begin(), await begin()
    await first[HEALTH].token()
    assert (await at(second, HEALTH, token_of=first[HEALTH]).get("/v1/agencies")).status_code == 200
    assertion = first[SOCIAL].assertion()
    assert (await first[SOCIAL].ask_token(client_assertion=assertion)).status_code == 200
    again = await second[SOCIAL].ask_token(client_assertion=assertion)
    assert (again.status_code, again.json()["code"]) == (401, "client.replayed")


async def test_message_posted_to_both_at_once_is_admitted_once(begin: Beginning) -> None:
    first, second = await begin(), await begin()
    consent = await first[HEALTH].record_consent(a_grant(SOCIAL))
    await second[HEALTH].token()
    sent = [first[HEALTH].referral_message(SOCIAL, basis_of(consent), subject=consent["subject"]) for _ in range(8)]
    answers = await asyncio.gather(
        *[
            mesh[HEALTH].post("/v1/referrals", message, hub_shares=shares)
            for message, shares in sent
            for mesh in (first, second)
        ]
    )
    assert {answer.status_code for answer in answers} == {202}
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == len(sent)
    entries = [row for row in first.rows(LEDGER_ENTRIES) if row["kind"] == "referral"]
    assert len(entries) == len(sent)
    waiting = await second[SOCIAL].inbox()
    assert sorted(item["message_id"] for item in waiting) == sorted(message["id"] for message, _ in sent)


async def test_message_admitted_at_one_wakes_a_poll_at_the_other(
    begin: Beginning, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = asyncio.Event()

    async def only_when_rung(heard: asyncio.Event, _seconds: float) -> None:
        waiting.set()
        await heard_within(heard, 30)  # nothing is found by looking again

    monkeypatch.setattr(inbox, "heard_within", only_when_rung)
    first, second = await begin(**FEW), await begin(**FEW)
    consent = await first[HEALTH].record_consent(a_grant(SOCIAL))
    await second[SOCIAL].get("/v1/agencies")
    await until(lambda: limit_of(first).lacking().get(SOCIAL) == 1)  # so the first knows of the second
    poll = asyncio.create_task(second[SOCIAL].inbox(wait=30))
    await asyncio.wait_for(waiting.wait(), WITHIN)
    sent = await first[HEALTH].refer(SOCIAL, consent)
    async with asyncio.timeout(WITHIN):
        assert [item["message_id"] for item in await poll] == [sent.id]


async def test_client_has_one_allowance_over_both(begin: Beginning) -> None:
    first, second = await begin(**FEW), await begin(**FEW)
    for _ in range(30):
        assert (await first[HEALTH].get("/v1/agencies")).status_code == 200
    await until(lambda: limit_of(second).lacking().get(HEALTH) == 30)
    answers = [await second[HEALTH].get("/v1/agencies") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    left = [answer.headers["ratelimit"].split(";")[1] for answer in answers]
    assert left == [f"r={number}" for number in (*range(9, -1, -1), 0)]
    assert int(answers[-1].headers["retry-after"]) > 0
    await until(lambda: limit_of(first).lacking().get(HEALTH) == 40)
    assert (await first[HEALTH].get("/v1/agencies")).status_code == 429
    third = await begin(**FEW)
    await until(lambda: limit_of(third).lacking().get(HEALTH) == 40)


async def test_what_was_spent_before_a_gateway_began_is_charged_to_it_once(
    begin: Beginning, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "REPORT_SECONDS", 1.0)  # the second begins before the first reports
    first = await begin(**FEW)
    for _ in range(10):
        await first[HEALTH].get("/v1/agencies")
    second = await begin(**FEW)
    await until(lambda: limit_of(second).lacking().get(HEALTH) == 10)
    await first[HEALTH].get("/v1/agencies")
    await until(lambda: limit_of(second).lacking().get(HEALTH, 0) > 10)
    assert limit_of(second).lacking()[HEALTH] == 11


async def test_agency_disabled_beside_one_is_refused_at_both_within_a_tick(begin: Beginning) -> None:
    meshes = [await begin(), await begin()]
    for mesh in meshes:
        assert (await mesh[SOCIAL].get("/v1/inbox")).status_code == 200
    meshes[0].provision(lambda desk: desk.disable(SOCIAL))
    for mesh in meshes:
        async with asyncio.timeout(WITHIN):
            while (await mesh[SOCIAL].get("/v1/inbox")).json().get("code") != "agency.disabled":
                await asyncio.sleep(0.02)
        refused = await mesh[SOCIAL].post("/v1/consents", mesh[SOCIAL].consent_message(a_grant(HEALTH)))
        assert (refused.status_code, refused.json()["code"]) == (403, "agency.disabled")


async def test_key_published_at_one_is_known_at_the_other_at_once(begin: Beginning) -> None:
    meshes = [await begin(), await begin()]
    for mesh in meshes:
        await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    old, fresh = keys_of(HEALTH), keys_of("health-th, later")
    meshes[0].provision(lambda desk: desk.publish_keys(HEALTH, fresh.public_jwks()))
    for mesh in meshes:
        by_new = await mesh[HEALTH].post("/v1/consents", mesh[HEALTH].consent_message(a_grant(SOCIAL)), signer=fresh)
        assert by_new.status_code == 201, by_new.text
        by_old = await mesh[HEALTH].post("/v1/consents", mesh[HEALTH].consent_message(a_grant(SOCIAL)), signer=old)
        assert (by_old.status_code, by_old.json()["code"]) == (422, "signature.invalid")


def basis_of(consent: dict[str, object]) -> dict[str, object]:
    return {"kind": "consent", "consent_id": consent["id"]}
