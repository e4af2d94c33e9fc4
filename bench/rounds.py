"""The rounds: every variant in turn within each round, so that a slow minute of the machine hits them all alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import quantiles

from bench.load import Window, run
from bench.servers import Gateway, Server
from bench.workload import Parcel, Work

#: Requests in one timed window, by concurrency: about a second's work on a small machine.
REQUESTS = {1: 400, 8: 1200, 32: 2000}
WARM_UP = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What one window showed."""

    database: str
    variant: str
    concurrency: int
    round: int
    per_second: float
    cpu_micros: float
    p50_millis: float
    p99_millis: float
    load_busy: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing to be measured: a server, and how a message becomes a request to it."""

    name: str
    server: Server
    frame: Callable[[Sequence[Parcel]], list[bytes]]


@dataclass(frozen=True, slots=True)
class Contest:
    """The variants on one database that are measured side by side; the gateway is among them."""

    database: str
    gateways: Sequence[Gateway]
    variants: Sequence[Variant]


def gateway_variant(gateway: Gateway, *, name: str = "gateway") -> Variant:
    """Return the gateway as a variant: real route, and a token that is fresh for every window."""
    return Variant(name, gateway.server, lambda parcels: framed(parcels, path="/v1/referrals", token=gateway.token()))


def floor_variants(server: Server) -> list[Variant]:
    """Return the two ways of writing the floor."""
    return [
        Variant(f"floor {way}", server, partial(framed, path=f"/{way}", token="x" * 600)) for way in ("async", "def")
    ]


def framed(parcels: Sequence[Parcel], *, path: str, token: str) -> list[bytes]:
    """Return whole requests; the same bytes of headers and body for every variant."""
    start = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n".encode()
    return [start + parcel.headers + b"\r\n" + parcel.body for parcel in parcels]


def warm_up(contest: Contest, work: Work) -> None:
    """Record the consents and let every variant reach its stride, untimed."""
    _record_consents(contest.gateways, work)
    for variant in contest.variants:
        run(variant.server.port, variant.frame(work.referrals), concurrency=8)


def play(contests: Sequence[Contest], *, number: int, concurrency: int, work: Work) -> Iterator[Sample]:
    """Play one round at one concurrency; the order of the variants turns from round to round."""
    for contest in contests:
        _record_consents(contest.gateways, work)
        turn = number % len(contest.variants)
        for variant in [*contest.variants[turn:], *contest.variants[:turn]]:
            requests = variant.frame(work.referrals)
            before = variant.server.cpu_seconds()
            window = run(variant.server.port, requests, concurrency=concurrency)
            burnt = variant.server.cpu_seconds() - before
            yield _sample(contest, variant, concurrency=concurrency, number=number, window=window, burnt=burnt)


def _record_consents(gateways: Sequence[Gateway], work: Work) -> None:
    for gateway in gateways:
        requests = framed(work.consents, path="/v1/consents", token=gateway.token())
        run(gateway.server.port, requests, concurrency=32, expected=201)


def _sample(
    contest: Contest, variant: Variant, *, concurrency: int, number: int, window: Window, burnt: float
) -> Sample:
    cuts = quantiles(window.latencies, n=100)
    return Sample(
        database=contest.database,
        variant=variant.name,
        concurrency=concurrency,
        round=number,
        per_second=window.requests / window.seconds,
        cpu_micros=burnt / window.requests * 1e6,
        p50_millis=cuts[49] * 1000,
        p99_millis=cuts[98] * 1000,
        load_busy=window.own_cpu_seconds / window.seconds,
    )
