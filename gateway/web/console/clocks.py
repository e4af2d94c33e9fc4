"""How the clocks were kept: each duty by service or agency, beside what the clocks rest on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.figures import View
from gateway.web.console.charts import chart_of
from gateway.web.console.desk import CLOCKS, ConsoleDesk, overseer, reading_of
from gateway.web.console.indicators import TABLES, VIEWS, options, question_of, statement_or_none
from gateway.web.console.words import PHASES
from gateway.web.figures import FigureDesk
from shared.pages.catalogue import N_
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.sop.model import ClockRule, ClockUnit, Name, Sop

_Overseer = Annotated[Person, overseer()]

#: The four duties; how long the third took is also I04.
DUTIES: Final = ("I01", "I02", "I03", "I06")
UNITS: Final = {
    ClockUnit.MINUTES.value: N_("minutes"),
    ClockUnit.HOURS.value: N_("hours"),
    ClockUnit.DAYS.value: N_("days"),
    ClockUnit.WORKING_DAYS.value: N_("working days"),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A clock, of what it is, and the name of that."""

    of: Name
    clock: ClockRule


class ClockPages:
    """The page of clock performance."""

    def __init__(self, desk: ConsoleDesk, figures: FigureDesk) -> None:
        self._desk = desk
        self._figures = figures

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(CLOCKS)(self.show)
        return router

    async def show(self, request: Request, person: _Overseer) -> Response:
        """Show how each duty was kept."""
        quarters = await self._figures.quarters()
        asked = question_of(request, self._figures, quarters)
        statement = await statement_or_none(self._figures, asked, only=DUTIES)
        labels = await self._figures.labels()
        await self._desk.journal.note(reading_of(person, "clocks", found=len(statement.tables) if statement else 0))
        return self._desk.pages.answer(
            request,
            "console/clocks.html",
            asked=asked,
            statement=statement,
            labels=labels,
            charts={table.indicator: chart_of(table) for table in statement.tables} if statement else {},
            options=options(self._figures, quarters, labels),
            views=VIEWS,
            kinds=TABLES,
            least={view.value: self._figures.least(view) for view in View},
            rules=self._figures.rules,
            grounds=list(grounds(self._desk.sop)),
            phases=PHASES,
            units=UNITS,
        )


def grounds(sop: Sop) -> Iterator[Ground]:
    """Yield every clock: of the urgency levels first, then of the services that have their own."""
    for level in sop.urgencies.values():
        yield from _each(level.name, level.clocks)
    for service in sop.services.values():
        yield from _each(
            Name(vi=f"{service.code} {service.name.vi}", en=f"{service.code} {service.name.en}"), service.clocks
        )


def _each(of: Name, clocks: Sequence[ClockRule]) -> Iterator[Ground]:
    return (Ground(of, clock) for clock in clocks)
