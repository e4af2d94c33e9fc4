"""Counters and histograms for Prometheus, one registry per application.

Owns the registry, the two instruments of every HTTP server, and the gauges that are read when somebody asks for them.
Promises bounded cardinality: labels are the method from a fixed list, the route's template, the status. Refuses to hold
a path, a query or an id in a label. Follows the Prometheus exposition format 0.0.4.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from shared.kernel.errors import MeshError

#: Seconds. From a cached read to a call that waits for another agency.
DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: How long whoever asks waits for the gauges of one room, in seconds.
LOOK_WITHIN: Final = 2.0
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


#: Reads the present values of some gauges, by name.
Reader = Callable[[], Awaitable[Mapping[str, float]]]


class Metrics:
    """The instruments of one application. Rooms register their own on `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "http_requests_total", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from the request's first byte to the answer's last.",
            ("method", "route"),
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._ready = Gauge("mesh_ready", "Whether a check of readiness passes.", ("check",), registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._gauges: list[tuple[Mapping[str, Gauge], Reader]] = []

    def observe(self, method: str, route: str, status: int, *, seconds: float) -> None:
        """Count one answered request. `route` is a template such as `/v1/referrals/{referral_id}`, never a path."""
        key = (method, route, status)
        pair = self._known.get(key)
        if pair is None:
            pair = (self._requests.labels(method, route, str(status)), self._seconds.labels(method, route))
            self._known[key] = pair
        pair[0].inc()
        pair[1].observe(seconds)

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
