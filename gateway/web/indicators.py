"""Monthly counts over HTTP: disclosures without consent (I15), statements (I26), conflicts of interest (I39)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.tallies import FIRST, LATER, SECOND, Counts, Tallies
from gateway.domain.conflict import ConflictKind
from gateway.domain.counting import Cell, Least, Tally, published, published_tallies
from gateway.web.guards import require
from shared.kernel.clock import Clock
from shared.sop.calendar import ZONE, due_at
from shared.sop.model import LegalBasisKind, OverrideRules, Sector, Sop
from shared.web.security import Principal
from shared.wire.overrides import MONTH_PATTERN, IndicatorsV1

Reader = Annotated[Principal, require("oversight.read", "ledger.read")]
MonthQuery = Annotated[
    str | None,
    Query(pattern=MONTH_PATTERN, description="Which month, such as 2026-11; the present one when left out."),
]

OVERSIGHT = "oversight.read"
I15, I26, I39 = "I15", "I26", "I39"
_NAMES = {
    I15: {"vi": "Tiết lộ thông tin không dựa trên sự đồng ý", "en": "Disclosures that do not rest on consent"},
    I26: {
        "vi": "Số lần một người phải kể lại trong một vụ việc",
        "en": "Statements by how often she was asked in a case",
    },
    I39: {
        "vi": "Xung đột lợi ích đã khai báo, chuyển trả",
        "en": "Conflicts of interest declared, referrals given back",
    },
}
#: What each tally counts; every combination is listed, because one that is missing would say that it is zero.
_TALLIED = {I26: (FIRST, SECOND, LATER), I39: tuple(kind.value for kind in ConflictKind)}
_LONGEST_MONTH = timedelta(days=31)


class IndicatorRoutes:
    """Monthly counts over HTTP."""

    def __init__(self, readings: OverrideReadings, tallies: Tallies, *, sop: Sop, clock: Clock) -> None:
        self._readings = readings
        self._tallies = tallies
        self._sop = sop
        self._clock = clock

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["oversight"])
        router.get("/v1/indicators", summary="Count what happened in a month, without telling of anybody")(
            self.read_indicators
        )
        return router

    async def read_indicators(self, caller: Reader, month: MonthQuery = None) -> IndicatorsV1:
        """Return the counts of a month.

        Oversight sees every count. Anybody else is shown no count below `suppressed_below`, none from which one
        follows, none with fewer than `least_agencies` behind it, and none before the month is `final`; what it is
        shown is rounded.
        """
        rules, now = self._sop.overrides, self._clock.now()
        chosen = month or now.astimezone(ZONE).strftime("%Y-%m")
        begin, end = bounds(chosen)
        final = due_at(end, rules.review.amount, rules.review.unit) <= now
        least = None if OVERSIGHT in caller.scopes else _least(rules)
        counted = await asyncio.to_thread(self._count, begin, end)
        return IndicatorsV1.model_validate(
            {
                "month": chosen,
                "final": final,
                "suppressed_below": least.smallest if least else None,
                "rounded_to": least.rounded_to if least else None,
                "least_agencies": least.agencies if least else None,
                "indicators": [
                    {"id": name, "name": _NAMES[name], "cells": _shown(cells, least=least, final=final)}
                    for name, cells in counted.items()
                ],
            }
        )

    def _count(self, begin: datetime, end: datetime) -> Mapping[str, Sequence[Cell] | Sequence[Tally]]:
        return {
            I15: _every_cell(self._readings.counts(begin, end)),
            I26: _every_tally(I26, self._tallies.statements(begin, end)),
            I39: _every_tally(I39, self._tallies.conflicts(begin, end)),
        }


def _least(rules: OverrideRules) -> Least:
    return Least(smallest=rules.smallest_published, agencies=rules.least_agencies, rounded_to=rules.rounded_to)


def _shown(cells: Sequence[Cell] | Sequence[Tally], *, least: Least | None, final: bool) -> Sequence[dict[str, Any]]:
    """Return the counts as this reader may see them; `least` None is oversight, which sees all of them."""
    found: list[Cell | Tally] = list(cells)
    if least is not None:
        disclosed = published([one for one in cells if isinstance(one, Cell)], least=least, final=final)
        tallied = published_tallies([one for one in cells if isinstance(one, Tally)], least=least, final=final)
        found = [*disclosed, *tallied]
    return [{name: value for name, value in asdict(one).items() if name != "agencies"} for one in found]


def bounds(month: str) -> tuple[datetime, datetime]:
    """Return when a month (`2026-11`) begins and ends in Viet Nam, as UTC."""
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZONE)
    following = (begin + _LONGEST_MONTH).replace(day=1)
    return begin.astimezone(UTC), following.astimezone(UTC)


def _every_tally(name: str, found: Counts) -> list[Tally]:
    return [
        Tally(what, sector.value, *found.get((what, sector.value), (0, 0)))
        for what in _TALLIED[name]
        for sector in Sector
    ]


def _every_cell(found: dict[tuple[str, str], Cell]) -> list[Cell]:
    """Return every combination: one that is missing would say that it is zero."""
    kinds = [kind for kind in LegalBasisKind if kind is not LegalBasisKind.CONSENT]
    return [
        found.get((kind.value, sector.value), Cell(kind.value, sector.value, 0, 0))
        for kind in kinds
        for sector in Sector
    ]
