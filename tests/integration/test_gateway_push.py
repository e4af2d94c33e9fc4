"""Delivery by push: at once, in order, again until settled, and nobody waits for anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shared.kernel.clock import SystemClock
from shared.seal.jws import sign_compact
from shared.transport.webhooks import Webhooks
from tests.support.agency import Message, Sent, a_grant
from tests.support.mesh import HEALTH, LEGAL, SHELTER_HOUSE, SOCIAL, Mesh, enrolment, keys_of, running_mesh
from tests.support.receiver import Behaviour, Receiver, receiving, store_all


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> tuple[str, Path]:
    return database_url, tmp_path


@asynccontextmanager
async def pushing(place: tuple[str, Path], **receivers: Receiver) -> AsyncIterator[Mesh]:
    """A gateway that pushes to these agencies."""
    addresses = {f"{name}-th": receiver.url for name, receiver in receivers.items()}
    async with running_mesh(*place, base_urls=addresses, delivery_enabled=True) as mesh:
        for name, receiver in receivers.items():
            receiver.agency = mesh[f"{name}-th"]
        yield mesh


async def referred(mesh: Mesh, *recipients: str, times: int = 1) -> list[Sent]:
    consent = await mesh[HEALTH].record_consent(a_grant(*recipients))
    return [await mesh[HEALTH].refer(to, consent) for _ in range(times) for to in recipients]


async def settled(mesh: Mesh, sent: Sent, state: str = "delivered") -> None:
    """Wait until the sender sees the state."""
    async with asyncio.timeout(30):
        while (await mesh[HEALTH].get(f"/v1/referrals/{sent.id}")).json()["state"] != state:
            await asyncio.sleep(0.02)


async def test_delivery_is_signed_in_order_and_settled(place: tuple[str, Path]) -> None:
    async with receiving() as receiver, pushing(place, social=receiver) as mesh:
        sent = await referred(mesh, SOCIAL, times=5)
        for one in sent:
            await settled(mesh, one)
        assert receiver.message_ids == [one.id for one in sent]
        webhooks = Webhooks((mesh.secrets[SOCIAL],))
        for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
            webhooks.verify(body, headers, at=SystemClock().now())


async def test_hop_belongs_to_the_senders_trace(place: tuple[str, Path]) -> None:
    async with receiving() as receiver, pushing(place, social=receiver) as mesh:
        (sent,) = await referred(mesh, SOCIAL)
        await receiver.until(lambda it: bool(it.deliveries))
        entries = (await mesh.oversight.get("/v1/ledger/entries", referral_id=sent.id)).json()["items"]
        trace = json.loads(entries[0]["leaf"])["trace_id"]
        assert receiver.headers[0]["traceparent"].split("-")[1] == trace
        assert receiver.deliveries[0][0]["traceparent"].split("-")[1] == trace


async def test_unanswered_delivery_is_repeated_with_the_same_bytes(place: tuple[str, Path]) -> None:
    async with receiving(_fail_first(1)) as receiver, pushing(place, social=receiver) as mesh:
        (sent,) = await referred(mesh, SOCIAL)
        await settled(mesh, sent)
        first, second = (items[0] for items in receiver.deliveries)
        assert (first["attempt"], second["attempt"]) == (1, 2)
        assert (first["body"], first["signature"]) == (second["body"], second["signature"])


async def test_delivery_keeps_its_id_until_it_is_answered(place: tuple[str, Path]) -> None:
    async def at_last(receiver: Receiver, items: Sequence[Message]) -> Sequence[str] | int:
        outcomes: Sequence[Sequence[str] | int] = (503, [], await store_all(receiver, items))
        return outcomes[len(receiver.deliveries) - 1]

    async with receiving(at_last) as receiver, pushing(place, social=receiver) as mesh:
        (sent,) = await referred(mesh, SOCIAL)
        await settled(mesh, sent)
        ids = [headers["webhook-id"] for headers in receiver.headers]
        assert ids[0] == ids[1] != ids[2]


async def test_an_agency_that_is_disabled_gets_nothing_after_the_delivery_that_is_under_way(
    place: tuple[str, Path],
) -> None:
    asked, released = asyncio.Event(), asyncio.Event()

    async def held(receiver: Receiver, items: Sequence[Message]) -> Sequence[str]:
        asked.set()
        await released.wait()
        return await store_all(receiver, items)

    async with (
        receiving(held) as receiver,
        receiving() as other,
        pushing(place, social=receiver, shelter=other) as mesh,
    ):
        (first,) = await referred(mesh, SOCIAL)
        await asyncio.wait_for(asked.wait(), 30)
        await referred(mesh, SOCIAL)
        await asyncio.to_thread(mesh.provision, lambda desk: desk.disable(SOCIAL))
        released.set()
        for _ in range(2):  # a whole look lies between these two
            (sent,) = await referred(mesh, SHELTER_HOUSE)
            await settled(mesh, sent)
        assert receiver.message_ids == [first.id]


async def test_slow_agency_delays_nobody_else(place: tuple[str, Path]) -> None:
    released = asyncio.Event()

    async def slow(receiver: Receiver, items: Sequence[Message]) -> Sequence[str]:
        await released.wait()
        return await store_all(receiver, items)

    async with (
        receiving(slow) as stuck,
        receiving() as quick,
        pushing(place, social=stuck, shelter=quick) as mesh,
    ):
        first, _ = await referred(mesh, SOCIAL, SHELTER_HOUSE)
        await stuck.until(lambda it: bool(it.deliveries))
        others = await referred(mesh, SHELTER_HOUSE, times=3)
        for one in others:
            await settled(mesh, one)
        assert (await mesh[HEALTH].get(f"/v1/referrals/{first.id}")).json()["state"] == "sent"
        released.set()
        await settled(mesh, first)


async def test_rejection_reaches_the_sender(place: tuple[str, Path]) -> None:
    async def reject(receiver: Receiver, items: Sequence[Message]) -> Sequence[str]:
        return [receiver.agency.receipt(item, result="rejected", code="seal.broken") for item in items]

    async with receiving(reject) as receiver, pushing(place, social=receiver) as mesh:
        (sent,) = await referred(mesh, SOCIAL)
        (notice,) = await mesh[HEALTH].inbox(wait=20)
        body = json.loads(notice["body"])
        assert (body["type"], body["referral_id"], body["data"]["code"]) == ("undeliverable", sent.id, "seal.broken")


async def test_item_left_out_of_the_answer_comes_again(place: tuple[str, Path]) -> None:
    async def every_second(receiver: Receiver, items: Sequence[Message]) -> Sequence[str]:
        return [receiver.agency.receipt(item) for item in items if item["attempt"] > 1 or item["seq"] % 2]

    async with receiving(every_second) as receiver, pushing(place, social=receiver) as mesh:
        for one in await referred(mesh, SOCIAL, times=4):
            await settled(mesh, one)
        attempts = {item["message_id"]: item["attempt"] for items in receiver.deliveries for item in items}
        assert set(attempts.values()) == {1, 2}


@pytest.mark.parametrize("answer", ["forged", "garbage", "redirect"])
async def test_answer_that_proves_nothing_settles_nothing(place: tuple[str, Path], answer: str) -> None:
    async def cheat(receiver: Receiver, items: Sequence[Message]) -> Sequence[str] | int:
        if items[0]["attempt"] > 1:
            return await store_all(receiver, items)
        if answer == "redirect":
            return 307
        body = receiver.agency.head("receipt", message_id=items[0]["message_id"])
        return ["a.b.c"] if answer == "garbage" else [sign_compact(json.dumps(body).encode(), keys_of(LEGAL).signing)]

    async with receiving(cheat) as receiver, pushing(place, social=receiver) as mesh:
        (sent,) = await referred(mesh, SOCIAL)
        await settled(mesh, sent)
        assert [items[0]["attempt"] for items in receiver.deliveries] == [1, 2]


async def test_disabled_agency_is_not_pushed_to_until_it_is_back(place: tuple[str, Path]) -> None:
    async with receiving() as receiver, receiving() as other, pushing(place, social=receiver, shelter=other) as mesh:
        first, _ = await referred(mesh, SOCIAL, SHELTER_HOUSE)
        await settled(mesh, first)
        consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
        mesh.provision(lambda desk: desk.disable(SOCIAL))
        await mesh[HEALTH].reported(first, "cancelled")
        (later,) = await referred(mesh, SHELTER_HOUSE)
        await settled(mesh, later)
        assert receiver.message_ids == [first.id]
        mesh.provision(lambda desk: desk.enroll(enrolment(SOCIAL, "social", "SOC-", base_url=receiver.url)))
        await receiver.until(lambda it: len(it.message_ids) == 2)
        sent = await mesh[HEALTH].refer(SOCIAL, consent)
        await settled(mesh, sent)


async def test_gateway_that_stops_gives_its_routes_to_the_next(place: tuple[str, Path]) -> None:
    stuck = asyncio.Event()

    async def once(receiver: Receiver, items: Sequence[Message]) -> Sequence[str]:
        if len(receiver.deliveries) == 1:
            await stuck.wait()
        return await store_all(receiver, items)

    async with receiving(once) as receiver:
        async with pushing(place, social=receiver) as mesh:
            (sent,) = await referred(mesh, SOCIAL)
            await receiver.until(lambda it: bool(it.deliveries))
        async with pushing(place, social=receiver) as mesh:
            await settled(mesh, sent)
        stuck.set()
        assert receiver.message_ids == [sent.id, sent.id]


def _fail_first(times: int) -> Behaviour:
    async def behave(receiver: Receiver, items: Sequence[Message]) -> Sequence[str] | int:
        return 503 if len(receiver.deliveries) <= times else await store_all(receiver, items)

    return behave
