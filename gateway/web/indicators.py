"""Monthly counts over HTTP. So far: disclosures that do not rest on consent (indicator I15)."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.adapters.override_readings import OverrideReadings
from gateway.domain.counting import Cell, published
from shared.kernel.clock import Clock
from shared.sop.calendar import ZONE, due_at
from shared.sop.model import LegalBasisKind, Sector, Sop
from shared.web.security import Principal, require
from shared.wire.overrides import MONTH_PATTERN, IndicatorsV1

Reader = Annotated[Principal, require("oversight.read", "ledger.read")]
MonthQuery = Annotated[
    str | None,
    Query(pattern=MONTH_PATTERN, description="Which month, such as 2026-11; the present one when left out."),
]

OVERSIGHT = "oversight.read"
I15 = "I15"
_NAME = {"vi": "Tiết lộ thông tin không dựa trên sự đồng ý", "en": "Disclosures that do not rest on consent"}
_LONGEST_MONTH = timedelta(days=31)


class IndicatorRoutes:
    """Monthly counts over HTTP."""

    def __init__(self, readings: OverrideReadings, *, sop: Sop, clock: Clock) -> None:
        self._readings = readings
        self._sop = sop
        self._clock = clock

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["oversight"])
        router.get("/v1/indicators", summary="Count disclosures without consent in a month")(self.read_indicators)
        return router

    async def read_indicators(self, caller: Reader, month: MonthQuery = None) -> IndicatorsV1:
        """Return the counts of a month.

        Oversight sees every count. Anybody else is shown no count below `suppressed_below`, none from which one
        follows, and none before the month is `final`.
        """
        rules, now = self._sop.overrides, self._clock.now()
        chosen = month or now.astimezone(ZONE).strftime("%Y-%m")
        begin, end = bounds(chosen)
        final = due_at(end, rules.review.amount, rules.review.unit) <= now
        cells = _every_cell(await asyncio.to_thread(self._readings.counts, begin, end))
        sees_all = OVERSIGHT in caller.scopes
        shown = cells if sees_all else published(cells, smallest=rules.smallest_published, final=final)
        return IndicatorsV1.model_validate(
            {
                "month": chosen,
                "final": final,
                "suppressed_below": None if sees_all else rules.smallest_published,
                "indicators": [{"id": I15, "name": _NAME, "cells": [asdict(cell) for cell in shown]}],
            }
        )


def bounds(month: str) -> tuple[datetime, datetime]:
    """Return when a month (`2026-11`) begins and ends in Viet Nam, as UTC."""
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=ZONE)
    following = (begin + _LONGEST_MONTH).replace(day=1)
    return begin.astimezone(UTC), following.astimezone(UTC)


def _every_cell(found: dict[tuple[str, str], Cell]) -> list[Cell]:
    """Return every combination: one that is missing would say that it is zero."""
    kinds = [kind for kind in LegalBasisKind if kind is not LegalBasisKind.CONSENT]
    return [
        found.get((kind.value, sector.value), Cell(kind.value, sector.value, 0, 0))
        for kind in kinds
        for sector in Sector
    ]
