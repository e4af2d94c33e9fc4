"""What is measured, as running servers: the floor, gateways, and the services of two agencies."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.processes import Server, free_port, serving
from bench.workload import OVERSIGHT, RECIPIENT, SENDER, Parties
from gateway.bootstrap import open_provisioning
from gateway.settings import GatewaySettings
from shared.agency.provisioning import add_partner
from shared.agency.settings import AgencySettings
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.seal.keys import AgencyKeys, SigningKey
from shared.seal.tokens import make_assertion
from shared.transport.webhooks import new_webhook_secret

PASSPHRASE = "a passphrase for an hour"
#: Partner systems of one agency: each may call two hundred times a second in the long run.
PARTNERS = 8
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FACTORIES = {SENDER: "services.health.main:create_app", RECIPIENT: "services.social.main:create_app"}


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway of one or more processes, and what its clients need to know."""

    servers: Sequence[Server]
    parties: Parties
    database_url: str
    settings: GatewaySettings
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of its processes."""
        return tuple(server.port for server in self.servers)

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes."""
        return sum(server.cpu_seconds() for server in self.servers)

    def token(self, client: str = SENDER) -> str:
        """Get a fresh access token, as a client does."""
        key = self.parties.oversight if client == OVERSIGHT else self.parties.keys[client].signing
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": _assertion(key, client, audience=f"{self.settings.public_url}/oauth/token"),
        }
        answer = httpx.post(f"{self.servers[0].url}/oauth/token", data=form, timeout=30)
        return str(answer.raise_for_status().json()["access_token"])


@dataclass(frozen=True, slots=True)
class Agency:
    """The running service of one agency, and the secrets of its partner systems by their ids."""

    server: Server
    partners: Mapping[str, str]

    def tokens(self) -> list[str]:
        """Return a fresh access token for each partner system."""
        form = {"grant_type": "client_credentials"}
        url = f"{self.server.url}/oauth/token"
        answers = [httpx.post(url, data=form, auth=partner, timeout=30) for partner in self.partners.items()]
        return [str(answer.raise_for_status().json()["access_token"]) for answer in answers]


def _assertion(key: SigningKey, client: str, *, audience: str) -> str:
    clock = SystemClock()
    return make_assertion(key, client_id=client, audience=audience, at=clock.now(), jti=Uuid7Factory(clock).new())


@contextmanager
def floor(database_url: str) -> Iterator[Server]:
    """Run the floor over an empty database, with the server as anybody installs it."""
    environment = {"BENCH_DATABASE_URL": database_url}
    with serving("bench.floor:create_app", environment, port=free_port(), program="uvicorn") as server:
        yield server


@contextmanager
def gateway(
    database_url: str,
    folder: Path,
    parties: Parties,
    *,
    replicas: int = 1,
    pushes_to: Mapping[str, str] | None = None,
) -> Iterator[Gateway]:
    """Run a gateway with all parties enrolled; its limit is never met. It pushes only to who is named with a URL."""
    ports = [free_port() for _ in range(replicas)]
    environment = _environment(database_url, f"http://127.0.0.1:{ports[0]}", key_file(folder, "gateway")) | {
        "MESH_DELIVERY_ENABLED": str(bool(pushes_to)).lower(),
        "MESH_RATE_PER_SECOND": "1000000",
        "MESH_RATE_BURST": "1000000",
    }
    settings = gateway_settings(environment)
    secrets = _enrol(settings, parties, pushes_to or {})
    with ExitStack() as running:
        servers = [running.enter_context(serving("gateway.main:create_app", environment, port=port)) for port in ports]
        yield Gateway(servers, parties, database_url, settings, secrets)


@contextmanager
def agency(
    name: str, database_url: str, folder: Path, hub: Gateway, *, port: int, gateway_url: str
) -> Iterator[Agency]:
    """Run the service of one agency at a gateway."""
    environment = _environment(database_url, f"http://127.0.0.1:{port}", key_file(folder, name, hub.parties.keys[name]))
    environment |= {
        "MESH_AGENCY_ID": name,
        "MESH_GATEWAY_URL": gateway_url,
        "MESH_WEBHOOK_SECRET": hub.secrets.get(name, new_webhook_secret()),
    }
    settings = AgencySettings(**_by_field(environment))
    partners = {f"partner-{number}": add_partner(settings, f"partner-{number}") for number in range(PARTNERS)}
    with serving(_FACTORIES[name], environment, port=port) as server:
        yield Agency(server, partners)


def key_file(folder: Path, name: str, keys: AgencyKeys | None = None) -> Path:
    """Return the key file of a deployable; it is made when it is not there."""
    file = folder / f"{name}.key"
    if not file.exists():
        (keys or AgencyKeys.generate()).save(file, PASSPHRASE)
    return file


def gateway_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Return the gateway's settings from what its process is given."""
    return GatewaySettings(**_by_field(environment))


def _enrol(settings: GatewaySettings, parties: Parties, addresses: Mapping[str, str]) -> dict[str, str]:
    """Put the parties into the directory; return the secrets of their webhooks."""
    provisioning = open_provisioning(settings)
    try:
        secrets = {one.id: provisioning.enroll(one) for one in parties.enrolments(addresses)}
        provisioning.register_oversight(OVERSIGHT, {"keys": [parties.oversight.public.public_jwk()]})
    finally:
        provisioning.close()
    return secrets


def _environment(database_url: str, public_url: str, key_file: Path) -> dict[str, str]:
    return {
        "MESH_DATABASE_URL": database_url,
        "MESH_PUBLIC_URL": public_url,
        "MESH_KEY_FILE": str(key_file),
        "MESH_KEY_PASSPHRASE": PASSPHRASE,
        "MESH_LOG_LEVEL": "WARNING",
    }


def _by_field(environment: Mapping[str, str]) -> dict[str, Any]:
    return {name.removeprefix("MESH_").lower(): value for name, value in environment.items()}
