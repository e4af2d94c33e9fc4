"""What the gateway refused: which agency, when, and why in words."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.refusals import RefusalFilter, Refusals
from gateway.web.console import words
from gateway.web.console.desk import REFUSALS, ConsoleDesk, overseer
from gateway.web.console.filters import Asked, page_after
from shared.kernel.errors import InputRejected
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.web.listing import Paged, write_cursor

_Overseer = Annotated[Person, overseer()]


class RefusalPages:
    """The pages of refusals."""

    def __init__(self, desk: ConsoleDesk, refusals: Refusals) -> None:
        self._desk = desk
        self._refusals = refusals

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(REFUSALS)(self.show)
        return router

    async def show(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """List refusals, newest first."""
        asked = Asked(request, "agency", "code", "since", "until")
        shown: dict[str, Any] = {"asked": asked.given, "words": words, "codes": words.REFUSALS}
        try:
            wanted = self._filter(asked, page)
        except InputRejected as error:
            return self._desk.pages.refused(
                request, "console/refusals.html", error, found=[], names={}, onward=None, **shown
            )
        found = await self._desk.looked(person, "refusals", partial(self._refusals.find, wanted), count=len)
        cursor = write_cursor(int(found[-1]["idx"])) if len(found) == page.limit else None
        names = await self._desk.names({row["actor"] for row in found})
        return self._desk.pages.answer(
            request,
            "console/refusals.html",
            found=found,
            names=names,
            onward=page_after(request, cursor),
            **shown,
        )

    def _filter(self, asked: Asked, page: Paged) -> RefusalFilter:
        wanted = RefusalFilter(
            agency=asked.agency("agency"),
            code=asked.one_of("code", words.REFUSALS),
            since=asked.begin("since"),
            until=asked.end("until"),
            before=page.after_int(),
            limit=page.limit,
        )
        asked.check()
        return wanted
