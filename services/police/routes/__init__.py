"""Routes of the police alone, one module for each part of their casework."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.police.routes.needs import needs_router
from shared.agency.sector.practice import Practice


def sector_routers(practice: Practice) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [needs_router(practice)]
