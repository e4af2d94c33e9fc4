"""What the samples say: rows of text for tables, and whether each goal is met. Ratios first, within each round."""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from statistics import median

from bench.results import Results
from bench.rounds import Place, Sample
from bench.story import DATABASE, LoopSample

#: A line of a table, by its headings.
Row = dict[str, str]
#: The least ratio to the floor that is wanted of one gateway process, by the number of callers.
RATIO_GOALS: Mapping[int, float] = {1: 0.5, 32: 1.0}
LOOP_GOAL = 300.0
GROWTH_GOAL = 1.10
MEMORY_GOAL = 150.0
_CALLERS = 32
_GATEWAY = "gateway"
_Key = tuple[str, str, int, int, int]


def admissions(results: Results) -> list[Row]:
    """Return one line for each place and number of callers: the gateway beside the fastest floor."""
    return [_admission(group) for group in _groups(results, "admission")]


def floors(results: Results) -> list[Row]:
    """Return one line for each place and number of callers: each way of writing the floor, the gateway beside it."""
    return [_beside_each(group) for group in _groups(results, "admission")]


def other_acts(results: Results) -> list[Row]:
    """Return one line for each place and act."""
    return [_other(group) for act in ("opening", "revocation", "trace") for group in _groups(results, act)]


def loops(results: Results) -> list[Row]:
    """Return one line for each place where full loops were played."""
    return [
        {
            **_where(one),
            "loops/s": f"{one.per_second:.0f}",
            **{f"{name} µs": f"{used:.0f}" for name, used in _processes(one.cpu_micros).items()},
            "all µs": f"{sum(one.cpu_micros.values()):.0f}",
            "admitted p50 ms": f"{one.admitted_millis[0]:.0f}",
            "stored p50 ms": f"{one.stored_millis[0]:.0f}",
            "known p50 ms": f"{one.known_millis[0]:.0f}",
            "p99 ms": f"{one.known_millis[1]:.0f}",
        }
        for one in results.loops
    ]


def steps(loop: LoopSample) -> list[Row]:
    """Return one line for each step of the loop: who used how much processor time for one case."""
    return [
        {
            "step": step,
            **{f"{name} µs": f"{used:.0f}" for name, used in _processes(by_process).items()},
            "all µs": f"{sum(by_process.values()):.0f}",
        }
        for step, by_process in loop.step_micros.items()
    ]


def memory(results: Results) -> list[Row]:
    """Return one line for each process of each place where full loops were played."""
    return [
        {
            **_where(one),
            "process": name,
            **{f"{kind.upper()} at start": f"{one.memory_before[name][kind]:.0f}" for kind in ("rss", "pss", "uss")},
            **{f"{kind.upper()} after load": f"{after[kind]:.0f}" for kind in ("rss", "pss", "uss")},
        }
        for one in results.loops
        for name, after in one.memory_after.items()
    ]


def growth(results: Results) -> list[Row]:
    """Return one line for each act and database: what it costs with the most stored, compared with the least."""
    rows = []
    for (act, database), places in _by_size(results).items():
        least, most = min(places), max(places)
        if least == most:
            continue
        few, many = places[least], places[most]
        servers, own = cost(many) / cost(few), _median(many, _own) / _median(few, _own)
        rows.append(
            {
                "act": act,
                "database": database,
                "from": f"{least:,}",
                "to": f"{most:,}",
                "µs then": f"{cost(few):.0f}",
                "µs now": f"{cost(many):.0f}",
                "ratio": f"{servers:.2f}",
                "gateway alone": f"{own:.2f}",
                "goal": _met(f"≤ {GROWTH_GOAL:g}", servers <= GROWTH_GOAL),
            }
        )
    return rows


def goals(results: Results) -> list[Row]:
    """Return every goal with the figure that stands against it."""
    return [*_ratio_goals(results), *_loop_goals(results), *_growth_goals(results), *_memory_goal(results)]


def cost(samples: Sequence[Sample]) -> float:
    """Return the processor time of one act, the database's included, as the median over rounds."""
    return _median(samples, lambda sample: sample.cpu_micros + sample.database_micros)


def ratios(group: Sequence[Sample], floor: str | None = None) -> list[float]:
    """Return the gateway's rate over that of a floor, the fastest unless one is named, round by round."""
    floors = _by_floor(group)
    if not floors:
        return []
    by_round = {sample.round: sample.per_second for sample in floors[floor or _fastest(floors)]}
    return [sample.per_second / by_round[sample.round] for sample in group if sample.variant == _GATEWAY]


def _by_floor(group: Sequence[Sample]) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in group:
        if sample.variant != _GATEWAY:
            found.setdefault(sample.variant, []).append(sample)
    return found


def _fastest(floors: Mapping[str, Sequence[Sample]]) -> str:
    return max(floors, key=lambda name: _median(floors[name], _rate))


def at(results: Results, act: str, place: Place, callers: int | None = None) -> list[Sample]:
    """Return the samples of an act at a place, the floor's among them."""
    return [
        sample
        for sample in results.samples
        if (sample.act, sample.database, sample.replicas) == (act, place.database, place.replicas)
        and sample.size == place.size
        and callers in {None, sample.concurrency}
    ]


