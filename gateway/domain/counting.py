"""Counts that may be published, and those that would tell of a few people.

Follows rule R-23 and invariant INV-12: a count below the smallest that may be published is not shown, nor
one from which such a count follows. So whoever is not oversight is shown no totals, every combination (also
those with no case, which look like those with few), no part of a count unless what is left is large enough
too, and nothing of a month that may still change: between two answers a difference of one would be a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cell:
    """How many disclosures rested on one ground, sent by one sector, and how many of them were reviewed in time.

    None is a count that is not shown.
    """

    basis: str
    sector: str
    count: int | None
    reviewed_in_time: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened in services of one sector. None is a count that is not shown."""

    what: str
    sector: str
    count: int | None


def published_tallies(tallies: Sequence[Tally], *, smallest: int, final: bool) -> list[Tally]:
    """Return the tallies as anybody may see them. None is part of another, so each is judged by itself."""
    return [tally if _is_large(tally.count, smallest) and final else replace(tally, count=None) for tally in tallies]


def _is_large(count: int | None, smallest: int) -> bool:
    return count is not None and count >= smallest


def published(cells: Sequence[Cell], *, smallest: int, final: bool) -> list[Cell]:
    """Return the cells as anybody may see them: nothing below `smallest`, nothing it could be computed from."""
    return [_published(cell, smallest=smallest, final=final) for cell in cells]


def _published(cell: Cell, *, smallest: int, final: bool) -> Cell:
    count, part = cell.count, cell.reviewed_in_time
    if not final or count is None or count < smallest:
        return replace(cell, count=None, reviewed_in_time=None)
    if part is None or part < smallest or count - part < smallest:
        return replace(cell, reviewed_in_time=None)
    return cell
