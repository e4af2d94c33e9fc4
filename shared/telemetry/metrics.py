"""Counters and histograms for Prometheus, one registry per application.

Owns the registry, with the instruments of every HTTP server, and the gauges that are read when somebody asks.
Promises bounded cardinality: labels are the method from a fixed list, the route's template, the status. Refuses to hold
a path, a query or an id in a label. Follows the Prometheus exposition format 0.0.4.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Gauge, generate_latest

from shared.kernel.errors import MeshError
from shared.telemetry.answered import Answered

#: How long whoever asks waits for the gauges of one room, in seconds.
LOOK_WITHIN: Final = 2.0
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


#: Reads the present values of some gauges, by name.
Reader = Callable[[], Awaitable[Mapping[str, float]]]


class Metrics:
    """The instruments of one application. Rooms register their own on `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.answered = Answered()
        self.registry.register(self.answered)
        self._ready = Gauge("mesh_ready", "Whether a check of readiness passes.", ("check",), registry=self.registry)
        self._gauges: list[tuple[Mapping[str, Gauge], Reader]] = []

    def ready(self, check: str, *, passes: bool) -> None:
        """Note whether one of the service's checks passes now."""
        self._ready.labels(check).set(passes)

    def watch(self, says: Mapping[str, str], read: Reader) -> None:
        """Show gauges by name, each with what it says; `read` gives their values whenever somebody asks."""
        gauges = {name: Gauge(name, meaning, registry=self.registry) for name, meaning in says.items()}
        self._gauges.append((gauges, read))

    async def look(self) -> None:
        """Read every gauge; one that cannot be read now has no number (NaN), which is an alarm of its own."""
        for gauges, read in self._gauges:
            try:
                values = await asyncio.wait_for(read(), LOOK_WITHIN)
            except (MeshError, TimeoutError):
                values = {}
            for name, gauge in gauges.items():
                gauge.set(values.get(name, math.nan))

    def text(self) -> bytes:
        """Write all instruments in the text format."""
        return generate_latest(self.registry)
