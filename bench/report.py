"""The figures: medians over rounds, and the ratio of gateway to floor taken within each round."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from bench.rounds import Sample

_HEADINGS = ("requests/s", "range", "CPU µs/request", "p50 ms", "p99 ms", "load busy", "ratio", "range", "goal")
#: The least ratio that is wanted, by variant and concurrency (architecture, performance budget).
GOALS: Mapping[tuple[str, int], float] = {("gateway", 1): 0.5, ("gateway", 32): 1.0, ("grown", 32): 0.9}
_Place = tuple[str, int]


def show(samples: Sequence[Sample], *, base: str, console: Console) -> None:
    """Print one line per database, concurrency and variant; ratios are against the fastest variant named `base...`."""
    table = Table(title=f"Admissions beside: {base} (medians over rounds)")
    for heading in ("database", "concurrency", "variant"):
        table.add_column(heading)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right")
    for place, group in _by_place(samples).items():
        for variant, own in _by_variant(group).items():
            table.add_row(place[0], str(place[1]), variant, *_figures(own), *_ratio(place, variant, group, base))
        table.add_section()
    console.print(table)


def write(folder: Path, *, stamp: str, facts: Mapping[str, object], samples: Sequence[Sample], base: str) -> Path:
    """Write everything that was seen to one JSON file, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stamp}.json"
    summary = [
        {"database": place[0], "concurrency": place[1], "variant": name, "ratios": _ratios(group, name, fastest)}
        for place, group in _by_place(samples).items()
        for fastest in [_fastest(group, base)]
        for name in _by_variant(group)
    ]
    document = {"facts": facts, "base": base, "ratios": summary, "samples": [asdict(sample) for sample in samples]}
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def _figures(own: Sequence[Sample]) -> tuple[str, ...]:
    rates = [sample.per_second for sample in own]
    return (
        f"{median(rates):.0f}",
        f"{min(rates):.0f}-{max(rates):.0f}",
        f"{_median(own, lambda s: s.cpu_micros):.0f}",
        f"{_median(own, lambda s: s.p50_millis):.1f}",
        f"{_median(own, lambda s: s.p99_millis):.1f}",
        f"{_median(own, lambda s: s.load_busy):.0%}",
    )


def _ratio(place: _Place, variant: str, group: Sequence[Sample], base: str) -> tuple[str, str, str]:
    fastest = _fastest(group, base)
    if variant == fastest:
        return ("1", "", "")
    found = _ratios(group, variant, fastest)
    goal = GOALS.get((variant, place[1]))
    met = "" if goal is None else f"≥ {goal:g} {'met' if median(found) >= goal else 'MISSED'}"
    return (f"{median(found):.2f}", f"{min(found):.2f}-{max(found):.2f}", met)


def _fastest(group: Sequence[Sample], base: str) -> str:
    rates = {
        name: _median(own, lambda s: s.per_second) for name, own in _by_variant(group).items() if name.startswith(base)
    }
    return max(rates, key=lambda name: rates[name])


def _ratios(group: Sequence[Sample], variant: str, base: str) -> list[float]:
    by_round = {sample.round: sample.per_second for sample in group if sample.variant == base}
    return [sample.per_second / by_round[sample.round] for sample in group if sample.variant == variant]


def _median(own: Sequence[Sample], figure: Callable[[Sample], float]) -> float:
    return median(map(figure, own))


def _by_place(samples: Sequence[Sample]) -> dict[_Place, list[Sample]]:
    key: Callable[[Sample], _Place] = lambda sample: (sample.database, sample.concurrency)  # noqa: E731
    return {place: list(group) for place, group in groupby(sorted(samples, key=key), key)}


def _by_variant(group: Sequence[Sample]) -> dict[str, list[Sample]]:
    names = sorted({sample.variant for sample in group}, key=lambda name: (name not in {"gateway", "grown"}, name))
    return {name: [sample for sample in group if sample.variant == name] for name in names}
