"""One stage: a gateway, two agency services and their databases, with a faulty line between every two of them.

Health refers, social services receive. Both are provisioned as an operator would, but each knows the others only by
the ports of the lines. All people and agencies are invented.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from bench.faults.engines import Engine
from bench.faults.line import Line
from bench.faults.nodes import Node, Nursery
from bench.faults.page import Page
from bench.faults.tally import Tally
from bench.processes import free_port
from gateway.bootstrap import open_provisioning
from gateway.domain.agency import AgencyEnrolment
from gateway.settings import GatewaySettings
from shared.agency.provisioning import add_partner
from shared.agency.settings import AgencySettings
from shared.seal.keys import AgencyKeys, SigningKey
from shared.sop.loader import load_sop

GATEWAY, HEALTH, SOCIAL = "gateway", "health", "social"
#: Where something passes that only polling brings about, in a round whose recipient polls.
POLLING: Final = frozenset({GATEWAY, SOCIAL})
AGENCIES: Final[Mapping[str, str]] = {HEALTH: "faults-health", SOCIAL: "faults-social"}
OVERSIGHT: Final = "faults-oversight"
PARTNER: Final = "faults-partner"
_PREFIX: Final = {HEALTH: "HEA-", SOCIAL: "SOC-"}
_PASSPHRASE: Final = "a passphrase for an hour"
#: Each line, to whom it leads, which share of its requests gets a fault, and how many of those break the exchange.
_LINES: Final[tuple[tuple[str, str, float, float], ...]] = (
    ("client->health", HEALTH, 0.95, 1.0),
    ("client->social", SOCIAL, 0.95, 1.0),
    ("client->gateway", GATEWAY, 0.7, 0.6),
    ("health->gateway", GATEWAY, 0.8, 0.35),
    ("social->gateway", GATEWAY, 0.8, 0.35),
    ("gateway->health", HEALTH, 0.8, 0.25),
    ("gateway->social", SOCIAL, 0.8, 0.25),
)


@dataclass(frozen=True, slots=True)
class World:
    """Everything of one stage."""

    engine: Engine
    nodes: Mapping[str, Node]
    lines: Mapping[str, Line]
    keys: Mapping[str, AgencyKeys]
    databases: Mapping[str, str]
    secrets: Mapping[str, str]
    oversight: SigningKey
    polls: bool

    @property
    def ledger_origin(self) -> str:
        """What the ledger calls itself."""
        return f"127.0.0.1-{self.nodes[GATEWAY].port}"

    def polls_at(self, name: str) -> bool:
        """Say whether a process polls its inbox, or serves somebody who does."""
        return self.polls and name in POLLING

    def shift(self, name: str, seconds: float) -> None:
        """Move the clock of one process."""
        self.nodes[name].page.offset += seconds

    def level_clocks(self) -> float:
        """Set all clocks to the latest of them; return by how much that is ahead of the machine's."""
        latest = max(node.page.offset for node in self.nodes.values())
        for node in self.nodes.values():
            node.page.offset = latest
        return latest


