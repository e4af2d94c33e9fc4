"""Where oversight begins: what needs attention now, and the search."""

from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.chain_search import COUNTED_MOST, ChainSearch
from gateway.adapters.override_readings import OverrideReadings
from gateway.adapters.withdrawals import Withdrawals
from gateway.application.override_views import override_view
from gateway.web.console.desk import HOME, ConsoleDesk, overseer
from shared.pages.routes import page_router
from shared.people.records import Person

_Overseer = Annotated[Person, overseer()]
_SHOWN: Final = 5


class StartPage:
    """The page where oversight begins."""

    def __init__(
        self, desk: ConsoleDesk, *, search: ChainSearch, overrides: OverrideReadings, withdrawals: Withdrawals
    ) -> None:
        self._desk = desk
        self._search = search
        self._overrides = overrides
        self._withdrawals = withdrawals

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(HOME)(self.show)
        return router

    async def show(self, request: Request, person: _Overseer) -> Response:
        """Show what needs attention."""
        now = self._desk.now()
        found = await self._desk.looked(person, "start", partial(self._look, now), count=lambda one: one["late_count"])
        agencies = {one.agency for one in found["waiting"]} | {hold["agency"] for hold in found["holds"]}
        agencies |= {name for one in found["late"] for name in (one.sender, one.recipient)}
        agencies |= {name for one in found["overrides"] for name in (one["sender"], one["recipient"])}
        sop = self._desk.sop
        return self._desk.pages.answer(
            request,
            "console/start.html",
            **found,
            names=await self._desk.names(agencies),
            states=sop.state_names,
            services=sop.services,
            counted_most=COUNTED_MOST,
        )

    def _look(self, now: str) -> dict[str, Any]:
        count, late = self._search.late(now, limit=_SHOWN)
        holds = self._withdrawals.open(late=True, after=None, limit=_SHOWN)
        return {
            "late_count": count,
            "late": late,
            "overrides": [override_view(one, at=now) for one in self._overrides.unreviewed(limit=_SHOWN)],
            "holds": [hold for _, hold in holds],
            "waiting": self._search.waiting()[:_SHOWN],
        }
