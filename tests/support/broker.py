"""A throw-away NATS cluster of three servers for the tests, under the rights that `deploy/nats` gives out.

Where the program is missing the tests that need it are skipped aloud; where CI is set that is an error.
"""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.transport.parcels import STREAM
from tests.support.checkout import ROOT
from tests.support.no_skips import is_ci
from tests.support.ports import free_ports

MISSING = "nats-server is not installed here (Debian: apt-get install nats-server)"
CONFIGURATION = ROOT / "deploy/nats"
#: The agency that takes for itself, in the place of the example's.
DIRECT, EXAMPLE = "social-th", "health-thanh-hoa"
PASSWORDS = {"gateway": "gateway-invented", DIRECT: "agency-invented", "admin": "admin-invented"}
_ENVIRONMENT = {
    "NATS_GATEWAY_PASSWORD": PASSWORDS["gateway"],
    "NATS_HEALTH_PASSWORD": PASSWORDS[DIRECT],
    "NATS_STORE_KEY": "an-invented-key-of-the-store",
}
_ADMIN = "users = [\n    { user: admin, password: " + PASSWORDS["admin"] + " }\n"


@dataclass
class Cluster:
    """Three servers, by number, and how to reach them."""

    folder: Path
    first_port: int
    processes: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def servers(self) -> str:
        """Their addresses, as `MESH_BROKER` takes them."""
        return ",".join(f"nats://127.0.0.1:{self.first_port + number}" for number in range(3))

    def leaf_port(self, number: int) -> int:
        """Where leaf nodes come in at one of them."""
        return self.first_port + 6 + number

    def start(self, number: int) -> None:
        """Start one of them, with what it kept."""
        config = self.folder / f"nats-{number + 1}.conf"
        config.write_text(self._node(number))
        self.processes[number] = run(config)

    def kill(self, number: int) -> None:
        """Kill one of them without a word."""
        process = self.processes.pop(number)
        process.kill()
        process.wait()

    def _node(self, number: int) -> str:
        """The example's configuration of a node, on this machine's ports."""
        text = (CONFIGURATION / "node.conf").read_text()
        port = self.first_port + number
        for old, new in (
            ("server_name: nats-1", f"server_name: nats-{number + 1}"),
            ("0.0.0.0:4222", f"127.0.0.1:{port}"),
            ("0.0.0.0:6222", f"127.0.0.1:{port + 3}"),
            ("0.0.0.0:7422", f"127.0.0.1:{port + 6}"),
            ("/data", str(self.folder / f"store-{number + 1}")),
        ):
            assert old in text
            text = text.replace(old, new)
        return re.sub(r"nats://nats-(\d):6222", lambda m: f"nats://127.0.0.1:{self.first_port + 2 + int(m[1])}", text)


def run(config: Path) -> subprocess.Popen[bytes]:
    """Start a server; what it says goes into a file beside its configuration."""
    with config.with_suffix(".log").open("ab") as log:
        return subprocess.Popen(
            ["nats-server", "-c", str(config)], env={**os.environ, **_ENVIRONMENT}, stdout=log, stderr=log
        )


@pytest.fixture(scope="session")
def nats_program() -> str:
    """The server, where it is installed."""
    program = shutil.which("nats-server")
    if program is None:
        (pytest.fail if is_ci(os.environ) else pytest.skip)(MISSING)
    return program


