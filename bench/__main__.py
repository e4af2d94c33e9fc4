"""Measure admissions per second beside the floor: `python -m bench [--rounds N] [--databases ...] [--grow N]`."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import machine, report
from bench.grow import fill
from bench.postgres import find_programs
from bench.rounds import REQUESTS, WARM_UP, Contest, Sample, floor_variants, gateway_variant, play, warm_up
from bench.stage import POSTGRES, SQLITE, Stage

RESULTS = Path(__file__).parent / "results"
_GROWN_CONCURRENCY = 32


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement, print the table, write the file."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _interrupted)  # so that servers and folders go, too
    console = Console(width=150)
    facts = {**machine.facts(find_programs()), "delivery": "off; the recipient polls", "options": vars(options)}
    console.print_json(data=facts)
    with Stage(options.databases) as stage:
        samples = list(_grown(stage, options) if options.grow else _beside_floor(stage, options))
    base = "fresh" if options.grow else "floor"
    report.show(samples, base=base, console=console)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    console.print(f"Written: {report.write(RESULTS, stamp=stamp, facts=facts, samples=samples, base=base)}")
    return 0


def _interrupted(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _beside_floor(stage: Stage, options: argparse.Namespace) -> Iterator[Sample]:
    """Measure the gateway beside both ways of writing the floor."""
    contests = []
    for database in stage.databases:
        gateway, floor = stage.gateway(database), stage.floor(database)
        contests.append(Contest(database, [gateway], [gateway_variant(gateway), *floor_variants(floor)]))
    yield from _rounds(stage, contests, rounds=options.rounds, concurrencies=options.concurrency)


def _grown(stage: Stage, options: argparse.Namespace) -> Iterator[Sample]:
    """Measure a gateway with many referrals beside one that has only those of this run."""
    contests = []
    for database in stage.databases:
        fresh, grown = stage.gateway(database, name="fresh"), stage.gateway(database, name="grown")
        fill(grown, options.grow)
        variants = [gateway_variant(fresh, name="fresh"), gateway_variant(grown, name="grown")]
        contests.append(Contest(database, [fresh, grown], variants))
    yield from _rounds(stage, contests, rounds=options.rounds, concurrencies=[_GROWN_CONCURRENCY])


def _rounds(
    stage: Stage, contests: Sequence[Contest], *, rounds: int, concurrencies: Sequence[int]
) -> Iterator[Sample]:
    for contest in contests:
        warm_up(contest, stage.work(WARM_UP))
    for number in range(rounds):
        for concurrency in concurrencies:
            yield from play(contests, number=number, concurrency=concurrency, work=stage.work(REQUESTS[concurrency]))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="rounds to take the median of")
    parser.add_argument("--databases", nargs="+", choices=(SQLITE, POSTGRES), default=(SQLITE, POSTGRES))
    parser.add_argument("--concurrency", nargs="+", type=int, choices=sorted(REQUESTS), default=sorted(REQUESTS))
    parser.add_argument("--grow", type=int, default=0, metavar="N", help="show instead what N referrals more change")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
