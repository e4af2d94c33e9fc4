"""Finding a chain."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.web.console.desk import HOME
from shared.pages.guard import signed_in
from shared.pages.rendering import Pages
from shared.pages.routes import page_router
from shared.people.records import OVERSIGHT_ROLES, Person

_Overseer = Annotated[Person, signed_in(*OVERSIGHT_ROLES)]


def chains_router(pages: Pages) -> APIRouter:
    """Make the routes of chains."""
    router = page_router()

    @router.get(HOME)
    async def find(request: Request, person: _Overseer) -> Response:
        return pages.answer(request, "console/chains.html")

    return router
