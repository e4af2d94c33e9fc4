"""The whole benchmark: `python -m bench [--evidence] [--minutes N] [--databases ...] [--sizes ...]`; see README.md."""

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import evidence, machine, report, rounds, story
from bench.postgres import find_programs
from bench.results import Results
from bench.rounds import REQUESTS, Sample
from bench.stage import POSTGRES, SQLITE, Stage
from bench.story import LoopSample

RESULTS = Path(__file__).parent / "results"
CACHE = Path(__file__).resolve().parent.parent / ".cache" / "bench"
SIZES = (1_000, 100_000, 1_000_000)
_SHORT_SIZES = (1_000,)
_SEVERAL = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement, print the tables, write the file, and for `--evidence` the page."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupted)  # so that servers and folders go, too
    console = Console(width=150)
    begun = datetime.now(UTC)
    facts = machine.facts(find_programs()) | {"begun": begun.isoformat(timespec="seconds"), "asked": _asked(options)}
    console.print_json(data=facts)
    said: Callable[[str], None] = lambda text: console.print(f"{datetime.now(UTC):%H:%M:%S} {text}")  # noqa: E731  # one line
    with Stage(options.databases, options.cache, said=said) as stage:
        results = _measured(stage, options, said)
    facts |= {"load_after": machine.load(), "minutes": round((datetime.now(UTC) - begun).total_seconds() / 60, 1)}
    found = Results(facts, *results)
    report.show(found, console=console)
    console.print(f"Written: {found.write(RESULTS / f'{begun:%Y%m%dT%H%M%SZ}.json')}")
    if options.evidence:
        console.print(f"Written: {evidence.write(found)}")
    return 0


def _interrupted(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _measured(
    stage: Stage, options: argparse.Namespace, said: Callable[[str], None]
) -> tuple[list[Sample], list[LoopSample]]:
    """Grow what has to grow first; then measure while there is time, every place at least once."""
    places = list(_places(options))
    for database, size, _ in places:
        stage.prepare(database, size)
    loops: list[LoopSample] = []
    samples: list[Sample] = []
    for database, size, replicas in places:
        said(f"Full loops: {database}, {size} stored, {replicas} gateway processes")
        with stage.world(database, size, replicas=replicas) as (place, world):
            used = stage.database_cpu_seconds(database)
            loops.append(story.play(place, world, cases=options.cases, database_cpu=used))
    until = time.monotonic() + options.minutes * 60
    for number in range(options.rounds):
        if number and time.monotonic() > until:
            break
        material, seen = stage.material(options.concurrency), set()
        for database, size, replicas in places:
            said(f"Round {number + 1}: {database}, {size} stored, {replicas} gateway processes")
            if (database, size) in seen:  # what a database has seen would only be answered as a repetition
                material = stage.material(options.concurrency)
            seen.add((database, size))
            with stage.target(database, size, replicas=replicas) as target:
                samples += rounds.play(target, material, number=number)
    return samples, loops


def _places(options: argparse.Namespace) -> Iterator[tuple[str, int, int]]:
    """Yield database, size and replicas: several processes only where they can share a database, at the middle size."""
    for database in options.databases:
        for size in options.sizes:
            yield database, size, 1
    if POSTGRES in options.databases and options.replicas > 1:
        yield POSTGRES, options.sizes[len(options.sizes) // 2], options.replicas


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--evidence", action="store_true", help="measure everything and write the page of evidence")
    parser.add_argument("--minutes", type=float, default=8.0, help="begin no further round after this long")
    parser.add_argument("--rounds", type=int, help="rounds to take the median of, if there is time")
    parser.add_argument("--databases", nargs="+", choices=(SQLITE, POSTGRES), default=(SQLITE, POSTGRES))
    parser.add_argument("--concurrency", nargs="+", type=int, choices=sorted(REQUESTS), default=sorted(REQUESTS))
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N", help="referrals in the gateway's database")
    parser.add_argument("--replicas", type=int, help="gateway processes beside the measurements of one")
    parser.add_argument("--cases", type=int, help="cases in one run of full loops")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder that keeps the grown databases")
    options = parser.parse_args(arguments)
    whole = {"rounds": 5, "sizes": SIZES, "replicas": _SEVERAL, "cases": 1_500}
    short = {"rounds": 1, "sizes": _SHORT_SIZES, "replicas": 1, "cases": 300}
    for name, value in (whole if options.evidence else short).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.cache = options.cache.resolve()
    return options


def _asked(options: argparse.Namespace) -> dict[str, object]:
    """Return what was asked for, without where files lie on this machine."""
    return {name: value for name, value in vars(options).items() if name != "cache"}


if __name__ == "__main__":
    sys.exit(main())
