"""What is counted of answered requests, against the instruments of the library it stands for."""

import re

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from shared.telemetry.answered import DURATION_BUCKETS, Answered

SECONDS = st.one_of(st.sampled_from(DURATION_BUCKETS), st.floats(0, 60))
STATUSES = [200, 404, 500, 502, 503]
REQUESTS = st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(["/a", "/b"]), st.sampled_from(STATUSES))


def told(registry: CollectorRegistry) -> list[str]:
    """Return the samples without the moments at which they began."""
    text = re.sub(r"(_created(?:\{[^}]*\})?) .*", r"\1", generate_latest(registry).decode())
    return sorted(text.splitlines())


@given(st.lists(st.tuples(REQUESTS, SECONDS), max_size=20))
def test_text_is_that_of_counters_and_a_histogram(answered: list[tuple[tuple[str, str, int], float]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts = Answered()
    ours.register(counts)
    names = ("method", "route")
    requests = Counter("http_requests_total", "Answered requests.", (*names, "status"), registry=theirs)
    faults = Counter("http_faults_total", "Requests answered with a fault of the service itself.", registry=theirs)
    says = "Time from the request's first byte to the answer's last."
    times = Histogram("http_request_duration_seconds", says, names, buckets=DURATION_BUCKETS, registry=theirs)
    for (method, route, status), seconds in answered:
        counts.count(method, route, status, seconds)
        requests.labels(method, route, str(status)).inc()
        faults.inc(status in {500, 502})
        times.labels(method, route).observe(seconds)
    assert told(ours) == told(theirs)


def test_faults_are_counted_from_nought_on() -> None:
    registry, counts = CollectorRegistry(), Answered()
    registry.register(counts)
    assert "http_faults_total 0.0" in told(registry)
