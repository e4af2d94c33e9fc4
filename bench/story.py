"""Full loops as figures: how many a second, who used how much processor time, and what each process held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles

from bench.loop import STEPS, tell, tell_in_parts
from bench.rounds import Place
from bench.world import World

CALLERS = 32
DATABASE = "database"


@dataclass(frozen=True, slots=True)
class LoopSample:
    """What one run of full loops showed. Processor time by process, in microseconds a case."""

    database: str
    size: int
    stored: int
    replicas: int
    concurrency: int
    cases: int
    per_second: float
    cpu_micros: Mapping[str, float]
    admitted_millis: tuple[float, float]
    stored_millis: tuple[float, float]
    known_millis: tuple[float, float]
    #: By step of the loop, and within it by process: the same work, one step for all after the other.
    step_micros: Mapping[str, Mapping[str, float]]
    #: By process, in MiB: after its start and after the load.
    memory_before: Mapping[str, Mapping[str, float]]
    memory_after: Mapping[str, Mapping[str, float]]


def play(place: Place, world: World, *, cases: int, database_cpu: Callable[[], float]) -> LoopSample:
    """Play full loops, all at once and then step by step. The first, smaller lot is only to warm up."""
    meter = _Meter(world, database_cpu)
    before = _memory(world)
    tell(world, max(CALLERS, cases // 5), concurrency=CALLERS)
    meter.lap()
    told = tell(world, cases, concurrency=CALLERS)
    whole = meter.lap()
    steps: dict[str, Mapping[str, float]] = {}
    few = max(CALLERS, cases // 2)
    tell_in_parts(world, few, concurrency=CALLERS, seen=lambda step: steps.update({step: _per_case(meter.lap(), few)}))
    return LoopSample(
        database=place.database,
        size=place.size,
        stored=place.stored,
        replicas=place.replicas,
        concurrency=CALLERS,
        cases=cases,
        per_second=cases / told.seconds,
        cpu_micros=_per_case(whole, cases),
        admitted_millis=_middle_and_last(told.admitted),
        stored_millis=_middle_and_last(told.stored),
        known_millis=_middle_and_last(told.known),
        step_micros={step: steps[step] for step in STEPS},
        memory_before=before,
        memory_after=_memory(world),
    )


class _Meter:
    """The processor time of each process, lap by lap."""

    def __init__(self, world: World, database_cpu: Callable[[], float]) -> None:
        self._world = world
        self._database_cpu = database_cpu
        self._seen = self._read()

    def lap(self) -> dict[str, float]:
        """Return the seconds used since the last lap."""
        seen = self._read()
        used = {name: seconds - self._seen[name] for name, seconds in seen.items()}
        self._seen = seen
        return used

    def _read(self) -> dict[str, float]:
        servers = {name: server.cpu_seconds() for name, server in self._world.servers().items()}
        return {**servers, DATABASE: self._database_cpu()}


def _memory(world: World) -> dict[str, Mapping[str, float]]:
    return {name: server.memory().as_figures() for name, server in world.servers().items()}


def _per_case(seconds: Mapping[str, float], cases: int) -> dict[str, float]:
    return {name: used / cases * 1e6 for name, used in seconds.items()}


def _middle_and_last(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the median and the 99th of a hundred, in milliseconds; nothing for nothing."""
    if len(seconds) < 2:
        return (0.0, 0.0)
    cuts = quantiles(seconds, n=100)
    return (cuts[49] * 1000, cuts[98] * 1000)
