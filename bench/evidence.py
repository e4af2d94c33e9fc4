"""The page of evidence: written from one run's results and from nothing else, beside the results themselves.

`docs/evidence/performance.json` holds every sample; the page and its pictures are made from that file. A test makes
the page again and compares, so no figure of it can be written by hand.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figures import Row, admissions, floors, goals, growth, loops, memory, other_acts, steps
from bench.results import Results

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "evidence"
RAW = "performance.json"
PAGE = "performance.md"
#: A machine with as many processes waiting per core was not quiet.
_BUSY_PER_CORE = 0.5
_PICTURES: Mapping[str, str] = {
    "performance-floor.svg": "Admissions beside the floor, by callers at once",
    "performance-growth.svg": "Processor time of one act, by how many referrals are stored",
    "performance-loop.svg": "Processor time of one full loop, by step and process",
}


def write(results: Results, folder: Path = FOLDER) -> Path:
    """Write the raw results, the pictures and the page; return the page's path."""
    from bench.plots import draw  # noqa: PLC0415  # slow to load, and needed here alone

    raw = results.write(folder / RAW)
    for old in _PICTURES:
        (folder / old).unlink(missing_ok=True)
    draw(Results.read(raw), folder)
    page = folder / PAGE
    page.write_text(text_of(Results.read(raw), [name for name in _PICTURES if (folder / name).exists()]))
    return page


def text_of(results: Results, pictures: Sequence[str]) -> str:
    """Return the page. The same results make the same page, letter by letter."""
    parts = [
        "# Performance: what was measured",
        _BEGINNING,
        *_noise(results.facts),
        "## Goals",
        _table(goals(results)),
        *(f"![{_PICTURES[name]}]({name})" for name in pictures),
        *_section("## Admission beside the floor", _ADMISSION, admissions(results)),
        *_section("### The floor, written three ways", _FLOORS, floors(results)),
        *_section("## Other acts at the gateway", _OTHER, other_acts(results)),
        *_section("## What grows with what is stored", _GROWTH, growth(results)),
        *_section("## Full loop", _LOOP, loops(results)),
        *_steps(results),
        *_section("## Memory of each process (MiB)", _MEMORY, memory(results)),
        "## On what it was measured",
        _facts(results.facts),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


_BEGINNING = """\
Written by `make bench ARGS="--evidence"` from its own results, which are beside it in
[performance.json](performance.json) with every sample; nothing here is written by hand. How it is measured and how to
read it is told in [reading the benchmark](../explanation/reading-the-benchmark.md). **Ratios** can be compared between
machines; rates and times are of this machine alone."""
_ADMISSION = """\
One signed referral of 4 KB, checked, recorded and receipted, beside a bare application that merely stores the same
bytes, in the same round. Several gateway processes share one database; the load generator takes them in turn."""
_FLOORS = """\
*driver*: one statement through the leanest driver, asyncpg or `sqlite3`, without toolkit. *async*: with what the mesh
itself depends on, psycopg or SQLAlchemy, on the loop. *def*: SQLAlchemy on threads, as most applications are written.
*beside*: the gateway's rate over it, as medians over rounds. The fastest of them is the floor of every other table."""
_OTHER = """\
*opening*: the halves of two compartments released, after a live check of the consent. *revocation*: one consent taken
back that twenty open referrals stand on, each of whose holders is told. *trace*: one chain with the proof of every
entry, as the auditor fetches it."""
_GROWTH = "Processor time of one act, PostgreSQL's included, as medians over rounds."
_LOOP = """\
Referred in clear at one agency's service, sealed, admitted, delivered, opened and stored at another's, found there and
acknowledged, recorded, and found to be acknowledged at the first. Two services, the gateway, the database and the load
generator share the machine's cores. Processor time is that of one case; *known* is from the first post until the
sender found it acknowledged, with as many cases under way as callers allow."""
_MEMORY = """\
*RSS* counts pages shared with other processes in full, *PSS* by their share, *USS* not at all. After the load of the
full loops above."""


def _noise(facts: Mapping[str, Any]) -> list[str]:
    before, after = facts["load_before"][0], facts["load_after"][0]
    if before <= _BUSY_PER_CORE * facts["cores"]:
        return []
    warning = (
        f"> **This run was noisy.** {before} processes wanted one of {facts['cores']} cores before it began "
        f"({after} when it ended). Rates are far too low and ratios uncertain; processor times are too high by what "
        "others took from the caches. Run it again on a quiet machine."
    )
    return [warning]


def _steps(results: Results) -> list[str]:
    """Return what stands in the way: the steps of the loop at the first place, each by process."""
    if not results.loops:
        return []
    first = results.loops[0]
    cores = results.facts["cores"]
    spent = sum(first.cpu_micros.values())
    most = cores * 1e6 / spent
    said = (
        f"Where it goes ({first.database}, {first.size:,} stored), one step for all cases after the other. One case "
        f"costs {spent / 1000:.1f} ms of processor time in all, so {cores} cores without anything else to do could "
        f"carry {most:.0f} a second at most."
    )
    return [said, _table(steps(first))]


def _section(title: str, said: str, rows: Sequence[Row]) -> list[str]:
    return [title, said, _table(rows)] if rows else []


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    headings = list(dict.fromkeys(name for row in rows for name in row))
    line: Callable[[Sequence[str]], str] = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731  # one line
    body = [line([row.get(name, "") for name in headings]) for row in rows]
    return "\n".join([line(headings), line(["---"] * len(headings)), *body])


def _facts(facts: Mapping[str, Any]) -> str:
    rows = [{"": name, "what": _said(value)} for name, value in facts.items()]
    return _table(rows)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(one)}" for name, one in value.items())
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