def _admission(group: Sequence[Sample]) -> Row:
    own = [sample for sample in group if sample.variant == _GATEWAY]
    found, first = ratios(group), own[0]
    goal = RATIO_GOALS.get(first.concurrency) if first.replicas == 1 else None
    floors = _by_floor(group)
    return {
        **_where(first),
        "callers": str(first.concurrency),
        "ratio": f"{median(found):.2f}",
        "range": f"{min(found):.2f}-{max(found):.2f}",
        "goal": "" if goal is None else _met(f"≥ {goal:g}", median(found) >= goal),
        "gateway/s": f"{_median(own, _rate):.0f}",
        "floor/s": f"{_median(floors[_fastest(floors)], _rate):.0f}",
        "gateway µs": f"{_median(own, _own):.0f}",
        "database µs": f"{_median(own, lambda s: s.database_micros):.0f}",
        "p50 ms": f"{_median(own, lambda s: s.p50_millis):.1f}",
        "p99 ms": f"{_median(own, lambda s: s.p99_millis):.1f}",
        "load busy": f"{_median(own, lambda s: s.load_busy):.0%}",
    }


def _beside_each(group: Sequence[Sample]) -> Row:
    row = {**_where(group[0]), "callers": str(group[0].concurrency)}
    for name, samples in sorted(_by_floor(group).items()):
        way = name.removeprefix("floor ")
        row |= {f"{way}/s": f"{_median(samples, _rate):.0f}", f"beside {way}": f"{median(ratios(group, name)):.2f}"}
    return row


def _other(group: Sequence[Sample]) -> Row:
    first = group[0]
    return {
        "act": first.act,
        **_where(first),
        "callers": str(first.concurrency),
        "a second": f"{_median(group, _rate):.0f}",
        "gateway µs": f"{_median(group, _own):.0f}",
        "database µs": f"{_median(group, lambda s: s.database_micros):.0f}",
        "p50 ms": f"{_median(group, lambda s: s.p50_millis):.1f}",
        "p99 ms": f"{_median(group, lambda s: s.p99_millis):.1f}",
    }


def _ratio_goals(results: Results) -> list[Row]:
    rows = []
    for group in _groups(results, "admission"):
        first = group[0]
        goal = RATIO_GOALS.get(first.concurrency)
        if goal is None or first.replicas > 1 or first.size != min(_scales(results)):
            continue
        found = median(ratios(group))
        what = f"admission beside the floor, {first.concurrency} callers, {first.database}"
        rows.append(_goal(what, f"≥ {goal:g}", f"{found:.2f}", found >= goal))
    return rows


def _loop_goals(results: Results) -> list[Row]:
    wanted = f"≥ {LOOP_GOAL:g}/s"
    return [
        _goal(f"full loops, {name}", wanted, f"{best.per_second:.0f}/s", best.per_second >= LOOP_GOAL)
        for name in dict.fromkeys(one.database for one in results.loops)
        for best in [
            max(
                (one for one in results.loops if one.database == name and one.replicas == 1),
                key=lambda one: one.per_second,
            )
        ]
    ]


def _growth_goals(results: Results) -> list[Row]:
    return [
        _goal(
            f"{row['act']} at {row['to']} stored, cost over that at {row['from']}, {row['database']}",
            f"≤ {GROWTH_GOAL:g}",
            row["ratio"],
            float(row["ratio"]) <= GROWTH_GOAL,
        )
        for row in growth(results)
    ]


def _memory_goal(results: Results) -> list[Row]:
    if not results.loops:
        return []
    held = {
        kind: max(one.memory_after[name][kind] for one in results.loops for name in one.memory_after)
        for kind in ("rss", "pss")
    }
    wanted = f"< {MEMORY_GOAL:g} MiB"
    return [
        _goal(
            f"memory of the largest process after load ({kind.upper()})", wanted, f"{most:.0f} MiB", most < MEMORY_GOAL
        )
        for kind, most in held.items()
    ]


def _goal(what: str, wanted: str, seen: str, met: bool) -> Row:
    return {"what": what, "goal": wanted, "seen": seen, "": "met" if met else "**missed**"}


def _met(goal: str, met: bool) -> str:
    return f"{goal} {'met' if met else 'MISSED'}"


def _where(one: Sample | LoopSample) -> Row:
    return {"database": one.database, "stored": f"{one.size:,}", "replicas": str(one.replicas)}


def _processes(used: Mapping[str, float]) -> dict[str, float]:
    """Return processor time by kind of process: that of several gateways together."""
    kinds: dict[str, float] = {}
    for name, micros in used.items():
        kind = name.split()[0]
        kinds[kind] = kinds.get(kind, 0.0) + micros
    return {name: kinds[name] for name in (_GATEWAY, "sender", "recipient", DATABASE) if name in kinds}


def _groups(results: Results, act: str) -> list[list[Sample]]:
    def key(sample: Sample) -> _Key:
        return (sample.act, sample.database, sample.replicas, sample.size, sample.concurrency)

    chosen = sorted((sample for sample in results.samples if sample.act == act), key=key)
    return [list(group) for _, group in groupby(chosen, key)]


def _by_size(results: Results) -> dict[tuple[str, str], dict[int, list[Sample]]]:
    """Return the gateway's own samples by act and database and then by size; admissions with many callers."""
    found: dict[tuple[str, str], dict[int, list[Sample]]] = {}
    for sample in results.samples:
        if sample.variant != _GATEWAY or sample.replicas > 1:
            continue
        if sample.act == "admission" and sample.concurrency != _CALLERS:
            continue
        found.setdefault((sample.act, sample.database), {}).setdefault(sample.size, []).append(sample)
    return found


def _scales(results: Results) -> set[int]:
    return {sample.size for sample in results.samples}


def _rate(sample: Sample) -> float:
    return sample.per_second


def _own(sample: Sample) -> float:
    return sample.cpu_micros


def _median(samples: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return median(map(figure, samples))
