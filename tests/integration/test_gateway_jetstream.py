"""Delivery through NATS JetStream: as it is without, whatever becomes of the broker; and it keeps nothing back."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from gateway.adapters.broker_tables import BROKER_COPIES
from shared.agency.settings import AgencySettings
from shared.transport.parcels import STREAM
from shared.transport.webhooks import new_webhook_secret
from tests.support.agency import Message, Sent, a_grant, to_body
from tests.support.agency_services import CASE, Wire, serving
from tests.support.broker import DIRECT, Broker, SingleServer, connected, leaf_node
from tests.support.mesh import HEALTH, PASSPHRASE, SHELTER_HOUSE, SOCIAL, URL, Mesh, keys_of, running_mesh
from tests.support.receiver import Receiver, receiving

assert DIRECT == SOCIAL


@asynccontextmanager
async def delivering(broker: Broker | SingleServer, url: str, folder: Path, **changes: Any) -> AsyncIterator[Mesh]:
    """A gateway that delivers through the broker; receivers are given by the agency's first name."""
    receivers = {f"{name}-th": changes.pop(name) for name in ("social", "shelter") if name in changes}
    addresses = {agency_id: receiver.url for agency_id, receiver in receivers.items()}
    given = {**broker.settings(), "delivery_enabled": True, **changes}
    async with running_mesh(url, folder, base_urls=addresses, **given) as mesh:
        for agency_id, receiver in receivers.items():
            receiver.agency = mesh[agency_id]
        yield mesh


async def referred(mesh: Mesh, *recipients: str, times: int = 1) -> list[Sent]:
    consent = await mesh[HEALTH].record_consent(a_grant(*recipients))
    return [await mesh[HEALTH].refer(to, consent) for _ in range(times) for to in recipients]


async def settled(mesh: Mesh, sent: Sequence[Sent], state: str = "delivered") -> None:
    """Wait until the sender sees the state of all of them."""
    async with asyncio.timeout(20):
        for one in sent:
            while (await mesh[HEALTH].get(f"/v1/referrals/{one.id}")).json()["state"] != state:
                await asyncio.sleep(0.02)


async def _never(_receiver: Receiver, _items: Sequence[Message]) -> int:
    """An agency that answers with an error."""
    return 503


async def test_delivery_is_in_order_and_leaves_the_broker_empty(
    broker: Broker, database_url: str, tmp_path: Path
) -> None:
    async with receiving() as receiver, delivering(broker, database_url, tmp_path, social=receiver) as mesh:
        sent = await referred(mesh, SOCIAL, times=5)
        await settled(mesh, sent)
        assert receiver.message_ids == [one.id for one in sent]
        await broker.until(0)
        info = await broker.info()
        assert (info.config.num_replicas, info.config.retention) == (3, "workqueue")
        async with asyncio.timeout(30):
            while mesh.rows(BROKER_COPIES):
                await asyncio.sleep(0.02)


async def test_text_is_in_the_broker_only_for_who_takes_it_there_and_never_the_halves(
    broker: Broker, sqlite_url: str, tmp_path: Path
) -> None:
    async with (
        receiving(_never) as shelter,
        delivering(broker, sqlite_url, tmp_path, shelter=shelter, broker_direct={SOCIAL}) as mesh,
    ):
        couriered, direct = await referred(mesh, SHELTER_HOUSE, SOCIAL)
        await broker.until(2)
        found = {one.headers["Mesh-Message"]: one for one in [await broker.js.get_msg(STREAM, n) for n in (1, 2)]}
        assert found[couriered.id].data in {None, b""}
        assert found[direct.id].data == to_body(direct.message)
        assert found[direct.id].subject == f"mesh.deliver.{SOCIAL}"
        told = json.dumps([dict(one.headers) for one in found.values()])
        assert not [share for share in direct.hub_shares.values() if share in told]


async def test_killed_server_loses_doubles_and_misorders_nothing(
    broker: Broker, sqlite_url: str, tmp_path: Path
) -> None:
    async with (
        receiving() as social,
        receiving() as shelter,
        delivering(broker, sqlite_url, tmp_path, social=social, shelter=shelter) as mesh,
    ):
        sent = await referred(mesh, SOCIAL, SHELTER_HOUSE, times=3)
        broker.cluster.kill(await broker.leader())
        sent += await referred(mesh, SOCIAL, SHELTER_HOUSE, times=10)
        await settled(mesh, sent)
        for receiver, agency_id in ((social, SOCIAL), (shelter, SHELTER_HOUSE)):
            first_seen = list(dict.fromkeys(receiver.message_ids))
            assert first_seen == [one.id for one in sent if one.message["recipient"] == agency_id]
        leaves = [json.loads(one["leaf"]) for one in await _ledger(mesh)]
        delivered = [leaf["message_id"] for leaf in leaves if leaf["kind"] == "delivery"]
        assert sorted(delivered) == sorted(one.id for one in sent)
        await broker.until(0)
        await _shows(mesh, "mesh_broker_connected 1.0")
        broker.cluster.kill(next(iter(broker.cluster.processes)))
        await _shows(mesh, "mesh_broker_connected 0.0")


async def test_what_waits_in_the_broker_is_taken_out_when_consent_is_taken_back(
    broker: Broker, sqlite_url: str, tmp_path: Path
) -> None:
    async with delivering(broker, sqlite_url, tmp_path, broker_direct={SOCIAL}) as mesh:
        consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
        sent = await mesh[HEALTH].refer(SOCIAL, consent)
        await broker.until(1)
        await mesh[HEALTH].revoke(consent)
        await broker.until(0)
        claimed = await mesh[SOCIAL].call("POST", "/v1/inbox/claims", json={"message_ids": [sent.id]})
        assert claimed.json() == {"released": [], "settled": [sent.id]}


