"""Routes of health services alone, one module for each part of their casework."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.health.routes.certificates import certificates_router
from services.health.routes.custody import custody_router
from services.health.routes.forensic import forensic_router
from services.health.routes.support import support_router
from services.health.routes.ticks import ticks_router
from services.health.routes.windows import windows_router
from shared.agency.sector.practice import Practice


def sector_routers(practice: Practice) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [
        windows_router(practice),
        support_router(practice),
        forensic_router(practice),
        custody_router(practice),
        ticks_router(practice),
        certificates_router(practice),
    ]
