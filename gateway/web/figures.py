"""What can be asked of the counts, and the one way in which they are answered: to pages, to exports, to the API.

Fixed periods, fixed tables: no question can be put together that the method has not been tried against. A month is
read from the table of months of its quarter, and is released with it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.adapters.directory import Directory
from gateway.adapters.releases import Releases
from gateway.domain.counting import Least
from gateway.domain.course import ELSEWHERE
from gateway.domain.figures import REFERRALS_BY, Catalogue, Figures, Row, Table, View, catalogue_of
from gateway.domain.measures import REFERRALS
from gateway.domain.period import Period, quarter_of, read_period
from gateway.domain.release import Release
from gateway.domain.suppression import WHOLE
from shared.kernel.clock import Clock
from shared.kernel.errors import NotFound
from shared.pages.catalogue import N_
from shared.sop.indicators import Dimension, Indicator, IndicatorRules
from shared.sop.model import Name, Sector, Sop, Urgency

NOT_YET: Final = N_("There are no numbers of this period. A quarter is counted 30 days after its end.")
_COUNTED: Final = Name(vi="Chuyển gửi được tính", en="Referrals counted")
_WHOLE: Final = Name(vi="Toàn bộ", en="All")
_ELSEWHERE: Final = Name(vi="Nhiều tỉnh, hoặc không rõ", en="Several provinces, or not known")


@dataclass(frozen=True, slots=True)
class Statement:
    """The tables that one reader is shown of one period. `running`: it has not ended, and is not to be passed on."""

    period: Period
    view: View
    by: Dimension | None
    running: bool
    counted_at: str
    least: Least
    tables: Sequence[Table]


class Labels:
    """What indicators and parts are called, in both languages."""

    def __init__(self, *, sop: Sop, rules: IndicatorRules, agencies: Mapping[str, Name]) -> None:
        self._sop, self._rules, self._agencies = sop, rules, agencies

    def indicator(self, one: str) -> Name:
        """Return the name of an indicator."""
        return _COUNTED if one == REFERRALS else self._rules.indicators[one].name

    def facts(self, one: str) -> Indicator | None:
        """Return what the data says of an indicator; None for the plain number of referrals."""
        return self._rules.indicators.get(one)

    def part(self, by: Dimension | None, key: str) -> Name:
        """Return the name of a part."""
        if by is None or key == WHOLE:
            return _WHOLE
        names: Mapping[Dimension, Mapping[str, Name]] = {
            Dimension.URGENCY: {one.value: self._sop.urgencies[one].name for one in Urgency},
            Dimension.REASON: {code: one.name for code, one in self._sop.decline_reasons.items()},
            Dimension.DELAY: self._rules.delays,
        }
        if by in names:
            return names[by][key]
        return self._place(by, key)

    def _place(self, by: Dimension, key: str) -> Name:
        if by is Dimension.MONTH:
            year, _, month = key.partition("-")
            return Name(vi=f"{int(month)}/{year}", en=f"{int(month)}/{year}")
        if by is Dimension.AGENCY:
            return self._agencies[key]
        if by is Dimension.PROVINCE:
            province = self._sop.provinces.get(key)
            return _ELSEWHERE if key == ELSEWHERE or province is None else Name(vi=province.name, en=province.name)
        if key in self._sop.services:
            return self._sop.services[key].name
        return self._sop.sector_names[Sector(key)]


class FigureDesk:
    """Answers what may be asked of the counts."""

    def __init__(
        self, releases: Releases, directory: Directory, *, sop: Sop, rules: IndicatorRules, clock: Clock
    ) -> None:
        self.rules = rules
        self.releases = releases
        self._directory = directory
        self._sop, self._clock = sop, clock

    async def labels(self) -> Labels:
        """Return what things are called."""
        agencies = await asyncio.to_thread(self._directory.names, await self.releases.agencies())
        return Labels(sop=self._sop, rules=self.rules, agencies=agencies)

    async def quarters(self) -> Sequence[Period]:
        """Return the quarters that are released, the last one first."""
        return await self.releases.released()

    @property
    def running(self) -> Period:
        """Return the quarter that still runs."""
        return quarter_of(self._clock.now())

    async def statement(
        self, key: str, *, view: View, by: Dimension | None, only: Sequence[str] = (), may_run: bool = False
    ) -> Statement:
        """Return the tables of a period: of every indicator that has one along `by`, or of those in `only`.

        Raises `NotFound` (`figures.period`) where nothing is released; a quarter that runs is for pages alone.
        """
        period = read_period(key)
        if period is None:
            raise _none()
        runs = period == self.running and may_run and view is View.INTERNAL
        release = await (self.releases.running() if runs else self.releases.of(period.quarter))
        if release is None:
            raise _none()
        catalogue = catalogue_of(period, sop=self._sop, agencies=await self.releases.agencies())
        return Statement(
            period=period,
            view=view,
            by=by,
            running=runs,
            counted_at=release.counted_at,
            least=self.least(view),
            tables=list(self._tables(release, catalogue, period, view, by, only)),
        )

    def least(self, view: View) -> Least:
        """Return what a number must have to be shown in a view."""
        rules = self._sop.overrides
        if view is View.PUBLIC:
            return Least(rules.smallest_published, rules.least_agencies, rules.rounded_to)
        return Least(self.rules.internal_smallest, self.rules.internal_agencies, rules.rounded_to)

    def dimensions(self, view: View) -> Sequence[Dimension]:
        """Return along what a quarter is parted for a view. No number of one agency is anybody's to see (R-23)."""
        kinds = {Dimension.REASON, Dimension.DELAY}
        return [one for one in Dimension if one not in kinds and (view is View.INTERNAL or one is not Dimension.AGENCY)]

    def _tables(  # noqa: PLR0917 - what was asked, one after another
        self,
        release: Release,
        catalogue: Catalogue,
        period: Period,
        view: View,
        by: Dimension | None,
        only: Sequence[str],
    ) -> Sequence[Table]:
        figures = Figures(
            release,
            catalogue,
            view=view,
            internal=self.least(View.INTERNAL),
            public=self.least(View.PUBLIC),
            rules=self.rules,
        )
        wanted = [one for one in (REFERRALS, *self.rules.indicators) if not only or one in only]
        if not period.is_quarter:
            found = [figures.of(one, Dimension.MONTH) for one in wanted if Dimension.MONTH in self._by(one)]
            return [_of_month(table, period.key) for table in found]
        if by is None:
            whole = [figures.of(one, None) for one in wanted]
            kinds = [figures.of(one, self._by(one)[0]) for one in wanted if _is_of_kinds(self._by(one))]
            return [*(one for one in whole if not _is_of_kinds(self._by(one.indicator))), *kinds]
        return [figures.of(one, by) for one in wanted if by in self._by(one)]

    def _by(self, indicator: str) -> Sequence[Dimension]:
        return REFERRALS_BY if indicator == REFERRALS else self.rules.indicators[indicator].by


def _is_of_kinds(by: Sequence[Dimension]) -> bool:
    return bool(by) and by[0] in {Dimension.REASON, Dimension.DELAY}


def _of_month(table: Table, month: str) -> Table:
    row = next((one for one in table.rows if one.key == month), Row(month, 1))
    return Table(table.indicator, Dimension.MONTH, [row])


def _none() -> NotFound:
    return NotFound("figures.period", NOT_YET)
