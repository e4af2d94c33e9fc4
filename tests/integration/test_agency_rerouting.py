"""Going on to the next agency by itself, over real services on both databases: once, only as she agreed, and seen."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from gateway.adapters.bell import Bell
from gateway.adapters.duties import clocks
from gateway.adapters.outbox import claim
from gateway.adapters.outbox import give_up as give_up_spent
from gateway.adapters.tables import MESSAGES, REFERRALS
from gateway.bootstrap import open_core, open_watch
from shared.agency.tables import REROUTES
from shared.kernel.clock import ManualClock, SystemClock
from shared.referral.blocked import blocked_hash
from shared.storage.engine import open_engine, read
from tests.support.agency_services import (
    CASE,
    KINDS,
    World,
    a_grant,
    a_referral,
    agency_id,
    consented,
    contents,
    gateway_settings,
    keys_of,
    referred,
    shared_databases,
    world,
)

__all__ = ["shared_databases"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEACE_HOUSE, SUN_HOUSE = "peace_house", "sun_house"
IF_DECLINED = {"reroute_if_declined": True}
IF_EXPIRED = {"reroute_if_expired": True}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    tmp_path_factory: pytest.TempPathFactory, shared_databases: Callable[[str], str]
) -> AsyncIterator[World]:
    """A hospital that refers to three shelters."""
    folder, shelters = tmp_path_factory.mktemp("world"), ("social", PEACE_HOUSE, SUN_HOUSE)
    with pytest.MonkeyPatch.context() as patch:
        for kind in shelters:
            patch.setitem(KINDS, kind, KINDS["social"])
        async with world(folder, "health", *shelters, database_url=shared_databases) as made:
            yield made


@pytest.fixture
def mesh(shared: World) -> Iterator[World]:
    yield shared
    shared.wire.mend()


async def agreed(mesh: World, *kinds: str) -> Mapping[str, Any]:
    return await consented(mesh["health"], *[a_grant(kind) for kind in kinds])


async def declined(mesh: World, kind: str, referral_id: str, reason: str = "D07", **data: Any) -> None:
    await mesh[kind].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh[kind].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    await mesh[kind].done(f"/v1/referrals/{referral_id}/decline", {"reason": reason, **data})


async def held_up(mesh: World, referral_id: str) -> None:
    """Let the hospital take in that the shelter declined, and get no further: it cannot look up the consent."""
    await mesh["social"].until(referral_id, lambda seen: seen["state"] == "delivered")
    await mesh["social"].done(f"/v1/referrals/{referral_id}/acknowledge", {})
    mesh.wire.deaf_to = {"/v1/consents"}
    await mesh["social"].done(f"/v1/referrals/{referral_id}/decline", {"reason": "D07"})
    await settled(mesh, referral_id, "waiting")


async def expire(mesh: World) -> None:
    """Let two hours pass at the gateway alone, and its clocks speak."""
    clock = ManualClock(SystemClock().now() + timedelta(hours=2))
    core = open_core(gateway_settings(mesh.folder, mesh.database_url), clock=clock, keys=keys_of("gateway"))
    try:
        assert await open_watch(core, clocks(core.sop), Bell()).look() > 0
    finally:
        core.close()


async def all_taken(mesh: World, kind: str) -> None:
    """Wait until a service has taken what other tests have left for it, such as notices of clocks."""
    async with asyncio.timeout(30):
        while any(
            row["settled_at"] is None and row["recipient"] == agency_id(kind) for row in rows(mesh, "gateway", MESSAGES)
        ):
            await asyncio.sleep(0.05)


async def give_up(mesh: World) -> None:
    """Let a week pass at the gateway alone, and let it look for what may leave for the shelter."""
    clock = ManualClock(SystemClock().now() + timedelta(days=7, minutes=1))
    core = open_core(gateway_settings(mesh.folder, mesh.database_url), clock=clock, keys=keys_of("gateway"))
    try:
        claimed = await core.claims.submit(partial(claim, agency_id=agency_id("social")))
        assert claimed.items == ()
        assert await core.writer.submit(partial(give_up_spent, message_ids=claimed.spent, sop=core.sop))
    finally:
        core.close()


async def settled(mesh: World, referral_id: str, state: str) -> dict[str, Any]:
    """The referral once going on has come to this state."""
    return await mesh["health"].until(
        referral_id, lambda seen: seen["reroute"] is not None and seen["reroute"]["state"] == state
    )


async def arrived(mesh: World, seen: Mapping[str, Any]) -> None:
    """Wait until what went on is at the next agency: sealing and signing it comes before sending it."""
    await mesh[PEACE_HOUSE].until(seen["rerouted_to"], lambda one: one["state"] == "delivered")


async def stopped(mesh: World, referral_id: str) -> tuple[str, str | None]:
    """Why it did not go on, and the words for it."""
    seen = await settled(mesh, referral_id, "stopped")
    assert seen["rerouted_to"] is None
    assert seen["reroute"]["why"]["vi"]
    assert seen["reroute"]["why"]["en"]
    return seen["reroute"]["why"]["code"], seen["reroute"]["refusal"]


def rows(mesh: World, name: str, table: Any) -> list[dict[str, Any]]:
    engine = open_engine(mesh.database_url(name))
    with read(engine) as connection:
        found = [dict(row) for row in connection.execute(table.select()).mappings()]
    engine.dispose()
    return found


def sent(mesh: World, *firsts: str) -> list[dict[str, Any]]:
    """Every referral that the gateway admitted in the chains that began with these, in the order they were written."""
    found = [row for row in rows(mesh, "gateway", REFERRALS) if row["chain_id"] in firsts]
    return sorted(found, key=lambda row: row["referral_id"])


def notice_of(mesh: World, referral_id: str) -> dict[str, Any]:
    """The one notice about a referral."""
    (found,) = [
        row for row in rows(mesh, "gateway", MESSAGES) if (row["kind"], row["referral_id"]) == ("notice", referral_id)
    ]
    return found


async def test_a_declined_referral_goes_on_with_the_same_contents_under_the_same_consent(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE)
    first = await referred(mesh["health"], consent, facts=IF_DECLINED, incident_at="2026-11-20T08:00:00Z")
    await declined(mesh, "social", first)
    seen = await settled(mesh, first, "sent")
    second = seen["rerouted_to"]
    assert (seen["reroute"]["replacement"], seen["reroute"]["next_agency"]) == (second, agency_id(PEACE_HOUSE))
    there = await mesh[PEACE_HOUSE].until(second, lambda one: one["state"] == "delivered")
    assert (there["replaces"], there["chain_id"], there["parent_id"]) == (first, seen["chain_id"], None)
    assert there["incident_at"] == "2026-11-20T08:00:00.000Z"
    assert there["basis"]["consent_id"] == consent["id"]
    await mesh[PEACE_HOUSE].done(f"/v1/referrals/{second}/acknowledge", {})
    await mesh[PEACE_HOUSE].done(f"/v1/referrals/{second}/accept", {"staff_gender": "female"})
    assert contents(await mesh[PEACE_HOUSE].seen(second)) == CASE


@pytest.mark.rule("R-22")
async def test_a_result_she_ticked_for_one_shelter_does_not_go_on_to_the_next(mesh: World) -> None:
    names = [*CASE, "medical"]
    consent = await consented(mesh["health"], *[a_grant(kind, names=names) for kind in ("social", PEACE_HOUSE)])
    ticked = {"actor": "nurse-3", "recipient": agency_id("social"), "kind": "pregnancy"}
    await mesh["health"].done(f"/v1/health/consents/{consent['id']}/ticks", ticked)
    medical = {"triage": "green", "pregnancy": {"consented": True, "pregnant": True}}
    first = await referred(mesh["health"], consent, compartments={**CASE, "medical": medical}, facts=IF_DECLINED)
    await declined(mesh, "social", first)
    second = (await settled(mesh, first, "sent"))["rerouted_to"]
    await mesh[PEACE_HOUSE].until(second, lambda one: one["state"] == "delivered")
    await mesh[PEACE_HOUSE].done(f"/v1/referrals/{second}/acknowledge", {})
    await mesh[PEACE_HOUSE].done(f"/v1/referrals/{second}/accept", {"staff_gender": "female"})
    assert contents(await mesh[PEACE_HOUSE].seen(second))["medical"] == {"triage": "green"}


async def test_an_expired_referral_goes_on_and_only_where_that_was_asked_for(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE)
    asked = await referred(mesh["health"], consent, facts=IF_EXPIRED)
    other = await agreed(mesh, "social", PEACE_HOUSE)
    unasked = await referred(mesh["health"], other, facts=IF_DECLINED)
    await expire(mesh)
    seen = await settled(mesh, asked, "sent")
    assert seen["state"] == "expired"
    quiet = await mesh["health"].until(unasked, lambda one: one["state"] == "expired")
    assert (quiet["reroute"], quiet["rerouted_to"]) == (None, None)
    await arrived(mesh, seen)
    assert [row["replaces"] for row in sent(mesh, asked, unasked) if row["replaces"]] == [asked]


async def test_a_referral_that_was_never_delivered_goes_on(mesh: World) -> None:
    await all_taken(mesh, "social")
    await mesh.stop("social")
    first = await referred(mesh["health"], await agreed(mesh, "social", PEACE_HOUSE), facts=IF_EXPIRED)
    await mesh["health"].until(first, lambda seen: seen["state"] == "sent")
    await give_up(mesh)
    await mesh.start("social")
    seen = await settled(mesh, first, "sent")
    assert seen["state"] == "expired"
    await arrived(mesh, seen)


async def test_whoever_declines_in_a_row_is_never_asked_again_and_the_row_ends(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE, SUN_HOUSE)
    referral_id = first = await referred(mesh["health"], consent, facts=IF_DECLINED)
    for kind in ("social", PEACE_HOUSE):
        await declined(mesh, kind, referral_id)
        referral_id = (await settled(mesh, referral_id, "sent"))["rerouted_to"]
    await declined(mesh, SUN_HOUSE, referral_id)
    assert await stopped(mesh, referral_id) == ("reroute.nobody", None)
    asked = [agency_id(kind) for kind in ("social", PEACE_HOUSE, SUN_HOUSE)]
    assert [row["recipient"] for row in sent(mesh, first)] == asked


@pytest.mark.parametrize("reason", ["D09", "D11", "D04"])
async def test_a_reason_that_holds_everywhere_sends_her_nowhere_else(mesh: World, reason: str) -> None:
    first = await referred(mesh["health"], await agreed(mesh, "social", PEACE_HOUSE), facts=IF_DECLINED)
    await declined(mesh, "social", first, reason)
    assert await stopped(mesh, first) == ("reroute.reason", None)
    assert len(sent(mesh, first)) == 1


async def test_nobody_is_asked_whom_the_consent_does_not_name(mesh: World) -> None:
    narrow = a_grant(PEACE_HOUSE, names=["contact", "safety"])
    consent = await consented(mesh["health"], a_grant("social"), narrow)
    first = await referred(mesh["health"], consent, facts=IF_DECLINED)
    await declined(mesh, "social", first)
    assert await stopped(mesh, first) == ("reroute.nobody", None)


async def test_consent_taken_back_before_it_was_sent_sends_nothing(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE)
    first = await referred(mesh["health"], consent, facts=IF_DECLINED)
    await held_up(mesh, first)
    taken = {"by": "survivor", "recipients": [agency_id(PEACE_HOUSE)]}
    await mesh["health"].done(f"/v1/consents/{consent['id']}/revocations", taken)
    mesh.wire.deaf_to.clear()
    assert await stopped(mesh, first) == ("reroute.consent", None)
    assert len(sent(mesh, first)) == 1


async def test_a_service_that_stops_between_notice_and_sending_goes_on_once_after_its_start(mesh: World) -> None:
    first = await referred(mesh["health"], await agreed(mesh, "social", PEACE_HOUSE), facts=IF_DECLINED)
    await held_up(mesh, first)  # taken in, written down, and no further
    await mesh.stop("health")
    mesh.wire.deaf_to = {"/v1/batches"}
    await mesh.start("health")
    seen = await settled(mesh, first, "sent")  # sealed and signed, and not sent
    await mesh.stop("health")
    mesh.wire.deaf_to = set()
    await mesh.start("health")
    await arrived(mesh, seen)
    assert [row["referral_id"] for row in sent(mesh, first) if row["replaces"] == first] == [seen["rerouted_to"]]
    assert len(sent(mesh, first)) == 2


async def test_a_notice_that_comes_again_and_again_sends_once(mesh: World) -> None:
    first = await referred(mesh["health"], await agreed(mesh, "social", PEACE_HOUSE, SUN_HOUSE), facts=IF_DECLINED)
    await mesh["social"].until(first, lambda seen: seen["state"] == "delivered")
    await mesh["social"].done(f"/v1/referrals/{first}/acknowledge", {})
    mesh.wire.deaf_to.add("/v1/inbox/receipts")  # the gateway never hears that anything arrived
    await mesh["social"].done(f"/v1/referrals/{first}/decline", {"reason": "D07"})
    await arrived(mesh, await settled(mesh, first, "sent"))
    await asyncio.gather(*[mesh.services["health"].client.seen(first) for _ in range(3)])
    await mesh.stop("health")
    await mesh.start("health")
    mesh.wire.deaf_to.clear()
    async with asyncio.timeout(30):
        while not notice_of(mesh, first)["settled_at"]:
            await asyncio.sleep(0.05)
    assert len(sent(mesh, first)) == 2
    chain = {row["referral_id"] for row in sent(mesh, first)}
    assert [row["referral_id"] for row in rows(mesh, "health", REROUTES) if row["referral_id"] in chain] == [first]


async def test_who_is_sent_by_hand_in_its_place_ends_the_waiting_and_no_second_one_follows(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE, SUN_HOUSE)
    first = await referred(mesh["health"], consent, facts=IF_DECLINED)
    await held_up(mesh, first)
    by_hand = a_referral(consent, recipient=agency_id(SUN_HOUSE), replaces=first)
    answer = await mesh["health"].done("/v1/referrals", by_hand)
    assert answer["referral"]["replaces"] == first
    seen = await settled(mesh, first, "stopped")
    assert (seen["reroute"]["why"]["code"], seen["rerouted_to"]) == (
        "reroute.by-hand",
        answer["referral"]["referral_id"],
    )
    again = await mesh["health"].post("/v1/referrals", {**by_hand, "recipient": agency_id(PEACE_HOUSE)})
    assert (again.status_code, again.json()["code"]) == (409, "referral.replaced")
    mesh.wire.deaf_to.clear()
    assert len(sent(mesh, first)) == 2


async def test_what_the_gateway_refuses_is_told_with_its_code_and_leaves_the_place_free(mesh: World) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE, SUN_HOUSE)
    first = await referred(mesh["health"], consent, facts=IF_DECLINED)
    await held_up(mesh, first)
    mesh.wire.deaf_to = {"/v1/batches"}
    seen = await settled(mesh, first, "sent")
    engine = open_engine(mesh.database_url("gateway"))
    with engine.begin() as connection:  # a case that is kept from the next agency since
        hashes = [blocked_hash(seen["chain_id"], seen["reroute"]["next_agency"])]
        connection.execute(REFERRALS.update().where(REFERRALS.c.referral_id == first).values(blocked=hashes))
    engine.dispose()
    mesh.wire.deaf_to = set()
    code, refusal = await stopped(mesh, first)
    assert (code, refusal) == ("reroute.refused", "referral.blocked")
    by_hand = a_referral(consent, recipient=agency_id(SUN_HOUSE), replaces=first)
    assert (await mesh["health"].post("/v1/referrals", by_hand)).status_code == 202


@pytest.mark.parametrize("why", ["of another agency", "of another person", "still open"])
async def test_nothing_stands_in_for_what_is_not_ones_own_to_replace(mesh: World, why: str) -> None:
    consent = await agreed(mesh, "social", PEACE_HOUSE)
    first = await referred(mesh["health"], consent)
    sender, body = mesh["health"], a_referral(consent, recipient=agency_id(PEACE_HOUSE), replaces=first)
    if why == "of another person":
        await declined(mesh, "social", first)
        body["consent_id"] = (await agreed(mesh, PEACE_HOUSE))["id"]
    if why == "of another agency":
        await declined(mesh, "social", first)
        sender = mesh["social"]
    answer = await sender.post("/v1/referrals", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "referral.replaces")
