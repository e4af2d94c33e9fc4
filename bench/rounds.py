"""The rounds: everything in turn within each, the floor too, so that a slow minute of the machine hits all alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import quantiles

from bench.acts import Act, Case, openings, revocations, traces
from bench.floor import WAYS
from bench.grow import some_chains
from bench.load import Window, run
from bench.postgres import PostgresServer
from bench.processes import Server
from bench.servers import Gateway
from bench.workload import Parcel, Work, framed

#: Requests in one timed window of admissions, by concurrency: about a second's work on a small machine.
REQUESTS = {1: 400, 8: 1200, 32: 2000}
#: The other acts: how many in one window, and with how many callers.
OPENINGS, REVOCATIONS, TRACES = 500, 80, 400
#: Of each kind, before anything is timed: every round begins with fresh processes.
WARM_UP = 200
_CALLERS = {"opening": 32, "revocation": 8, "trace": 8}
_GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is measured: on which database, with how much in it, by how many gateway processes.

    `size` is what was asked for, `stored` what was counted: a run works in the database, and it is kept.
    """

    database: str
    size: int
    stored: int
    replicas: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What one window showed. The processor time is that of the servers, and beside it that of PostgreSQL."""

    act: str
    database: str
    size: int
    stored: int
    replicas: int
    variant: str
    concurrency: int
    round: int
    per_second: float
    cpu_micros: float
    database_micros: float
    p50_millis: float
    p99_millis: float
    load_busy: float


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway and a floor beside it on databases of one kind; PostgreSQL's server to be watched, if there is one."""

    place: Place
    gateway: Gateway
    floor: Server
    postgres: PostgresServer | None


@dataclass(frozen=True, slots=True)
class Material:
    """What is sent in one round, to every target alike: made and signed before anything is timed."""

    admissions: Sequence[tuple[int, Work]]
    openings: Sequence[Case]
    revocations: Sequence[Case]
    warm_up: Work


def play(target: Target, material: Material, *, number: int) -> Iterator[Sample]:
    """Play one round at one target; the order of gateway and floor turns from round to round.

    Chains are traced that were there before: what the round itself leaves is another story, and most of a small
    database in the end.
    """
    chains = some_chains(target.gateway.database_url, TRACES)
    _warm_up(target, material.warm_up, chains)
    for concurrency, work in material.admissions:
        yield from _admissions(target, work, concurrency=concurrency, number=number)
    for act in (
        openings(target.gateway, material.openings),
        revocations(target.gateway, material.revocations),
        traces(target.gateway, chains),
    ):
        yield _act(target, act, number=number)


def _warm_up(target: Target, work: Work, chains: Sequence[str]) -> None:
    """Let everybody reach their stride, untimed: a gateway that has run for a while is what is measured.

    The chains that are traced later are traced here too: it is the work that is measured, not the disk.
    """
    gateway = target.gateway
    _record_consents(gateway, work)
    run(gateway.ports, framed(work.referrals, path="/v1/referrals", token=gateway.token()), concurrency=8)
    for floor in _ways(target.floor):
        run(floor.ports, floor.frame(work.referrals), concurrency=8)
    traced = traces(gateway, chains)
    run(gateway.ports, traced.timed, concurrency=8, expected=traced.expected)


@dataclass(frozen=True, slots=True)
class _Variant:
    name: str
    ports: Sequence[int]
    frame: Callable[[Sequence[Parcel]], list[bytes]]
    burnt: Callable[[], float]


def _ways(floor: Server) -> list[_Variant]:
    """Return the ways of writing the floor."""
    return [
        _Variant(
            f"floor {way}",
            (floor.port,),
            lambda parcels, path=f"/{way}": framed(parcels, path=path, token="x" * 600),  # type: ignore[misc]  # bound now
            floor.cpu_seconds,
        )
        for way in WAYS
    ]


def _admissions(target: Target, work: Work, *, concurrency: int, number: int) -> Iterator[Sample]:
    gateway = target.gateway
    _record_consents(gateway, work)
    token = gateway.token()
    admitting = _Variant(
        _GATEWAY, gateway.ports, lambda parcels: framed(parcels, path="/v1/referrals", token=token), gateway.cpu_seconds
    )
    variants = [admitting, *_ways(target.floor)]
    turn = number % len(variants)
    for variant in [*variants[turn:], *variants[:turn]]:
        requests = variant.frame(work.referrals)
        with _Watch(target, variant.burnt) as watch:
            window = run(variant.ports, requests, concurrency=concurrency)
        what = ("admission", variant.name, concurrency, number)
        yield _sample(target.place, what, window, watch)


def _act(target: Target, act: Act, *, number: int) -> Sample:
    gateway = target.gateway
    for requests, expected in act.before:
        run(gateway.ports, requests, concurrency=32, expected=expected)
    concurrency = _CALLERS[act.name]
    with _Watch(target, gateway.cpu_seconds) as watch:
        window = run(gateway.ports, act.timed, concurrency=concurrency, expected=act.expected)
    return _sample(target.place, (act.name, _GATEWAY, concurrency, number), window, watch)


def _record_consents(gateway: Gateway, work: Work) -> None:
    requests = framed(work.consents, path="/v1/consents", token=gateway.token())
    run(gateway.ports, requests, concurrency=32, expected=201)


class _Watch:
    """How much processor time the servers and the database used inside its context."""

    def __init__(self, target: Target, burnt: Callable[[], float]) -> None:
        self._burnt = burnt
        self._database = target.postgres.cpu_seconds if target.postgres else lambda: 0.0
        self.servers = self.database = 0.0

    def __enter__(self) -> "_Watch":
        self.servers, self.database = self._burnt(), self._database()
        return self

    def __exit__(self, *_: object) -> None:
        self.servers, self.database = self._burnt() - self.servers, self._database() - self.database


def _sample(place: Place, what: tuple[str, str, int, int], window: Window, watch: _Watch) -> Sample:
    act, variant, concurrency, number = what
    cuts = quantiles(window.latencies, n=100)
    return Sample(
        act=act,
        database=place.database,
        size=place.size,
        stored=place.stored,
        replicas=place.replicas,
        variant=variant,
        concurrency=concurrency,
        round=number,
        per_second=window.requests / window.seconds,
        cpu_micros=watch.servers / window.requests * 1e6,
        database_micros=watch.database / window.requests * 1e6,
        p50_millis=cuts[49] * 1000,
        p99_millis=cuts[98] * 1000,
        load_busy=window.own_cpu_seconds / window.seconds,
    )
