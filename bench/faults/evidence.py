"""The evidence: every round that was played, in one JSON file, and the page that is written from it alone."""

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.faults.findings import VERDICTS
from bench.faults.plants import PLANTS
from bench.faults.points import AGENCY, GATEWAY, POINTS, points_of
from bench.faults.round import Result
from bench.faults.world import AGENCIES, POLLING
from mesh.programs import CHECKOUT
from shared.kernel.clock import SystemClock, to_wire

FOLDER: Final = CHECKOUT / "docs" / "evidence"
_FINDINGS_MOST: Final = 20


def record(result: Result, machine: Mapping[str, object]) -> dict[str, Any]:
    """Return a round as it is kept."""
    wanted = result.wanted
    return {
        "at": to_wire(SystemClock().now()),
        "commit": _commit(),
        "machine": dict(machine),
        "engine": wanted.engine,
        "seed": wanted.seed,
        "delivery": "poll" if wanted.polls else "push",
        "plant": wanted.plant or None,
        "asked": {"faults": wanted.faults, "seconds": wanted.seconds},
        "seconds": round(result.seconds, 1),
        "faults": dict(result.faults),
        "places": dict(result.places),
        "killed_at": dict(result.killed_at),
        "not_reached": list(result.not_reached),
        "acts": dict(result.acts),
        "refusals": dict(result.refusals),
        "ledger": {"entries": result.ledger_size, "checkpoints": result.checkpoints},
        "verdict": dict(result.verdict),
        "findings": [asdict(one) for one in result.findings[:_FINDINGS_MOST]],
    }


