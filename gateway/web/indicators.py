"""Counts over HTTP: of a month what stands for itself (I15, I26, I39), of a period the indicators (I01 to I40)."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query

from gateway.domain.counting import Least
from gateway.domain.figures import View
from gateway.domain.period import month_of, read_period
from gateway.web.figure_views import document
from gateway.web.figures import FigureDesk
from gateway.web.guards import require
from gateway.web.monthly import NAMES, MonthlyCounts, as_seen
from shared.kernel.clock import Clock
from shared.kernel.errors import NotFound
from shared.sop.indicators import Dimension
from shared.sop.model import OverrideRules, Sop
from shared.web.security import Principal
from shared.wire.indicators import PERIOD_PATTERN, FiguresV1
from shared.wire.overrides import MONTH_PATTERN, IndicatorsV1

Reader = Annotated[Principal, require("oversight.read", "ledger.read")]
MonthQuery = Annotated[
    str | None,
    Query(pattern=MONTH_PATTERN, description="Which month, such as 2026-11; the present one when left out."),
]
PeriodPath = Annotated[str, Path(pattern=PERIOD_PATTERN, description="A month or a quarter: 2026-09, 2026-Q3.")]
ByQuery = Annotated[
    Dimension | None, Query(description="Along what a quarter is parted; the whole alone when left out.")
]

OVERSIGHT = "oversight.read"


class IndicatorRoutes:
    """Counts over HTTP."""

    def __init__(self, monthly: MonthlyCounts, figures: FigureDesk, *, sop: Sop, clock: Clock) -> None:
        self._monthly = monthly
        self._figures = figures
        self._sop = sop
        self._clock = clock

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["oversight"])
        router.get(
            "/v1/indicators", summary="Count what happened in a month, without telling of anybody", responses={404: {}}
        )(self.read_indicators)
        router.get("/v1/indicators/{period}", summary="Read the indicators of a period, without telling of anybody")(
            self.read_figures
        )
        return router

    async def read_indicators(self, caller: Reader, month: MonthQuery = None) -> IndicatorsV1:
        """Return the counts of a month.

        Oversight sees every count. Anybody else is shown no count below `suppressed_below`, none from which one
        follows, none with fewer than `least_agencies` behind it, and none before the month is `final`; what it is
        shown is rounded. Raises `NotFound` (`figures.period`) for a month of which cases may be forgotten by now.
        """
        now = self._clock.now()
        chosen = month or month_of(now)
        period = read_period(chosen)
        assert period is not None  # noqa: S101 - the pattern of the query lets through nothing else
        if not self._monthly.is_remembered(period.begin, now=now):
            raise NotFound("figures.period", "That month is longer ago than cases are remembered.")
        final = self._monthly.is_final(period.end, now=now)
        least = None if OVERSIGHT in caller.scopes else _least(self._sop.overrides)
        counted = await self._monthly.counted(period.begin, period.end)
        return IndicatorsV1.model_validate(
            {
                "month": chosen,
                "final": final,
                "suppressed_below": least.smallest if least else None,
                "rounded_to": least.rounded_to if least else None,
                "least_agencies": least.agencies if least else None,
                "indicators": [
                    {
                        "id": name,
                        "name": asdict(NAMES[name]),
                        "cells": [
                            {key: value for key, value in asdict(one).items() if key != "agencies"}
                            for one in as_seen(cells, least=least, final=final)
                        ],
                    }
                    for name, cells in counted.items()
                ],
            }
        )

    async def read_figures(self, caller: Reader, period: PeriodPath, by: ByQuery = None) -> FiguresV1:
        """Return the indicators of a period that is released: the same tables as the pages show, hidden the same way.

        Oversight is shown the internal view (no number below 5), anybody else the public one (none below 11, none of
        fewer than three agencies). A month stands alone; a quarter may be parted.
        """
        view = View.INTERNAL if OVERSIGHT in caller.scopes else View.PUBLIC
        statement = await self._figures.statement(period, view=view, by=by)
        return document(statement, await self._figures.labels(), ())


def _least(rules: OverrideRules) -> Least:
    return Least(smallest=rules.smallest_published, agencies=rules.least_agencies, rounded_to=rules.rounded_to)
