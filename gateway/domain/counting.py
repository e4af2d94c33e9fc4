"""Counts that may be published, and those that would tell of a few people.

Follows rule R-23 and invariant INV-12: a count below the smallest that may be published is not shown, nor
one from which such a count follows. So whoever is not oversight is shown no totals, every combination (also
those with no case, which look like those with few), no part of a count unless what is left is large enough
too, nothing with fewer than a few agencies behind it, and nothing of a month that may still change: between two
answers a difference of one would be a person. What is shown is rounded, so that adding up tells of nobody either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cell:
    """How many disclosures rested on one ground, sent by one sector, and how many of them were reviewed in time.

    None is a count that is not shown. `agencies` is how many agencies sent them.
    """

    basis: str
    sector: str
    count: int | None
    reviewed_in_time: int | None
    agencies: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened in services of one sector, and at how many agencies. None is not shown."""

    what: str
    sector: str
    count: int | None
    agencies: int = 0


@dataclass(frozen=True, slots=True)
class Least:
    """What a count must have to be shown: this size, so many agencies; and to which multiple it is rounded."""

    smallest: int
    agencies: int
    rounded_to: int

    def shows(self, count: int | None, agencies: int) -> bool:
        """Say whether a count is large enough, and of enough agencies."""
        return count is not None and count >= self.smallest and agencies >= self.agencies

    def rounded(self, count: int) -> int:
        """Return the nearest multiple, but none below the smallest count that may be shown."""
        lowest = -(-self.smallest // self.rounded_to)
        return max((count + self.rounded_to // 2) // self.rounded_to, lowest) * self.rounded_to


def published_tallies(tallies: Sequence[Tally], *, least: Least, final: bool) -> list[Tally]:
    """Return the tallies as anybody may see them. None is part of another, so each is judged by itself."""
    return [
        replace(one, count=least.rounded(one.count))
        if final and one.count is not None and least.shows(one.count, one.agencies)
        else replace(one, count=None)
        for one in tallies
    ]


def published(cells: Sequence[Cell], *, least: Least, final: bool) -> list[Cell]:
    """Return the cells as anybody may see them: nothing small, nothing it could be computed from."""
    return [_published(cell, least=least, final=final) for cell in cells]


def _published(cell: Cell, *, least: Least, final: bool) -> Cell:
    count, part = cell.count, cell.reviewed_in_time
    if not final or count is None or not least.shows(count, cell.agencies):
        return replace(cell, count=None, reviewed_in_time=None)
    shown = replace(cell, count=least.rounded(count), reviewed_in_time=None)
    if part is None or part < least.smallest or count - part < least.smallest:
        return shown
    rest = least.rounded(count) - least.rounded(part)
    return shown if rest < least.smallest else replace(shown, reviewed_in_time=least.rounded(part))
