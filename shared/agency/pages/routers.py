"""Every page of an agency service, in one list."""

from collections.abc import Sequence

from fastapi import APIRouter

from shared.agency.pages.desk import PageDesk
from shared.agency.pages.inbox import inbox_router


def page_routers(desk: PageDesk) -> Sequence[APIRouter]:
    """Make the routes of all pages."""
    return [*desk.front.routers, inbox_router(desk)]
