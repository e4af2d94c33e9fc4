"""The server processes under measurement: started alike, watched for what they burn, stopped for certain."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.workload import SENDER, Parties
from gateway.bootstrap import open_provisioning
from gateway.settings import GatewaySettings
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import AgencyKeys
from shared.seal.tokens import make_assertion

OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header", "--log-level", "warning")
_START_SECONDS = 30
_PASSPHRASE = "a passphrase for an hour"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server process."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far, all threads, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway, and what its clients need to know."""

    server: Server
    parties: Parties
    database_url: str
    settings: GatewaySettings

    def token(self) -> str:
        """Get a fresh access token, as a client does."""
        clock = SystemClock()
        assertion = make_assertion(
            self.parties.signing,
            client_id=SENDER,
            audience=f"{self.server.url}/oauth/token",
            at=clock.now(),
            jti=Uuid7Factory(clock).new(),
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        answer = httpx.post(f"{self.server.url}/oauth/token", data=form)
        return str(answer.raise_for_status().json()["access_token"])


@contextmanager
def floor(database_url: str) -> Iterator[Server]:
    """Run the floor over an empty database."""
    with _serving("bench.floor:create_app", {"BENCH_DATABASE_URL": database_url}, port=free_port()) as server:
        yield server


@contextmanager
def gateway(database_url: str, folder: Path, parties: Parties) -> Iterator[Gateway]:
    """Run a gateway over an empty database, with both parties enrolled. It pushes nothing; its limit is never met."""
    port = free_port()
    key_file = folder / "gateway.key"
    if not key_file.exists():
        AgencyKeys.generate().save(key_file, _PASSPHRASE)
    environment = {
        "MESH_DATABASE_URL": database_url,
        "MESH_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MESH_KEY_FILE": str(key_file),
        "MESH_KEY_PASSPHRASE": _PASSPHRASE,
        "MESH_LOG_LEVEL": "WARNING",
        "MESH_DELIVERY_ENABLED": "false",
        "MESH_RATE_PER_SECOND": "1000000",
        "MESH_RATE_BURST": "1000000",
    }
    settings = _settings(environment)
    provisioning = open_provisioning(settings)
    for enrolment in parties.enrolments():
        provisioning.enroll(enrolment)
    provisioning.close()
    with _serving("gateway.main:create_app", environment, port=port) as server:
        yield Gateway(server, parties, database_url, settings)


def _settings(environment: Mapping[str, str]) -> GatewaySettings:
    values: dict[str, Any] = {name.removeprefix("MESH_").lower(): value for name, value in environment.items()}
    return GatewaySettings(**values)


@contextmanager
def _serving(factory: str, environment: Mapping[str, str], *, port: int) -> Iterator[Server]:
    command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, *OPTIONS], env={**os.environ, **environment})
    try:
        _await_port(process, port)
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"The server did not start: {process.args!r}")


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