class Builder:
    """Makes a world in a folder."""

    def __init__(self, folder: Path, engine: Engine, nursery: Nursery, *, rng: Random, tally: Tally) -> None:
        self._folder, self._engine, self._nursery = folder, engine, nursery
        self._rng, self._tally = rng, tally
        self._keys = {name: AgencyKeys.generate() for name in (GATEWAY, *AGENCIES)}
        self._ports = {name: free_port() for name in self._keys}
        self._databases = {name: engine.url(name) for name in self._keys}

    async def build(self, *, polls: bool, plant: str = "") -> World:
        """Provision everything, and open the lines; the processes are started by whoever wants them."""
        lines = {facts[0]: await self._line(*facts) for facts in _LINES}
        environments = {GATEWAY: self._gateway_environment()}
        oversight, hooks = self._enrol(environments[GATEWAY], lines, polls=polls)
        clients = {}
        for name in AGENCIES:
            environments[name] = self._agency_environment(name, lines, hooks[name], polls=polls and name == SOCIAL)
            clients[name] = add_partner(AgencySettings(**_by_field(environments[name])), PARTNER)
        nodes = {name: self._node(name, environment, plant) for name, environment in environments.items()}
        return World(self._engine, nodes, lines, self._keys, self._databases, clients, oversight, polls)

    async def _line(self, name: str, target: str, share: float, breaking: float) -> Line:
        port = self._ports[target]
        rng = Random(self._rng.getrandbits(64))
        line = Line(name, lambda: port, rng=rng, tally=self._tally, share=share, breaking=breaking)
        await line.open()
        return line

    def _gateway_environment(self) -> dict[str, str]:
        return self._with_keys(
            GATEWAY,
            {
                "MESH_DATABASE_URL": self._databases[GATEWAY],
                "MESH_PUBLIC_URL": f"http://127.0.0.1:{self._ports[GATEWAY]}",
                "MESH_RATE_PER_SECOND": "100000",
                "MESH_RATE_BURST": "100000",
            },
        )

    def _agency_environment(self, name: str, lines: Mapping[str, Line], webhook: str, *, polls: bool) -> dict[str, str]:
        reached = {} if polls else {"MESH_PUBLIC_URL": f"http://127.0.0.1:{self._ports[name]}"}
        return self._with_keys(
            name,
            {
                "MESH_AGENCY_ID": AGENCIES[name],
                "MESH_DATABASE_URL": self._databases[name],
                "MESH_GATEWAY_URL": f"http://127.0.0.1:{lines[f'{name}->gateway'].port}",
                "MESH_WEBHOOK_SECRET": webhook,
                **reached,
            },
        )

    def _with_keys(self, name: str, environment: dict[str, str]) -> dict[str, str]:
        file = self._folder / f"{name}.key"
        self._keys[name].save(file, _PASSPHRASE)
        given = {"MESH_KEY_FILE": str(file), "MESH_KEY_PASSPHRASE": _PASSPHRASE, "MESH_LOG_LEVEL": "WARNING"}
        return environment | given | dict(self._engine.settings(name))

    def _enrol(
        self, environment: dict[str, str], lines: Mapping[str, Line], *, polls: bool
    ) -> tuple[SigningKey, dict[str, str]]:
        """State the agencies and the body of oversight; return the key of the one, the secrets of the others."""
        oversight, hooks = SigningKey.generate(), {}
        with closing(open_provisioning(GatewaySettings(**_by_field(environment)), keys=self._keys[GATEWAY])) as desk:
            for name, agency_id in AGENCIES.items():
                address = f"http://127.0.0.1:{lines[f'gateway->{name}'].port}"
                hooks[name] = desk.enroll(
                    self._enrolment(name, agency_id, None if polls and name == SOCIAL else address)
                )
            desk.register_oversight(OVERSIGHT, {"keys": [oversight.public.public_jwk()]})
        return oversight, hooks

    def _enrolment(self, name: str, agency_id: str, address: str | None) -> AgencyEnrolment:
        return AgencyEnrolment(
            id=agency_id,
            name_vi=agency_id,
            name_en=agency_id,
            sectors=frozenset({name}),
            areas=frozenset({"38"}),
            services=frozenset(code for code in load_sop().services if code.startswith(_PREFIX[name])),
            jwks=self._keys[name].public_jwks(),
            base_url=address,
        )

    def _node(self, name: str, environment: Mapping[str, str], plant: str) -> Node:
        page = Page(self._folder / f"{name}.page")
        page.clear()
        log = self._folder / f"{name}.log"
        return Node(name, self._ports[name], page, log, environment, self._nursery, plant=plant)


def _by_field(environment: Mapping[str, str]) -> dict[str, Any]:
    return {name.removeprefix("MESH_").lower(): value for name, value in environment.items()}
