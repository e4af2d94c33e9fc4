"""Two gateways on one database and one broker: one is killed in the middle of a delivery, and the other carries on."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from gateway.adapters.tables import LEDGER_ENTRIES, MESSAGES
from mesh.programs import command_of, process_environment
from mesh.roster import GATEWAY
from tests.support.agency import Message, a_grant
from tests.support.broker import SingleServer
from tests.support.mesh import HEALTH, PASSPHRASE, SOCIAL, URL, Mesh, keys_of, running_mesh
from tests.support.ports import free_ports
from tests.support.receiver import Behaviour, Receiver, receiving, store_all
from tests.support.rolling import Replica

#: A process starts, a lease runs out, and the broker hands out again: seconds of waiting, no work.
pytestmark = pytest.mark.slow

TIMES = 4
#: A dead gateway's lease lasts five seconds; what it had of the broker is handed out again after that.
CARRIED_ON_WITHIN = 40


async def test_delivery_goes_on_by_the_other_gateway_when_one_is_killed(
    nats_program: str, postgres_url: str, tmp_path: Path
) -> None:
    held = asyncio.Event()
    alone = SingleServer(tmp_path)
    place = (postgres_url, tmp_path)
    async with receiving(_first_held(held)) as receiver:
        with alone.running():
            async with running_mesh(*place, base_urls={SOCIAL: receiver.url}) as entry:
                receiver.agency = entry[SOCIAL]
                consent = await entry[HEALTH].record_consent(a_grant(SOCIAL))
                async with _process(alone, *place) as dying:
                    sent = [await entry[HEALTH].refer(SOCIAL, consent) for _ in range(TIMES)]
                    await receiver.until(lambda it: bool(it.deliveries))
                    through = {**alone.settings(), "delivery_enabled": True}
                    async with running_mesh(*place, secrets=entry.secrets, **through):
                        assert len(receiver.deliveries) == 1  # the second sees that the first has the route
                        assert dying.process is not None
                        dying.process.kill()
                        await dying.process.wait()
                        await receiver.until(lambda it: len(set(it.message_ids)) == TIMES, seconds=CARRIED_ON_WITHIN)
                        await _settled(entry, [one.id for one in sent])
                        held.set()
                assert list(dict.fromkeys(receiver.message_ids)) == [one.id for one in sent]
                entries = [json.loads(row["leaf"]) for row in entry.rows(LEDGER_ENTRIES) if row["kind"] == "delivery"]
    assert Counter(entry["message_id"] for entry in entries) == Counter(one.id for one in sent)


def _first_held(until: asyncio.Event) -> Behaviour:
    """An agency that says nothing to whoever comes first, and stores what comes later."""

    async def behave(receiver: Receiver, items: Sequence[Message]) -> Sequence[str] | int:
        if len(receiver.deliveries) == 1:
            await until.wait()
            return 503
        return await store_all(receiver, items)

    return behave


async def _settled(mesh: Mesh, ids: Sequence[str]) -> None:
    """Wait until the gateways have the receipts of all of them."""
    async with asyncio.timeout(20):
        while {row["message_id"] for row in mesh.rows(MESSAGES) if row["settled_code"] == "stored"} < set(ids):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _process(broker: SingleServer, database_url: str, folder: Path) -> AsyncIterator[Replica]:
    """A gateway in a process of its own that delivers through the broker; it is ready when the block begins."""
    key_file, port, given = folder / "process.key", free_ports(), broker.settings()
    keys_of("gateway").save(key_file, PASSPHRASE)
    environment = process_environment() | {
        "MESH_DATABASE_URL": database_url,
        "MESH_PUBLIC_URL": URL,
        "MESH_KEY_FILE": str(key_file),
        "MESH_KEY_PASSPHRASE": PASSPHRASE,
        "MESH_BROKER": given["broker"],
        "MESH_BROKER_REPLICAS": str(given["broker_replicas"]),
    }
    url = f"http://127.0.0.1:{port}"
    replica = Replica(url, command_of(GATEWAY, host="127.0.0.1", port=port), environment, folder / "process.log")
    await replica.start()
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(base_url=url) as http:
            while not await _is_ready(http):
                await asyncio.sleep(0.05)
        yield replica
    finally:
        await replica.stop()


async def _is_ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).is_success
    except httpx.TransportError:
        return False
