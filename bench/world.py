"""A whole mesh for measuring: a gateway of one or more processes between the services of two agencies."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Server, free_port
from bench.servers import Agency, Gateway, agency, gateway
from bench.workload import RECIPIENT, SENDER, Parties


@dataclass(frozen=True, slots=True)
class World:
    """The gateway, the service that refers, and the one that is referred to."""

    gateway: Gateway
    sender: Agency
    recipient: Agency

    def servers(self) -> dict[str, Server]:
        """Return every process by its name."""
        gateways = {f"gateway {number}": server for number, server in enumerate(self.gateway.servers, start=1)}
        named = gateways if len(gateways) > 1 else {"gateway": self.gateway.servers[0]}
        return {**named, "sender": self.sender.server, "recipient": self.recipient.server}


@contextmanager
def world(url: Callable[[str], str], folder: Path, parties: Parties, *, replicas: int = 1) -> Iterator[World]:
    """Run it over databases by name (`gateway` may have grown). Each agency calls a gateway process of its own."""
    ports = {name: free_port() for name in (SENDER, RECIPIENT)}
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with gateway(url("gateway"), folder, parties, replicas=replicas, pushes_to=addresses) as hub:
        first, last = hub.servers[0].url, hub.servers[-1].url
        with (
            agency(SENDER, url(SENDER), folder, hub, port=ports[SENDER], gateway_url=first) as sender,
            agency(RECIPIENT, url(RECIPIENT), folder, hub, port=ports[RECIPIENT], gateway_url=last) as recipient,
        ):
            yield World(hub, sender, recipient)