async def test_disabled_agency_finds_nothing_in_the_broker(broker: Broker, sqlite_url: str, tmp_path: Path) -> None:
    async with delivering(broker, sqlite_url, tmp_path, broker_direct={SOCIAL}) as mesh:
        await referred(mesh, SOCIAL)
        await broker.until(1)
        mesh.provision(lambda desk: desk.disable(SOCIAL))
        await broker.until(0)
        async with asyncio.timeout(30):
            while await broker.js.consumers_info(STREAM) or mesh.rows(BROKER_COPIES):
                await asyncio.sleep(0.02)


async def test_stream_that_is_lost_is_made_again_out_of_the_outbox(
    broker: Broker, sqlite_url: str, tmp_path: Path
) -> None:
    answers = asyncio.Event()

    async def later(receiver: Receiver, items: Sequence[Message]) -> Sequence[str] | int:
        return [receiver.agency.receipt(item) for item in items] if answers.is_set() else 503

    async with receiving(later) as receiver, delivering(broker, sqlite_url, tmp_path, social=receiver) as mesh:
        sent = await referred(mesh, SOCIAL, times=3)
        await broker.until(3)
        await broker.lose()
        await broker.until(3)
        answers.set()
        await settled(mesh, sent)
        assert list(dict.fromkeys(receiver.message_ids)) == [one.id for one in sent]
        await broker.until(0)


@pytest.mark.parametrize("by", ["cluster", "leaf"])
async def test_agency_takes_for_itself_under_its_own_rights(
    broker: Broker, sqlite_url: str, tmp_path: Path, by: str
) -> None:
    async with delivering(broker, sqlite_url, tmp_path, broker_direct={SOCIAL}) as mesh:
        with leaf_node(broker.cluster, tmp_path) if by == "leaf" else nullcontext() as leaf:
            at = {"broker": leaf, "broker_domain": "mesh"} if leaf else broker.settings(SOCIAL)
            async with serving("social", taking(tmp_path, **at), Wire(mesh.app), keys=keys_of(SOCIAL)) as service:
                consent = await mesh[HEALTH].record_consent(a_grant(SOCIAL))
                sent = [await mesh[HEALTH].refer(SOCIAL, consent, plaintexts=CASE) for _ in range(3)]
                await settled(mesh, sent)
                await broker.until(0)
                for one in sent:
                    assert (await service.client.seen(one.id))["state"] == "delivered"
        async with asyncio.timeout(30):
            while mesh.rows(BROKER_COPIES):
                await asyncio.sleep(0.02)


def taking(folder: Path, **changes: Any) -> AgencySettings:
    """An agency service that takes from the broker."""
    return AgencySettings(
        agency_id=SOCIAL,
        database_url=f"sqlite:///{folder / 'social.db'}",
        gateway_url=URL,
        key_file=folder / "social.keys",
        key_passphrase=PASSPHRASE,
        webhook_secret=new_webhook_secret(),
        **changes,
    )


async def test_agency_may_neither_take_nor_hear_what_is_for_another(broker: Broker) -> None:
    refused: list[str] = []

    async def hear(fault: Exception) -> None:
        refused.append(str(fault))

    async with connected(broker.cluster.servers, SOCIAL, hear=hear) as client:
        for subject in (f"_INBOX.{HEALTH}.>", "_INBOX.>", "mesh.deliver.>", "$JS.ACK.>"):
            await client.subscribe(subject)
        for subject in (
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{HEALTH}",
            f"$JS.API.STREAM.MSG.GET.{STREAM}",
            f"$JS.API.STREAM.DELETE.{STREAM}",
            f"$JS.API.CONSUMER.DURABLE.CREATE.{STREAM}.{SOCIAL}",
            f"mesh.deliver.{SOCIAL}",
        ):
            await client.publish(subject, b"{}")
        async with asyncio.timeout(30):
            while len(refused) < 9:
                await asyncio.sleep(0.02)
    assert all("permissions violation" in told.lower() for told in refused)


async def test_without_a_broker_messages_are_admitted_and_wait(
    nats_program: str, sqlite_url: str, tmp_path: Path
) -> None:
    alone = SingleServer(tmp_path)
    async with receiving() as receiver, delivering(alone, sqlite_url, tmp_path, social=receiver) as mesh:
        sent = await referred(mesh, SOCIAL, times=2)
        assert (await mesh.oversight.get("/readyz")).status_code == 200
        assert "mesh_broker_connected 0.0" in (await mesh.oversight.get("/metrics")).text
        assert receiver.message_ids == []
        with alone.running():
            await settled(mesh, sent)
            assert receiver.message_ids == [one.id for one in sent]


async def _shows(mesh: Mesh, gauge: str) -> None:
    """Wait until the gateway shows a gauge with this value: one server of three is connected, and does nothing."""
    async with asyncio.timeout(20):
        while gauge not in (await mesh.oversight.get("/metrics")).text:
            await asyncio.sleep(0.1)


async def _ledger(mesh: Mesh) -> list[Message]:
    items: list[Message] = []
    after: dict[str, str] = {}
    while True:
        page = (await mesh.oversight.get("/v1/ledger/entries", limit=200, **after)).json()
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}
