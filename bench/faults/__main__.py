"""Inject faults and judge: `python -m bench.faults [--engine E] [--faults N] [--seed N] [--seconds S] [--planted]`.

Rounds of so many faults each, until there were enough or the time is over; each round's result is kept before the next
one begins. Ends with 1 when a promise was broken, or when a planted bug was not caught.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import uvloop

from bench import machine
from bench.faults import evidence
from bench.faults.broker import JETSTREAM, jetstream
from bench.faults.engines import POSTGRES, SQLITE, Engine, engine
from bench.faults.plants import PLANTS
from bench.faults.round import Result, Wanted, play
from bench.postgres import find_programs

_EACH_SECONDS = 400.0
_AWAY_FAULTS = 400
_PLANTED_FAULTS, _PLANTED_SECONDS = 600, 45.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Play rounds, keep and print what they showed."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    facts = machine.facts(find_programs())
    broken = 0
    for wanted in _planted(options) if options.planted else _rounds(options):
        result = _play(wanted)
        rounds = [*evidence.read(options.into), evidence.record(result, facts)]
        evidence.keep(rounds, options.into)
        _show(result)
        broken += not _is_as_it_must_be(result)
    return min(broken, 1)


def _rounds(options: argparse.Namespace) -> Iterator[Wanted]:
    """Yield rounds until there were enough faults, or the time is over; every third one has a recipient that polls."""
    until, seed, left = time.monotonic() + options.seconds, options.seed, options.faults
    while left > 0 and time.monotonic() < until:
        before = evidence.read(options.into)
        seconds = min(_EACH_SECONDS, until - time.monotonic())
        first = evidence.uncovered(before, options.engine)
        faults = min(left, _AWAY_FAULTS if options.away else options.each)
        yield Wanted(seed, options.engine, faults, seconds, polls=seed % 3 == 0, first=first, away=options.away)
        left -= sum(evidence.read(options.into)[-1]["faults"].values())
        seed += 1


def _planted(options: argparse.Namespace) -> Iterator[Wanted]:
    for name in PLANTS:
        yield Wanted(options.seed, options.engine, _PLANTED_FAULTS, _PLANTED_SECONDS, plant=name)


def _play(wanted: Wanted) -> Result:
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        _engine(wanted, Path(folder)) as database,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(play(wanted, database, Path(folder)))


def _engine(wanted: Wanted, folder: Path) -> AbstractContextManager[Engine]:
    return jetstream(folder, wanted.seed) if wanted.engine == JETSTREAM else engine(wanted.engine, folder)


def _is_as_it_must_be(result: Result) -> bool:
    if result.wanted.plant:
        return result.verdict[PLANTS[result.wanted.plant].caught_by] > 0
    return not result.findings


def _show(result: Result) -> None:
    wanted, faults = result.wanted, sum(result.faults.values())
    told = ", ".join(f"{count} {name}" for name, count in result.verdict.items())
    what = f"plant {wanted.plant}" if wanted.plant else ("poll" if wanted.polls else "push")
    print(f"{wanted.engine} seed {wanted.seed} ({what}): {faults} faults in {result.seconds:.0f} s: {told}", flush=True)
    for one in result.findings[:20]:
        print(f"  {one.verdict}: {one.says}", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--engine", choices=(SQLITE, POSTGRES, JETSTREAM), default=SQLITE)
    parser.add_argument("--seed", type=int, default=1, help="of the first round; each later one has the next")
    parser.add_argument("--faults", type=int, default=5000, help="how many in all")
    parser.add_argument("--each", type=int, default=5000, metavar="N", help="how many in one round at the most")
    parser.add_argument("--seconds", type=float, default=900, help="of traffic at the most, over all rounds")
    parser.add_argument("--planted", action="store_true", help="show instead that each planted bug is caught")
    parser.add_argument("--away", action="store_true", help="end each round with three days of an absent recipient")
    parser.add_argument("--into", type=Path, default=evidence.FOLDER, help="where the results are kept")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
