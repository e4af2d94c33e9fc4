"""The tables that people see: a release, with everything hidden and rounded that has to be.

The one way from exact numbers to a page, an export or an answer of the API, so that all of them show the same
(`gateway.domain.suppression` decides). Sizes are shown for referrals alone, along months and services; every other
table shows shares, medians and averages: two tables of different numbers of the same people could be subtracted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.domain.counting import Least
from gateway.domain.course import ELSEWHERE
from gateway.domain.measures import DELAYS, REFERRALS
from gateway.domain.period import Period
from gateway.domain.release import Release, Tally
from gateway.domain.suppression import WHOLE, Below, Part, Parts, Share, Verdict, joined, judge, near_all, share_of
from shared.sop.indicators import Dimension, Indicator, IndicatorRules, Measure
from shared.sop.model import Sector, Sop, Urgency

_TWO = 2
_MEDIAN, _P90 = 0.5, 0.9
#: What is asked for most comes first: parts that are hidden with small ones are taken from the end.
_SECTORS: Final = (Sector.HEALTH, Sector.SOCIAL, Sector.POLICE, Sector.LEGAL_AID, Sector.COORDINATION)
REFERRALS_BY: Final = (Dimension.MONTH, Dimension.SERVICE)


class View(StrEnum):
    """For whom a table is made: anybody, or those who coordinate and oversee."""

    PUBLIC = "public"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; what is None is not shown. `level` 0 is the whole, 1 its parts, 2 what is below a part."""

    key: str
    level: int
    referrals: int | None = None
    share: Share | None = None
    median: float | None = None
    p90: float | None = None
    mean: float | None = None

    @property
    def is_shown(self) -> bool:
        """Say whether anything of the line is shown."""
        return any(one is not None for one in (self.referrals, self.share, self.median, self.p90, self.mean))


