"""Who of oversight looked at what: the same for both roles, and looking here is written down as well."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.web.console import words
from gateway.web.console.desk import READINGS, ConsoleDesk, PageKind, overseer
from gateway.web.console.filters import Asked, page_after
from shared.kernel.identifiers import is_uuid7
from shared.pages.catalogue import N_
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.web.listing import Paged, write_cursor

_Overseer = Annotated[Person, overseer()]

#: What the kinds of page are called.
PAGES: Final[Mapping[PageKind, str]] = {
    "start": N_("Start"),
    "find": N_("Search"),
    "chain": N_("Chain"),
    "chains": N_("Chains"),
    "refusals": N_("Refusals"),
    "overrides": N_("Without consent"),
    "override": N_("One disclosure"),
    "review": N_("Review"),
    "withdrawals": N_("Withdrawals"),
    "deliveries": N_("Not arriving"),
    "replay": N_("Another try at once"),
    "ledger": N_("Ledger"),
    "entry": N_("Entry of the ledger"),
    "growth": N_("Growth of the ledger"),
    "kept": N_("Kept checkpoint"),
    "clocks": N_("Clocks"),
    "indicators": N_("Indicators"),
    "export": N_("Export of indicators"),
    "readings": N_("Who looked"),
}
ROLES: Final = {"auditor": N_("Auditor"), "coordinator": N_("Coordinator")}


class ReadingPages:
    """The page of what oversight read."""

    def __init__(self, desk: ConsoleDesk) -> None:
        self._desk = desk

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(READINGS)(self.show)
        return router

    async def show(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """List readings, newest first."""
        asked = Asked(request, "about")
        about = asked.given["about"].lower() or None
        look = partial(self._desk.journal.readings, about=about, after=page.after_text(), limit=page.limit)
        found = await self._desk.looked(person, "readings", look, about=about, count=len)
        cursor = write_cursor(str(found[-1]["id"])) if len(found) == page.limit else None
        return self._desk.pages.answer(
            request,
            "console/readings.html",
            found=found,
            asked=asked.given,
            is_id=is_uuid7,
            onward=page_after(request, cursor),
            kinds=PAGES,
            roles=ROLES,
            words=words,
        )
