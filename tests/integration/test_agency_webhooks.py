"""Telling partner systems: signed events with ids only, again until they are taken, and no more where nobody is."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.agency.adapters.store import SqlStore
from shared.agency.ports import Desk
from shared.agency.records import UNWANTED, Notification, Webhook
from shared.agency.subscribing import WEBHOOKS_MOST
from shared.agency.webhooks import ATTEMPTS_MOST
from shared.kernel.clock import SystemClock, from_wire, to_wire
from shared.kernel.identifiers import Uuid7Factory
from shared.transport.peer import Peer
from shared.transport.webhooks import Webhooks
from tests.support.agency_services import World, consented, databases, referred, world

__all__ = ["databases"]

CLOCK = SystemClock()

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def empty(tmp_path: Path, databases: Callable[[str], str]) -> AsyncIterator[World]:
    """A mesh in which no partner system wants to be told anything yet."""
    async with world(tmp_path, "health", "social", database_url=databases) as made:
        yield made


def reached_by(take: Any) -> Callable[[str], Peer]:
    return lambda base_url: Peer(base_url, client=httpx.AsyncClient(transport=httpx.MockTransport(take)))


class Listener:
    """A partner system that is told."""

    def __init__(self) -> None:
        self.told: list[httpx.Request] = []
        self.status = 204
        self.headers: dict[str, str] = {}

    def peer(self, base_url: str) -> Peer:
        return reached_by(self.take)(base_url)

    def take(self, request: httpx.Request) -> httpx.Response:
        self.told.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(b""))

    async def until(self, number: int, *, within: float = 30) -> None:
        async with asyncio.timeout(within):
            while len(self.told) < number:
                await asyncio.sleep(0.05)


@pytest.mark.rule("R-07")
async def test_a_partner_system_is_told_in_cloudevents_with_ids_only(empty: World) -> None:
    listener = Listener()
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    made = await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/hooks?a=1", "types": ["referral.sent"]})
    assert made["secret"].startswith("whsec_")
    (listed,) = (await empty["health"].get("/v1/webhooks")).json()["items"]
    assert "secret" not in listed
    referral_id = await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
    request = listener.told[0]
    event = json.loads(request.content)
    assert Webhooks((made["secret"],)).verify(request.content, request.headers, at=CLOCK.now()) == event["id"]
    assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "referral.sent", referral_id)
    assert event["data"] == {"referral_id": referral_id, "state": "sent"}
    assert str(request.url) == "http://127.0.0.1/hooks?a=1"
    assert request.headers["content-type"] == "application/cloudevents+json"


async def test_a_notification_that_is_not_taken_is_repeated_under_the_same_id(empty: World) -> None:
    listener = Listener()
    listener.status = 503
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/hooks"})
    await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
    listener.status = 204
    await listener.until(2)
    first, second = listener.told[:2]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content


async def test_a_receiver_that_is_gone_is_told_nothing_any_more(empty: World) -> None:
    listener = Listener()
    listener.status = 410
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    gone = await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/hooks", "types": ["referral.sent"]})
    await referred(empty["health"], await consented(empty["health"]))
    async with asyncio.timeout(30):
        while (await empty["health"].get("/v1/webhooks")).json()["items"]:
            await asyncio.sleep(0.05)
    await referred(empty["health"], await consented(empty["health"]))
    assert len(listener.told) == 1
    unknown = await empty["health"].get(f"/v1/webhooks/{gone['id']}/failures")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "webhook.unknown")


def store_of(mesh: World) -> SqlStore:
    return SqlStore(mesh.services["health"].settings.database_url.get_secret_value())


async def started(mesh: World, receivers: Mapping[str, Any]) -> None:
    """Start the service anew, with a receiver at each origin."""
    await mesh.stop("health")
    await mesh.start("health", partner=lambda base_url: reached_by(receivers[base_url])(base_url))


async def waiting_for(mesh: World, webhook_id: str, *, number: int) -> None:
    """Let so many notifications wait for a webhook, all due."""
    ids, at = Uuid7Factory(CLOCK), to_wire(CLOCK.now())
    waiting = [
        Notification(notification_id=ids.new(), webhook_id=webhook_id, body="{}", due_at=at) for _ in range(number)
    ]

    def work(desk: Desk) -> None:
        for one in waiting:
            desk.add(one)

    store = store_of(mesh)
    await store.write(work)
    store.close()


async def written_for(mesh: World, webhook_id: str) -> Sequence[Notification]:
    store = store_of(mesh)
    try:
        return await store.read(lambda reading: reading.find(Notification, webhook_id=webhook_id))
    finally:
        store.close()


async def tried_in_vain(mesh: World) -> list[Notification]:
    store = store_of(mesh)
    try:
        waiting = await store.read(lambda reading: reading.waiting_notifications(due_before="9", limit=9))
    finally:
        store.close()
    return [one for one in waiting if one.attempts]


async def test_a_receiver_that_names_a_time_is_not_asked_before(empty: World) -> None:
    listener = Listener()
    listener.status, listener.headers = 503, {"retry-after": "600"}
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/hooks", "types": ["referral.sent"]})
    await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
    async with asyncio.timeout(30):
        while not (waiting := await tried_in_vain(empty)):
            await asyncio.sleep(0.05)
    assert from_wire(waiting[0].due_at) - CLOCK.now() > timedelta(minutes=9)


async def test_what_was_given_up_is_listed_and_tried_again_under_its_id(empty: World) -> None:
    listener = Listener()
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    health = empty["health"]
    webhook = (await health.done("/v1/webhooks", {"url": "http://127.0.0.1/hooks"}))["id"]
    at, event = to_wire(CLOCK.now()), {"type": "referral.sent", "subject": "the referral"}
    lost = Notification(
        notification_id=Uuid7Factory(CLOCK).new(),
        webhook_id=webhook,
        body=json.dumps(event),
        due_at=at,
        attempts=84,
        settled_at=at,
        code="peer.unreachable",
    )
    store = store_of(empty)
    await store.write(lambda desk: desk.add(lost))
    store.close()
    (failure,) = (await health.get(f"/v1/webhooks/{webhook}/failures")).json()["items"]
    assert (failure["id"], failure["code"], failure["attempts"]) == (lost.notification_id, "peer.unreachable", 84)
    replay = await health.post(f"/v1/webhooks/{webhook}/replays", {}, Idempotency_Key="once-more")
    await listener.until(1)
    again = await health.post(f"/v1/webhooks/{webhook}/replays", {}, Idempotency_Key="once-more")
    assert (replay.json(), again.json()) == ({"replayed": 1}, {"replayed": 1})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert listener.told[0].headers["webhook-id"] == lost.notification_id
    assert (await health.get(f"/v1/webhooks/{webhook}/failures")).json()["items"] == []
    assert (await health.http.delete(f"/v1/webhooks/{webhook}")).status_code == 204
    assert (await health.get("/v1/webhooks")).json()["items"] == []


async def test_a_webhook_that_cannot_be_is_refused(empty: World) -> None:
    changes: list[dict[str, Any]] = [
        {"url": "ftp://127.0.0.1"},
        {"url": "http://[x/hooks"},
        {"url": "http://127.0.0.1:99999/hooks"},
        {"url": "http://127.0.0.1:port/hooks"},
        {"url": "http://xn--/hooks"},
        {"url": "http://user:pw@127.0.0.1/"},
        {"types": ["made.up"]},
        {"more": 1},
    ]
    for change in changes:
        response = await empty["health"].post("/v1/webhooks", {"url": "http://127.0.0.1/hooks", **change})
        assert response.status_code == 422, change
        assert len(response.json()["errors"]) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "https://10.0.0.1/hooks",
        "http://192.0.2.1/hooks",
        "https://[fd00:ec2::254]/",
    ],
)
async def test_a_webhook_at_an_address_that_is_not_called_is_refused(empty: World, url: str) -> None:
    response = await empty["health"].post("/v1/webhooks", {"url": url})
    assert (response.status_code, response.json()["code"]) == (403, "webhook.address")
    assert (await empty["health"].get("/v1/webhooks")).json()["items"] == []


async def test_a_webhook_is_judged_again_when_it_is_called(empty: World) -> None:
    health = empty["health"]
    webhook = (await health.done("/v1/webhooks", {"url": "http://127.0.0.1:1/hooks"}))["id"]
    event = json.dumps({"type": "referral.sent", "subject": "the referral"})
    at = to_wire(CLOCK.now())
    await empty.stop("health")

    def work(desk: Desk) -> None:
        known = desk.get(Webhook, webhook)
        assert known is not None
        desk.change(known, url="http://169.254.169.254/latest/meta-data")  # its name stands for something else now
        last = ATTEMPTS_MOST - 1
        desk.add(Notification(notification_id="the last", webhook_id=webhook, body=event, due_at=at, attempts=last))

    store = store_of(empty)
    await store.write(work)
    store.close()
    await empty.start("health")
    async with asyncio.timeout(30):
        while not (failures := (await empty["health"].get(f"/v1/webhooks/{webhook}/failures")).json()["items"]):
            await asyncio.sleep(0.05)
    assert [failure["code"] for failure in failures] == ["webhook.address"]


async def test_a_partner_system_has_so_many_webhooks_and_one_that_ended_does_not_count(empty: World) -> None:
    health, hooks = empty["health"], {"url": "http://127.0.0.1/hooks"}
    made = [await health.done("/v1/webhooks", hooks, Idempotency_Key=f"{n}") for n in range(WEBHOOKS_MOST)]
    one_more = await health.post("/v1/webhooks", hooks)
    assert (one_more.status_code, one_more.json()["code"]) == (409, "webhook.too-many")
    assert await health.done("/v1/webhooks", hooks, Idempotency_Key="0") == made[0]
    assert (await health.http.delete(f"/v1/webhooks/{made[0]['id']}")).status_code == 204
    await health.done("/v1/webhooks", hooks)


async def test_a_deleted_webhook_stays_deleted_though_the_call_that_made_it_is_repeated(empty: World) -> None:
    health, sent = empty["health"], {"url": "http://127.0.0.1/hooks", "types": ["referral.sent"]}
    gone = await health.done("/v1/webhooks", sent, Idempotency_Key="one")
    stays = await health.done("/v1/webhooks", sent, Idempotency_Key="another")
    assert (await health.http.delete(f"/v1/webhooks/{gone['id']}")).status_code == 204
    assert await health.done("/v1/webhooks", sent, Idempotency_Key="one") == gone
    await referred(health, await consented(health))
    assert await written_for(empty, gone["id"]) == []
    assert len(await written_for(empty, stays["id"])) == 1


async def test_what_waits_for_a_webhook_that_was_deleted_is_settled(empty: World) -> None:
    listener = Listener()
    listener.status = 503
    await empty.stop("health")
    await empty.start("health", partner=listener.peer)
    health = empty["health"]
    webhook = (await health.done("/v1/webhooks", {"url": "http://127.0.0.1/hooks", "types": ["referral.sent"]}))["id"]
    await referred(health, await consented(health))
    await listener.until(1)
    assert (await health.http.delete(f"/v1/webhooks/{webhook}")).status_code == 204
    async with asyncio.timeout(30):
        while [one.code for one in await written_for(empty, webhook)] != [UNWANTED]:
            await asyncio.sleep(0.05)


async def test_a_receiver_that_never_answers_delays_nobody_else(empty: World) -> None:
    listener, never = Listener(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        await never.wait()
        return httpx.Response(204)

    await started(empty, {"http://127.0.0.2": hang, "http://127.0.0.1": listener.take})
    slow = (await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.2/", "types": ["note.received"]}))["id"]
    await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/", "types": ["referral.sent"]})
    await waiting_for(empty, slow, number=100)
    await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1, within=10)
    assert len(await tried_in_vain(empty)) == 0  # the slow one has not failed meanwhile either: it is still waited for


async def test_a_notification_that_cannot_be_sent_stops_no_other(empty: World) -> None:
    listener = Listener()

    def fail(request: httpx.Request) -> httpx.Response:
        raise ValueError("a defect")

    await started(empty, {"http://127.0.0.2": fail, "http://127.0.0.1": listener.take})
    bad = (await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.2/", "types": ["note.received"]}))["id"]
    await empty["health"].done("/v1/webhooks", {"url": "http://127.0.0.1/", "types": ["referral.sent"]})
    await waiting_for(empty, bad, number=1)
    async with asyncio.timeout(30):
        while not await tried_in_vain(empty):
            await asyncio.sleep(0.05)
    await referred(empty["health"], await consented(empty["health"]))
    await listener.until(1)