@pytest.fixture(scope="session")
def nats_servers(nats_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three servers for the session."""
    folder = tmp_path_factory.mktemp("nats")
    rights = (CONFIGURATION / "authorization.conf").read_text().replace(EXAMPLE, DIRECT)
    (folder / "authorization.conf").write_text(rights.replace("users = [\n", _ADMIN, 1))
    cluster = Cluster(folder, free_ports(9))
    try:
        for number in range(3):
            cluster.start(number)
        yield cluster
    finally:
        for process in cluster.processes.values():
            process.kill()
            process.wait()


async def _unheard(fault: Exception) -> None:
    """What a client hears of servers that are down is no news."""


@asynccontextmanager
async def connected(
    servers: str, user: str, *, hear: Callable[[Exception], Awaitable[None]] = _unheard
) -> AsyncIterator[Client]:
    """A client of the broker from outside the code under test."""
    client = await nats.connect(
        servers.split(","),
        user=user,
        password=PASSWORDS[user],
        inbox_prefix=f"_INBOX.{user}",
        error_cb=hear,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.1,
    )
    try:
        yield client
    finally:
        await client.close()


@dataclass
class Broker:
    """The cluster with nothing in it, and an administrator's view of it."""

    cluster: Cluster
    js: JetStreamContext

    def settings(self, user: str = "gateway") -> dict[str, Any]:
        """What a deployable is told of it."""
        return {"broker": self.cluster.servers, "broker_user": user, "broker_password": PASSWORDS[user]}

    async def info(self) -> Any:
        """What the stream holds."""
        return await self.js.stream_info(STREAM)

    async def until(self, messages: int, *, seconds: float = 20) -> None:
        """Wait until the stream holds so many messages."""
        async with asyncio.timeout(seconds):
            while await self.held() != messages:
                await asyncio.sleep(0.02)

    async def held(self) -> int | None:
        """How many messages the stream holds; None where there is no stream, or it is not known now."""
        try:
            return int((await self.info()).state.messages)
        except (NatsError, TimeoutError):
            return None

    async def leader(self) -> int:
        """The number of the server that leads the stream, once there is one and it is known."""
        async with asyncio.timeout(30):
            while (leading := await self._leading()) is None:
                await asyncio.sleep(0.05)
        return int(leading.removeprefix("nats-")) - 1

    async def _leading(self) -> str | None:
        try:
            leading: str | None = (await self.info()).cluster.leader
        except (NatsError, TimeoutError):
            return None
        return leading

    async def lose(self) -> None:
        """Lose the whole stream."""
        try:
            await self.js.delete_stream(STREAM)
        except NotFoundError:
            return

    async def formed(self) -> None:
        """Wait until all three are there and have a leader."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await self.js.account_info()
                    await self.lose()
                except (NatsError, TimeoutError):
                    await asyncio.sleep(0.05)
                else:
                    return


@pytest.fixture
async def broker(nats_servers: Cluster) -> AsyncIterator[Broker]:
    """The cluster with nothing in it."""
    for number in set(range(3)) - nats_servers.processes.keys():
        nats_servers.start(number)
    async with connected(nats_servers.servers, "admin") as client:
        broker = Broker(nats_servers, client.jetstream(timeout=1))
        await broker.formed()
        yield broker


class SingleServer:
    """A server alone, as in development, that may not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._port = free_ports()
        self._config = folder / "alone.conf"
        self._config.write_text(f'listen: "127.0.0.1:{self._port}"\njetstream {{ store_dir: "{folder / "alone"}" }}\n')

    def settings(self) -> dict[str, Any]:
        """What a gateway is told of it."""
        return {"broker": f"nats://127.0.0.1:{self._port}", "broker_replicas": 1}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it until the block ends."""
        process = run(self._config)
        try:
            yield
        finally:
            process.kill()
            process.wait()


@contextmanager
def leaf_node(cluster: Cluster, folder: Path) -> Iterator[str]:
    """A leaf node of the agency that takes for itself, configured as the example is; yields its address."""
    port = free_ports()
    text = (CONFIGURATION / "leaf.conf").read_text().replace(EXAMPLE, DIRECT).replace("CHANGE-ME", PASSWORDS[DIRECT])
    text = text.replace("127.0.0.1:4222", f"127.0.0.1:{port}")
    text = re.sub(r"@nats-(\d):7422", lambda m: f"@127.0.0.1:{cluster.leaf_port(int(m[1]) - 1)}", text)
    config = folder / "leaf.conf"
    config.write_text(text)
    process = run(config)
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
