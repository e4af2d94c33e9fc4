"""Consent ends with time: halves destroyed, what nobody accepted expires, and assertions are forgotten."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL, make_url

from gateway.adapters.bell import Bell
from gateway.adapters.housekeeping import Housekeeping
from gateway.adapters.refused_messages import REFUSED_MESSAGES
from gateway.adapters.tables import REFERRALS, USED_ASSERTIONS
from gateway.bootstrap import open_core
from shared.telemetry.tracing import Telemetry
from shared.wire.messages import parse_notice
from tests.support.agency import Sent, a_grant
from tests.support.mesh import HEALTH, SOCIAL, Mesh, keys_of


@asynccontextmanager
async def housekeeping(mesh: Mesh) -> AsyncIterator[Housekeeping]:
    """A second process that tidies up the same database."""
    core = open_core(mesh.settings, clock=mesh.clock, keys=keys_of("gateway"))
    try:
        yield Housekeeping(
            core.engine, writer=core.writer, clock=core.clock, telemetry=Telemetry("gateway"), bell=Bell()
        )
    finally:
        core.close()


async def referred(mesh: Mesh) -> Sent:
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    return await mesh[HEALTH].refer(SOCIAL, consent)


def halves(mesh: Mesh) -> dict[str, tuple[str, bool]]:
    (row,) = mesh.rows(REFERRALS)
    return {name: (half[1], half[2] is not None) for name, half in row["halves"].items()}


async def swept(mesh: Mesh) -> None:
    async with housekeeping(mesh) as keeper:
        await keeper.sweep()


async def notices(mesh: Mesh, agency: str) -> list[tuple[str, object]]:
    items = [item for item in await mesh[agency].take_in() if item["kind"] == "notice"]
    for item in items:
        parse_notice(item["body"].encode())
    return [(body["type"], body["data"]["state"]) for body in (json.loads(item["body"]) for item in items)]


async def test_referral_nobody_accepted_expires_with_its_consent(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    mesh.advance(timedelta(days=31))
    await swept(mesh)
    assert {has_share for _, has_share in halves(mesh).values()} == {False}
    seen = (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()
    assert seen["state"] == "expired"
    assert {"expiry", "expired"} <= {entry["type"] for entry in seen["history"]}
    assert await notices(mesh, HEALTH) == [("expired", "expired")]
    assert await notices(mesh, SOCIAL) == [("expired", "expired")]


async def test_referral_that_never_left_is_stopped_quietly(mesh: Mesh) -> None:
    await referred(mesh)
    mesh.advance(timedelta(days=31))
    await swept(mesh)
    assert await mesh[SOCIAL].inbox() == []
    assert await notices(mesh, HEALTH) == [("expired", "expired")]


async def test_accepted_referral_keeps_its_state_and_loses_its_halves(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].take_in()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    assert (await mesh[SOCIAL].open(sent, "contact")).json()["shares"].keys() == {"contact"}
    await mesh[HEALTH].take_in()
    mesh.advance(timedelta(days=31))
    assert (await mesh[SOCIAL].open(sent, "identity")).json()["refused"] == {"identity": "consent.expired"}
    await swept(mesh)
    assert halves(mesh)["identity"] == ("destroyed", False)
    assert halves(mesh)["contact"] == ("opened", False)
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "accepted"
    assert await notices(mesh, HEALTH) == [("expired", "accepted")]
    assert await notices(mesh, SOCIAL) == []


async def test_second_sweep_finds_nothing_left_to_do(mesh: Mesh) -> None:
    await referred(mesh)
    mesh.advance(timedelta(days=31))
    await swept(mesh)
    size = len(mesh.rows(REFERRALS)), (await mesh.oversight.http.get("/ledger/checkpoint")).text
    await swept(mesh)
    assert size == (len(mesh.rows(REFERRALS)), (await mesh.oversight.http.get("/ledger/checkpoint")).text)


async def test_consent_that_lives_is_left_alone(mesh: Mesh) -> None:
    await referred(mesh)
    mesh.advance(timedelta(days=29))
    await swept(mesh)
    assert {has_share for _, has_share in halves(mesh).values()} == {True}


async def test_used_assertion_is_forgotten_when_nobody_could_replay_it(mesh: Mesh) -> None:
    await mesh[HEALTH].token()
    assert len(mesh.rows(USED_ASSERTIONS)) == 1
    await swept(mesh)
    assert len(mesh.rows(USED_ASSERTIONS)) == 1
    mesh.advance(timedelta(minutes=7))
    await swept(mesh)
    assert mesh.rows(USED_ASSERTIONS) == []


async def test_refusal_is_forgotten_when_its_message_would_be_too_old(mesh: Mesh) -> None:
    sent = await referred(mesh)
    assert (await mesh[SOCIAL].report(sent, "accepted")).status_code == 409
    mesh.advance(timedelta(days=7))
    await swept(mesh)
    assert len(mesh.rows(REFUSED_MESSAGES)) == 1
    mesh.advance(timedelta(minutes=11))
    await swept(mesh)
    assert mesh.rows(REFUSED_MESSAGES) == []


async def test_lost_receipt_ends_nothing_that_was_accepted(mesh: Mesh) -> None:
    sent = await referred(mesh)
    await mesh[SOCIAL].inbox()
    await mesh[SOCIAL].reported(sent, "acknowledged", "accepted")
    mesh.advance(timedelta(days=8))
    assert [item["kind"] for item in await mesh[SOCIAL].inbox() if item["kind"] == "referral"] == []
    assert (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] == "accepted"
    assert any(half[2] for row in mesh.rows(REFERRALS) for half in row["halves"].values())


async def test_half_that_was_destroyed_is_in_no_file_of_the_gateway_after_the_next_sweep(mesh: Mesh) -> None:
    url = make_url(mesh.settings.database_url)
    if url.get_backend_name() != "sqlite":
        return  # PostgreSQL keeps dead rows until it vacuums (docs/explanation/privacy.md)
    consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
    sent = await mesh[HEALTH].refer(SOCIAL, consent)
    assert sent.hub_shares["identity"].encode() in files_of(url)
    await mesh[HEALTH].revoke(consent)
    await swept(mesh)
    kept = files_of(url)
    assert sent.id.encode() in kept
    assert [name for name, share in sent.hub_shares.items() if share.encode() in kept] == []


def files_of(url: URL) -> bytes:
    database = Path(str(url.database))
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
