"""Routes of the police alone, one module for each part of their casework."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.police.routes.cancellations import cancellations_router
from services.police.routes.contacts import contacts_router
from services.police.routes.interviews import interviews_router
from services.police.routes.needs import needs_router
from services.police.routes.officers import officers_router
from services.police.routes.orders import orders_router
from services.police.routes.reading import reading_router
from services.police.routes.reports import reports_router
from services.police.routes.statements import statements_router
from services.police.routes.supervision import supervision_router
from services.police.routes.verification import verification_router
from shared.agency.sector.practice import Practice


def sector_routers(practice: Practice) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [
        officers_router(practice),
        needs_router(practice),
        interviews_router(practice),
        statements_router(practice),
        orders_router(practice),
        cancellations_router(practice),
        supervision_router(practice),
        contacts_router(practice),
        reports_router(practice),
        verification_router(practice),
        reading_router(practice),
    ]
