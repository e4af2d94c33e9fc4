"""What is counted of a period, before anything is hidden of it: the exact numbers, and how they are kept.

Never shown as they are: `gateway.domain.figures` makes of them what may be. Lengths of time are kept as the steps in
which they are shown, so that no single one is kept.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.measures import Finding
from gateway.domain.suppression import WHOLE, Part
from shared.sop.indicators import Dimension, IndicatorRules, Measure

#: Up to so many hours, in steps of so many.
_STEPS: Final = ((10.0, 0.5), (72.0, 1.0), (math.inf, 12.0))
_REFERRALS_BY: Final = (Dimension.MONTH, Dimension.SERVICE)
_KINDS: Final = frozenset({Dimension.REASON, Dimension.DELAY})


@dataclass(slots=True)
class Tally:
    """How many cases, how many met, how many of each length, the sum of values, and the agencies behind them."""

    cases: int = 0
    met: int = 0
    total: float = 0.0
    agencies: set[str] = field(default_factory=set)
    spread: Counter[float] = field(default_factory=Counter)

    def part(self, key: str) -> Part:
        """Return it as part of a table."""
        return Part(key, self.cases, self.met, frozenset(self.agencies))


@dataclass(slots=True)
class Release:
    """The tallies of a quarter by indicator, dimension and part; the whole is the part `WHOLE` of no dimension."""

    period: str
    counted_at: str
    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=dict)

    def add(
        self, finding: Finding, places: Mapping[Dimension, str], agencies: Collection[str], *, rules: IndicatorRules
    ) -> None:
        """Count what one referral said."""
        step = None if finding.value is None else _step(finding, rules)
        for dimension, key in _tables(finding, places, rules):
            place = (finding.indicator, dimension, key)
            tally = self.tallies.get(place)
            if tally is None:
                tally = self.tallies[place] = Tally()
            tally.cases += 1
            tally.met += finding.met
            tally.agencies.update(agencies)
            if finding.value is not None and step is not None:
                tally.total += finding.value
                tally.spread[step] += 1

    def whole(self, indicator: str) -> Tally:
        """Return the tally of the whole period."""
        return self.tallies.get((indicator, WHOLE, WHOLE), Tally())

    def part(self, indicator: str, dimension: Dimension, key: str) -> Tally:
        """Return the tally of a part."""
        return self.tallies.get((indicator, dimension.value, key), Tally())

    def keys(self, dimension: Dimension) -> list[str]:
        """Return the parts along a dimension of which anything was counted."""
        return sorted({key for _, one, key in self.tallies if one == dimension.value})


def _tables(finding: Finding, places: Mapping[Dimension, str], rules: IndicatorRules) -> Iterator[tuple[str, str]]:
    yield WHOLE, WHOLE
    found = rules.indicators.get(finding.indicator)
    by: Iterable[Dimension] = found.by if found else _REFERRALS_BY
    for dimension in by:
        key = finding.kind if dimension in _KINDS else places.get(dimension)
        if key is not None:
            yield dimension.value, key


def _step(finding: Finding, rules: IndicatorRules) -> float:
    """Return the step in which a value is shown, by its upper end."""
    assert finding.value is not None  # noqa: S101 - the caller looked
    known = rules.indicators[finding.indicator]
    if known.measure is not Measure.HOURS and known.phase is None:
        return float(math.ceil(finding.value))
    value = max(0.0, finding.value)
    size = next(step for most, step in _STEPS if value <= most)
    return math.ceil(value / size) * size


def as_document(release: Release) -> dict[str, Any]:
    """Write a release for the database."""
    return {
        "tallies": [
            [*place, one.cases, one.met, one.total, sorted(one.agencies), sorted(one.spread.items())]
            for place, one in sorted(release.tallies.items())
        ]
    }


def release_of(period: str, counted_at: str, document: Mapping[str, Any]) -> Release:
    """Read a release from the database."""
    found = Release(period, counted_at)
    for indicator, dimension, key, cases, met, total, agencies, spread in document["tallies"]:
        found.tallies[indicator, dimension, key] = Tally(cases, met, total, set(agencies), Counter(dict(spread)))
    return found
