"""A NATS cluster of three servers, and what can be done to it: a server killed, a server frozen, the whole stream lost.

What waits is in the gateway's outbox; the broker only carries. So it may lose everything, and nothing is lost.
"""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Final

import nats
from nats.errors import Error as NatsError

from bench.faults.engines import Sqlite
from bench.processes import free_port
from gateway.settings import GatewaySettings

JETSTREAM: Final = "jetstream"
MISSING: Final = "nats-server is not installed here (Debian: apt-get install nats-server)"
NO_BROKER: Final = "This gateway delivers without a broker: nothing of one would be tried."
STREAM: Final = "MESH"
_SERVERS: Final = 3
_STOP_SECONDS: Final = 10
_AWAY_SECONDS: Final = (0.3, 2.5)


class Cluster:
    """Three servers on ports of this machine."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        self._ports = [free_port() for _ in range(_SERVERS)]
        self._routes = [free_port() for _ in range(_SERVERS)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def addresses(self) -> list[str]:
        """Where the servers answer."""
        return [f"nats://127.0.0.1:{port}" for port in self._ports]

    def start(self, number: int) -> None:
        """Start one of them, with what it had kept."""
        routes = ",".join(f"nats://127.0.0.1:{port}" for port in self._routes)
        command = [
            self._program, "-a", "127.0.0.1", "-p", str(self._ports[number]), "-n", f"node-{number}", "-js",
            "-sd", str(self._folder / f"store-{number}"), "--cluster_name", "mesh",
            "--cluster", f"nats://127.0.0.1:{self._routes[number]}", "--routes", routes,
        ]  # fmt: skip
        with (self._folder / f"node-{number}.log").open("ab") as log:
            self._processes[number] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, number: int) -> None:
        """Kill one of them where it stands."""
        self._processes[number].kill()
        self._processes[number].wait()

    def signal(self, number: int, what: signal.Signals) -> None:
        """Send one of them a signal."""
        self._processes[number].send_signal(what)

    def stop(self) -> None:
        """End all of them."""
        for process in self._processes.values():
            process.kill()
            process.wait(_STOP_SECONDS)


class JetStream(Sqlite):
    """Databases in files, and a broker between the gateway and the agencies."""

    name: str = JETSTREAM
    faults: tuple[str, ...] = ("broker-node-killed", "broker-node-frozen", "broker-stream-lost", "database-locked")

    def __init__(self, folder: Path, cluster: Cluster, rng: Random) -> None:
        super().__init__(folder)
        self._cluster, self._rng = cluster, rng

    def settings(self, owner: str) -> Mapping[str, str]:
        """Return what the gateway is told of the broker; the agencies are pushed to by its couriers."""
        return {"MESH_BROKER": ",".join(self._cluster.addresses)} if owner == "gateway" else {}

    async def hurt(self, fault: str, owner: str) -> None:
        """Do something to one of the servers, to what they keep, or to a database."""
        number = self._rng.randrange(_SERVERS)
        if fault == "broker-node-killed":
            await asyncio.to_thread(self._kill, number)
        elif fault == "broker-node-frozen":
            self._cluster.signal(number, signal.SIGSTOP)
            await asyncio.sleep(self._rng.uniform(*_AWAY_SECONDS))
            self._cluster.signal(number, signal.SIGCONT)
        elif fault == "broker-stream-lost":
            await self._lose()
        else:
            await super().hurt(fault, owner)

    def _kill(self, number: int) -> None:
        self._cluster.kill(number)
        time.sleep(self._rng.uniform(*_AWAY_SECONDS))
        self._cluster.start(number)

    async def _lose(self) -> None:
        with suppress(NatsError, OSError, TimeoutError):
            client = await nats.connect(self._cluster.addresses, connect_timeout=5)
            try:
                await client.jetstream().delete_stream(STREAM)
            finally:
                await client.close()


@contextmanager
def jetstream(folder: Path, seed: int) -> Iterator[JetStream]:
    """Run a cluster until the context ends."""
    program = shutil.which("nats-server")
    if program is None or "broker" not in GatewaySettings.model_fields:
        raise SystemExit(NO_BROKER if program else MISSING)
    cluster = Cluster(program, folder)
    try:
        for number in range(_SERVERS):
            cluster.start(number)
        yield JetStream(folder, cluster, Random(seed))
    finally:
        cluster.stop()
