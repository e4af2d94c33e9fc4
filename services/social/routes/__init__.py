"""Routes of social services alone, one module for each part of their casework."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.social.routes.beds import beds_router
from services.social.routes.cases import cases_router
from services.social.routes.children import children_router
from services.social.routes.contact import contact_router
from services.social.routes.places import places_router
from services.social.routes.risk import risk_router
from services.social.routes.safety import safety_router
from services.social.routes.support import support_router
from services.social.routes.trafficking import trafficking_router
from shared.agency.sector.practice import Practice


def sector_routers(practice: Practice) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [
        places_router(practice),
        beds_router(practice),
        risk_router(practice),
        safety_router(practice),
        cases_router(practice),
        children_router(practice),
        trafficking_router(practice),
        support_router(practice),
        contact_router(practice),
    ]
