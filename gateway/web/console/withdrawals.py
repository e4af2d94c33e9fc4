"""Consent that was taken back, and who has not yet confirmed that it sealed the data off."""

from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.withdrawals import Withdrawals
from gateway.web.console import words
from gateway.web.console.desk import WITHDRAWALS, ConsoleDesk, overseer
from gateway.web.console.filters import Asked, page_after
from shared.pages.catalogue import N_
from shared.pages.routes import page_router
from shared.people.records import Person
from shared.sop.model import Compartment
from shared.web.listing import Paged, write_cursor

#: Why a holder cannot be reached.
REACHES: Final = {
    "agency.disabled": N_("this agency no longer takes part"),
    "notice.undelivered": N_("the notice has not arrived"),
    "notice.rejected": N_("the notice was sent back"),
}

_Overseer = Annotated[Person, overseer()]


class WithdrawalPages:
    """The pages of revocations that are outstanding."""

    def __init__(self, desk: ConsoleDesk, withdrawals: Withdrawals) -> None:
        self._desk = desk
        self._withdrawals = withdrawals

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(WITHDRAWALS)(self.show)
        return router

    async def show(self, request: Request, person: _Overseer, page: Paged) -> Response:
        """List holders that have not answered, by the revocation they owe it to, oldest first."""
        asked = Asked(request, "late")
        late = True if asked.given["late"] else None
        look = partial(self._withdrawals.open, late=late, after=page.after_text(), limit=page.limit)
        found = await self._desk.looked(person, "withdrawals", look, count=len)
        cursor = write_cursor(found[-1][0]) if len(found) == page.limit else None
        holds = [hold for _, hold in found]
        sop = self._desk.sop
        return self._desk.pages.answer(
            request,
            "console/withdrawals.html",
            asked=asked.given,
            holds=holds,
            names=await self._desk.names({name for one in holds for name in (one["agency"], one["via"])}),
            onward=page_after(request, cursor),
            compartments={part.value: sop.compartment_names[part] for part in Compartment},
            reasons=REACHES,
            words=words,
            extensions=sop.withdrawal.extension_reasons,
        )
