"""The indicators of a period: a page with charts and tables, and the same as a file.

Everybody of oversight may see both views. The public one is what may be passed on; what is shown of a quarter that
still runs may not, and has no file. Every look is written down, a file as a look of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.figures import View
from gateway.domain.measures import REFERRALS
from gateway.domain.period import Period
from gateway.web.console.charts import chart_of
from gateway.web.console.desk import INDICATORS, ConsoleDesk, PageKind, overseer, reading_of
from gateway.web.console.exports import as_csv, as_json
from gateway.web.counts import Counts
from gateway.web.figure_views import document, unit_of
from gateway.web.figures import FigureDesk, Labels, Statement
from gateway.web.monthly import Count
from shared.kernel.errors import NotFound
from shared.pages.catalogue import N_
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.sop.indicators import Dimension
from shared.wire.indicators import FiguresV1

_Overseer = Annotated[Person, overseer()]

VIEWS: Final[Mapping[str, str]] = {
    View.PUBLIC.value: N_("Public"),
    View.INTERNAL.value: N_("Internal"),
}
TABLES: Final[Mapping[str, str]] = {
    "": N_("The whole period"),
    Dimension.MONTH.value: N_("By month"),
    Dimension.SERVICE.value: N_("By sector and service"),
    Dimension.URGENCY.value: N_("By urgency"),
    Dimension.PROVINCE.value: N_("By province"),
    Dimension.AGENCY.value: N_("By agency"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was chosen on the form."""

    period: str
    view: View
    by: Dimension | None


class IndicatorPages:
    """The pages of indicators."""

    def __init__(self, desk: ConsoleDesk, counts: Counts) -> None:
        self._desk = desk
        self._figures = counts.figures
        self._monthly = counts.monthly

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(INDICATORS)(self.show)
        router.get(f"{INDICATORS}.csv")(self.csv)
        router.get(f"{INDICATORS}.json")(self.json)
        return router

    async def show(self, request: Request, person: _Overseer) -> Response:
        """Show the tables of a period, with their charts."""
        quarters = await self._figures.quarters()
        asked = question_of(request, self._figures, quarters)
        statement = await statement_or_none(self._figures, asked)
        labels = await self._figures.labels()
        await self._note(person, "indicators", len(statement.tables) if statement else 0)
        return self._desk.pages.answer(
            request,
            "console/indicators.html",
            asked=asked,
            statement=statement,
            labels=labels,
            charts={table.indicator: chart_of(table) for table in statement.tables} if statement else {},
            counts=await self._counts(statement) if statement else (),
            options=options(self._figures, quarters, labels),
            views=VIEWS,
            kinds=TABLES,
            rules=self._figures.rules,
            least={view.value: self._figures.least(view) for view in View},
            plain=REFERRALS,
            unit_of=unit_of,
        )

    async def csv(self, request: Request, person: _Overseer) -> Response:
        """Give out what the page shows, for spreadsheets."""
        shown = await self._exported(request, person)
        language = self._desk.pages.language(request)
        return as_csv(shown, language=language, with_mark="bom" in request.query_params)

    async def json(self, request: Request, person: _Overseer) -> Response:
        """Give out what the page shows, as a document."""
        return as_json(await self._exported(request, person))

    async def _exported(self, request: Request, person: Person) -> FiguresV1:
        asked = question_of(request, self._figures, await self._figures.quarters())
        try:
            statement = await self._figures.statement(asked.period, view=asked.view, by=asked.by)
        except NotFound as error:
            await self._desk.journal.note(reading_of(person, "export", refused=error.code))
            raise
        shown = document(statement, await self._figures.labels(), await self._counts(statement))
        await self._note(person, "export", len(shown.tables))
        return shown

    async def _counts(self, statement: Statement) -> Sequence[Count]:
        """Return what stands for itself in a month; a quarter has none: its months would be parts of it."""
        period = statement.period
        if period.is_quarter:
            return ()
        return await self._monthly.shown(period.begin, period.end, least=statement.least, now=self._desk.clock.now())

    async def _note(self, person: Person, page: PageKind, found: int) -> None:
        await self._desk.journal.note(reading_of(person, page, found=found))


async def statement_or_none(figures: FigureDesk, asked: Question, *, only: Sequence[str] = ()) -> Statement | None:
    """Return what a page shows; None where there is nothing yet to be shown."""
    try:
        return await figures.statement(asked.period, view=asked.view, by=asked.by, only=only, may_run=True)
    except NotFound:
        return None


def question_of(request: Request, figures: FigureDesk, quarters: Sequence[Period]) -> Question:
    """Read what was chosen; whatever is not on the form is as if nothing had been chosen."""
    given: Mapping[str, Any] = request.query_params
    view = View(given["view"]) if given.get("view") in set(View) else View.INTERNAL
    by = Dimension(given["by"]) if given.get("by") in {one.value for one in figures.dimensions(view)} else None
    latest = quarters[0].key if quarters else figures.running.key
    known = {figures.running.key, *(key for one in quarters for key in (one.key, *one.months))}
    period = given.get("period", latest)
    return Question(period if period in known else latest, view, by)


def options(figures: FigureDesk, quarters: Sequence[Period], labels: Labels) -> Sequence[tuple[str, str, bool]]:
    """Return the periods that can be chosen: key, how it is written, and whether it still runs."""
    found = [(figures.running.key, _written(figures.running.key), True)]
    for quarter in quarters:
        found.append((quarter.key, _written(quarter.key), False))
        found += [(month, labels.part(Dimension.MONTH, month).en, False) for month in reversed(quarter.months)]
    return found


def _written(quarter: str) -> str:
    year, _, number = quarter.partition("-Q")
    return f"Q{number}/{year}"