def read(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return every round that is kept."""
    file = folder / "faults.json"
    found: list[dict[str, Any]] = json.loads(file.read_text())["rounds"] if file.exists() else []
    return found


def keep(rounds: Sequence[Mapping[str, Any]], folder: Path = FOLDER) -> None:
    """Write all rounds, and the page that tells of them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = ",\n".join(json.dumps(one, sort_keys=True) for one in rounds)
    (folder / "faults.json").write_text(f'{{"rounds": [\n{text}\n]}}\n')
    (folder / "faults.md").write_text(page(rounds))


def uncovered(rounds: Sequence[Mapping[str, Any]], engine: str) -> frozenset[str]:
    """Return the named points (`process:point`) of an engine at which nobody was killed yet."""
    killed = {place for one in rounds if one["engine"] == engine for place in one["killed_at"]}
    return frozenset(_all_points() - killed)


def page(rounds: Sequence[Mapping[str, Any]]) -> str:
    """Return the page."""
    planted = [one for one in rounds if one["plant"]]
    unmended = [one for one in rounds if one.get("open")]
    mended = [one for one in rounds if one.get("mended")]
    played = [one for one in rounds if not one["plant"] and not one.get("mended")]
    parts = (
        _totals(played),
        _kinds(played),
        _points(played),
        _found(unmended, "open"),
        _found(mended, "mended"),
        _plants(planted),
        _list(rounds),
    )
    return "\n".join([_HEAD, *(line for part in parts for line in (*part, ""))])


def _found(rounds: Sequence[Mapping[str, Any]], word: str) -> list[str]:
    """Tell what was found and is `mended` since, or `open` still; what is mended is in no total."""
    counted = "counted in the tables above" if word == "open" else "played before it was mended, and in no table above"
    faults = sum(sum(one["faults"].values()) for one in rounds)
    lines = [
        f"## Found, and {word}",
        "",
        f"Rounds: {len(rounds)}, with {faults:,} faults, {counted}.",
        "",
        f"| at | commit | engine | seed | faults | {' | '.join(VERDICTS)} | what it was |",
        f"|---|---|---|---:|---:|{'---:|' * len(VERDICTS)}---|",
    ]
    for one in rounds:
        told = " | ".join(str(one["verdict"][verdict]) for verdict in VERDICTS)
        facts = f"{one['commit'][:9]} | {one['engine']} | {one['seed']} | {sum(one['faults'].values()):,}"
        lines.append(f"| {one['at'][:16]} | {facts} | {told} | {one[word]} |")
    return lines


_HEAD: Final = """# Faults: what was injected, and what it broke

<!-- Written by `make faults` from faults.json beside it. Do not edit. -->

Each round starts real processes on fresh databases and sends the traffic of two agencies' own systems through faulty
lines; meanwhile it kills, freezes and misleads processes and databases. Then it lets everything come to rest and
compares. What a fault is, what the oracle compares, and what all this does not show, is told in
[The fault harness](../explanation/fault-harness.md). To add rounds: `make faults ARGS="--engine sqlite --faults 5000"`.
To play a round again: `make faults ARGS="--engine E --seed SEED --faults N --each N"`, with the N of the list below.
The seed decides the cases, what is done to each request and what happens to processes; the timing of the machine is its
own, and points at which nobody was killed yet come first. The recipient polls where the seed divides by three.
"""


def _totals(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "## Verdict",
        "",
        f"| engine | rounds | faults | acts | attempts | ledger entries | {' | '.join(VERDICTS)} |",
        f"|---|{'---:|' * (5 + len(VERDICTS))}",
    ]
    engines = sorted({one["engine"] for one in rounds})
    for engine in [*engines, None]:
        lines.append(_total(engine or "all", [one for one in rounds if engine in {None, one["engine"]}]))
    return lines


def _total(name: str, rounds: Sequence[Mapping[str, Any]]) -> str:
    figures = [
        len(rounds),
        sum(sum(one["faults"].values()) for one in rounds),
        sum(one["acts"]["asked"] for one in rounds),
        sum(one["acts"]["attempts"] for one in rounds),
        sum(one["ledger"]["entries"] for one in rounds),
        *(sum(one["verdict"][verdict] for one in rounds) for verdict in VERDICTS),
    ]
    return f"| {name} | {' | '.join(f'{figure:,}' for figure in figures)} |"


def _kinds(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    engines = sorted({one["engine"] for one in rounds})
    counts = {engine: _summed(rounds, engine, "faults") for engine in engines}
    kinds = sorted({kind for found in counts.values() for kind in found}, key=lambda kind: -_over(counts, kind))
    rows = [
        f"| {kind} | {' | '.join(f'{counts[engine][kind]:,}' for engine in engines)} | {_over(counts, kind):,} |"
        for kind in kinds
    ]
    head = ["## Faults by kind", "", f"| kind | {' | '.join(engines)} | all |", f"|---|{'---:|' * (len(engines) + 1)}"]
    return [*head, *rows]


def _points(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    counts = _summed(rounds, None, "killed_at")
    lines = [
        "## Killed at named points",
        "",
        "| point | when | gateway | health | social |",
        "|---|---|---:|---:|---:|",
    ]
    for point in POINTS:
        names = [("gateway", GATEWAY), *((agency, AGENCY) for agency in AGENCIES)]
        told = [f"{counts[f'{name}:{point.name}']}" if kind in point.where else "" for name, kind in names]
        lines.append(f"| {point.name} | {point.says} | {' | '.join(told)} |")
    return lines


def _plants(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "## Planted bugs",
        "",
        "Put in from outside, one at a time, to show that the oracle can fail. The verdict named must not be 0.",
        "",
        f"| bug | what it does | must show as | seed | faults | {' | '.join(VERDICTS)} | caught |",
        f"|---|---|---|---:|---:|{'---:|' * len(VERDICTS)}---|",
    ]
    for one in rounds:
        plant = PLANTS[one["plant"]]
        told = " | ".join(str(one["verdict"][verdict]) for verdict in VERDICTS)
        caught = "yes" if one["verdict"][plant.caught_by] else "**no**"
        facts = f"{plant.says} | {plant.caught_by} | {one['seed']} | {sum(one['faults'].values()):,}"
        lines.append(f"| {plant.name} | {facts} | {told} | {caught} |")
    return lines


def _list(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "## Rounds",
        "",
        f"| at | commit | machine | engine | delivery | seed | N | plant | seconds | faults | {' | '.join(VERDICTS)} |",
        f"|---|---|---|---|---|---:|---:|---|---:|---:|{'---:|' * len(VERDICTS)}",
    ]
    for one in rounds:
        machine = f"{one['machine']['cores']} cores, {one['machine']['memory_mib']} MiB"
        told = " | ".join(str(one["verdict"][verdict]) for verdict in VERDICTS)
        facts = f"{one['commit'][:9]} | {machine} | {one['engine']} | {one['delivery']} | {one['seed']}"
        facts += f" | {one['asked']['faults']}"
        faults = f"{sum(one['faults'].values()):,}"
        lines.append(f"| {one['at'][:16]} | {facts} | {one['plant'] or ''} | {one['seconds']} | {faults} | {told} |")
    return lines


def _summed(rounds: Sequence[Mapping[str, Any]], engine: str | None, what: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for one in rounds:
        if engine in {None, one["engine"]}:
            counts.update(one[what])
    return counts


def _over(counts: Mapping[str, Counter[str]], kind: str) -> int:
    return sum(found[kind] for found in counts.values())


def _all_points() -> set[str]:
    names = [("gateway", GATEWAY), *((agency, AGENCY) for agency in AGENCIES)]
    return {f"{name}:{point}" for name, kind in names for point in points_of(kind, polls=name in POLLING)}


def _commit() -> str:
    """Return what the code was: the commit, marked when something was changed since."""
    described = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    told = subprocess.run(described, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()
    return told or "unknown"
