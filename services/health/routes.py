"""Routes of health services alone: the worklists of a one-stop centre, what a clinical window ends first on top."""

from collections.abc import Sequence

from fastapi import APIRouter

from shared.agency.office import Office
from shared.agency.reading import CaseReader
from shared.agency.routes.callers import Doorkeeper
from shared.agency.routes.worklists import worklists_router


def sector_routers(office: Office, reader: CaseReader, doors: Doorkeeper) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [worklists_router(office, reader, doors)]
