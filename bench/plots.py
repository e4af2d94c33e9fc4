"""The figures as pictures (SVG): ratio to the floor, cost by how much is stored, and who pays for one full loop."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

from bench.figures import RATIO_GOALS, cost, ratios
from bench.results import Results
from bench.rounds import Sample

_STYLE: Any = {"svg.hashsalt": "bench", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
_SIZE = (7.0, 3.4)


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw every picture that the results have figures for, and return the files."""
    with pyplot.rc_context(_STYLE):
        drawn = [_ratios(results, folder), _growth(results, folder), _steps(results, folder)]
    return [path for path in drawn if path is not None]


def _ratios(results: Results, folder: Path) -> Path | None:
    places: dict[str, dict[int, list[Sample]]] = {}
    for sample in results.samples:
        if sample.act == "admission":
            processes = "one process" if sample.replicas == 1 else f"{sample.replicas} processes"
            name = f"{sample.database}, {sample.size:,} stored, {processes}"
            places.setdefault(name, {}).setdefault(sample.concurrency, []).append(sample)
    if not places:
        return None
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    for name, by_callers in places.items():
        callers = sorted(by_callers)
        axes.plot(callers, [median(ratios(by_callers[one])) for one in callers], marker="o", label=name)
    axes.plot(list(RATIO_GOALS), list(RATIO_GOALS.values()), "k_", markersize=18, label="goal (one process)")
    axes.set(xlabel="callers at once", ylabel="admissions, floor = 1", xscale="log", ylim=(0, None))
    axes.set_xticks(sorted({one for by in places.values() for one in by}))
    axes.xaxis.set_major_formatter(matplotlib.ticker.ScalarFormatter())
    return _saved(figure, axes, folder / "performance-floor.svg")


def _growth(results: Results, folder: Path) -> Path | None:
    lines: dict[str, dict[int, list[Sample]]] = {}
    for sample in results.samples:
        if sample.variant == "gateway" and sample.replicas == 1 and (sample.act, sample.concurrency) not in _FEW:
            lines.setdefault(f"{sample.act}, {sample.database}", {}).setdefault(sample.size, []).append(sample)
    if not any(len(by_size) > 1 for by_size in lines.values()):
        return None
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    for name, by_size in lines.items():
        sizes = sorted(by_size)
        axes.plot(sizes, [cost(by_size[size]) / cost(by_size[sizes[0]]) for size in sizes], marker="o", label=name)
    axes.axhspan(0.9, 1.1, alpha=0.15, color="grey")
    axes.set(xlabel="referrals stored", ylabel="processor time of one act,\nfewest stored = 1", xscale="log")
    axes.set_ylim(0, None)
    return _saved(figure, axes, folder / "performance-growth.svg")


#: Admissions with few callers say less about what grows: there the wake-ups weigh most.
_FEW = (("admission", 1), ("admission", 8))


def _steps(results: Results, folder: Path) -> Path | None:
    first = results.loops[:1]
    if not first:
        return None
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    loop = first[0]
    names = [name for name in loop.cpu_micros if any(by.get(name, 0) > 0 for by in loop.step_micros.values())]
    left = [0.0] * len(loop.step_micros)
    for name in names:
        widths = [by.get(name, 0.0) / 1000 for by in loop.step_micros.values()]
        axes.barh(list(loop.step_micros), widths, left=left, label=name)
        left = [one + width for one, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(xlabel=f"milliseconds of processor time for one case ({loop.database})")
    return _saved(figure, axes, folder / "performance-loop.svg")


def _saved(figure: Any, axes: Any, path: Path) -> Path:
    axes.legend(fontsize=7, frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return path


def names(paths: Sequence[Path]) -> list[str]:
    """Return the files' names."""
    return [path.name for path in paths]