@dataclass(frozen=True, slots=True)
class Table:
    """One indicator along one dimension, or None for the whole alone; `hidden` is how many parts are not shown."""

    indicator: str
    by: Dimension | None
    rows: Sequence[Row]
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The parts there are along each dimension, in their order: the same whatever was counted."""

    dimensions: Mapping[Dimension, Sequence[str]]
    services: Mapping[str, Sequence[str]]


def catalogue_of(period: Period, *, sop: Sop, agencies: Sequence[str]) -> Catalogue:
    """Return the parts into which a quarter is parted."""
    services = {
        sector.value: [code for code, one in sop.services.items() if one.sector is sector] for sector in _SECTORS
    }
    return Catalogue(
        {
            Dimension.MONTH: period.quarter.months,
            Dimension.SERVICE: [name for name, inside in services.items() if inside],
            Dimension.URGENCY: [one.value for one in Urgency],
            Dimension.PROVINCE: [*sop.provinces, ELSEWHERE],
            Dimension.AGENCY: sorted(agencies),
            Dimension.REASON: list(sop.decline_reasons),
            Dimension.DELAY: DELAYS,
        },
        services,
    )


class Figures:
    """The tables of one release, for one circle of readers."""

    def __init__(
        self,
        release: Release,
        catalogue: Catalogue,
        *,
        view: View,
        internal: Least,
        public: Least,
        rules: IndicatorRules,
    ) -> None:
        self._release = release
        self._catalogue = catalogue
        self._view = view
        self._internal = internal
        self._least = internal if view is View.INTERNAL else public
        self._rules = rules

    def of(self, indicator: str, by: Dimension | None) -> Table:
        """Return one table. Its first line is the whole."""
        known = self._rules.indicators.get(indicator)
        if known is not None and not known.persons:
            return Table(indicator, None, [self._plain(known)])
        dimension = by or self._first(indicator)
        whole, parts, below = self._parts(indicator, dimension)
        verdict = self._verdict(whole, parts, below)
        rows = [self._row(indicator, Row(WHOLE, 0), self._release.whole(indicator), verdict, whole)]
        if by is None:
            return Table(indicator, None, rows)
        found = list(self._lines(indicator, by, parts, below, verdict))
        return Table(indicator, by, [*rows, *(one for one in found if one.is_shown)], _hidden(found))

    def _first(self, indicator: str) -> Dimension:
        known = self._rules.indicators.get(indicator)
        return (known.by if known else REFERRALS_BY)[0] if known is None or known.by else Dimension.MONTH

    def _parts(self, indicator: str, by: Dimension) -> tuple[Part, Parts, Below]:
        whole = self._release.whole(indicator).part(WHOLE)
        keys = self._catalogue.dimensions[by]
        if by is not Dimension.SERVICE:
            return whole, [self._tally(indicator, by, key).part(key) for key in keys], {}
        below = {
            name: [self._tally(indicator, by, code).part(code) for code in self._catalogue.services[name]]
            for name in keys
        }
        return whole, [joined(inside, name) for name, inside in below.items()], below

    def _tally(self, indicator: str, by: Dimension, key: str) -> Tally:
        return self._release.part(indicator, by, key)

    def _verdict(self, whole: Part, parts: Parts, below: Below) -> Verdict:
        inside = judge(whole, parts, least=self._internal, below=below)
        if self._view is View.INTERNAL:
            return inside
        return judge(whole, parts, least=self._least, below=below, within=inside)

    def _lines(self, indicator: str, by: Dimension, parts: Parts, below: Below, verdict: Verdict) -> Iterator[Row]:
        whole = self._release.whole(indicator).part(WHOLE)
        for part in parts:
            inside = below.get(part.key, ())
            tally = _sum(self._tally(indicator, by, one.key) for one in inside) if inside else None
            tally = tally or self._tally(indicator, by, part.key)
            yield self._row(indicator, Row(part.key, 1), tally, verdict, whole)
            for one in inside:
                yield self._row(indicator, Row(one.key, _TWO), self._tally(indicator, by, one.key), verdict, whole)

    def _row(self, indicator: str, line: Row, tally: Tally, verdict: Verdict, whole: Part) -> Row:
        """Return a line with what may be shown on it."""
        if indicator == REFERRALS:
            shown = self._least.rounded(tally.cases) if line.key in verdict.sizes else None
            return replace(line, referrals=shown)
        measure, part = self._rules.indicators[indicator].measure, tally.part(line.key)
        if measure is Measure.SHARE:
            line = replace(line, share=self._share(part, verdict))
            return self._times(line, tally) if line.key in verdict.sizes else line
        if line.key not in verdict.sizes:
            return line
        if measure is Measure.KINDS:
            of_all = Part(line.key, whole.cases, part.cases)
            return replace(line, share=share_of(of_all)) if line.level else line
        if measure is Measure.MEAN:
            return replace(line, mean=self._mean(tally))
        return self._times(line, tally)

    def _times(self, line: Row, tally: Tally) -> Row:
        return replace(line, median=self._quantile(tally, _MEDIAN), p90=self._quantile(tally, _P90))

    def _share(self, part: Part, verdict: Verdict) -> Share | None:
        if part.key in verdict.shares:
            return share_of(part)
        return near_all(part, least=self._least) if part.key == WHOLE and WHOLE in verdict.sizes else None

    def _quantile(self, tally: Tally, share: float) -> float | None:
        """Return the value that so many lie below, where enough lie on either side of it."""
        count, passed = sum(tally.spread.values()), 0
        if round(count * min(share, 1 - share), 6) < self._least.smallest:
            return None
        for step in sorted(tally.spread):
            passed += tally.spread[step]
            if passed >= count * share:
                return step
        return None

    def _mean(self, tally: Tally) -> float | None:
        """Return the average of many, to the nearest half."""
        enough = tally.cases >= _TWO * self._least.smallest
        return round(_TWO * tally.total / tally.cases) / _TWO if enough else None

    def _plain(self, indicator: Indicator) -> Row:
        tally = self._release.whole(indicator.id)
        return Row(WHOLE, 0, share=share_of(tally.part(WHOLE)) if tally.cases else None)


def _sum(tallies: Iterator[Tally]) -> Tally:
    found = Tally()
    for one in tallies:
        found.cases += one.cases
        found.met += one.met
        found.total += one.total
        found.agencies |= one.agencies
        found.spread += one.spread
    return found


def _hidden(rows: Sequence[Row]) -> int:
    """Count the parts that are not shown, of those that stand in the first order or below a part that is shown."""
    return sum(not one.is_shown for one in rows if one.level == 1)
