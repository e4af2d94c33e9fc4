"""The inbox: what is due first, and nothing about a person on any list (R-07, R-20)."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.pages.desk import CASEWORK, HOME, PageDesk
from shared.agency.ports import ReferralFilter
from shared.pages.guard import signed_in
from shared.pages.routes import page_router
from shared.people.records import Person

_Caseworker = Annotated[Person, signed_in(*CASEWORK)]


def inbox_router(desk: PageDesk) -> APIRouter:
    """Make the routes of the inbox."""
    router = page_router()

    @router.get(HOME)
    async def inbox(request: Request, person: _Caseworker) -> Response:
        found = await desk.practice.reader.listed(desk.visitor(person), ReferralFilter())
        return desk.pages.answer(request, "agency/inbox.html", referrals=found.items)

    return router
