"""How many requests were answered, by how many faults, and how long each took: the instruments of every HTTP server.

Owns the numbers and their place in a registry. Counted on the event loop alone, so without a lock, and in one step for
each request; what an instrument of the library would keep up to date is put together when somebody asks. Promises the
names and samples that such an instrument has (Prometheus exposition format 0.0.4), and that faults are counted from
nought on: of a number that is there from one moment to the next, Prometheus sees no increase.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

#: Seconds. From a cached read to a call that waits for another agency.
DURATION_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BOUNDS: Final = (*map(str, DURATION_BUCKETS), "+Inf")
_SECONDS: Final = "http_request_duration_seconds"
_CREATED: Final = f"{_SECONDS}_created"
_FAULT: Final = 500
#: What says that somebody else is away, and is no fault of this service.
_NOT_READY: Final = 503


@dataclass(slots=True, eq=False)
class _Durations:
    """The requests of one method and route, by how long they took."""

    seconds: float = 0.0
    within: list[int] = field(default_factory=lambda: [0] * len(_BOUNDS))
    since: float = field(default_factory=time.time)


@dataclass(slots=True, eq=False)
class _Answers:
    """The answers of one status to one method and route."""

    durations: _Durations
    count: int = 0
    since: float = field(default_factory=time.time)


class Answered(Collector):
    """Counts answered requests."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, int], _Answers] = {}
        self._durations: dict[tuple[str, str], _Durations] = {}
        self._since = time.time()

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request. `route` is a template such as `/v1/referrals/{referral_id}`, never a path."""
        answers = self._answers.get((method, route, status))
        if answers is None:
            durations = self._durations.setdefault((method, route), _Durations())
            answers = self._answers[method, route, status] = _Answers(durations)
        answers.count += 1
        answers.durations.seconds += seconds
        answers.durations.within[bisect_left(DURATION_BUCKETS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the instruments as they stand."""
        requests = CounterMetricFamily(
            "http_requests_total", "Answered requests.", labels=("method", "route", "status")
        )
        for (method, route, status), answers in self._answers.items():
            requests.add_metric((method, route, str(status)), answers.count, created=answers.since)
        yield requests
        faults = CounterMetricFamily("http_faults_total", "Requests answered with a fault of the service itself.")
        faults.add_metric((), self._faults(), created=self._since)
        yield faults
        times = HistogramMetricFamily(
            _SECONDS, "Time from the request's first byte to the answer's last.", labels=("method", "route")
        )
        for labels, durations in self._durations.items():
            buckets = list(zip(_BOUNDS, accumulate(durations.within), strict=True))
            times.add_metric(labels, buckets, sum_value=durations.seconds)
            times.add_sample(_CREATED, dict(zip(("method", "route"), labels, strict=True)), durations.since)
        yield times

    def _faults(self) -> int:
        statuses = ((status, answers.count) for (_, _, status), answers in self._answers.items())
        return sum(count for status, count in statuses if status >= _FAULT and status != _NOT_READY)
