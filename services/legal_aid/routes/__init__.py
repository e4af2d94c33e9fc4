"""Routes of legal aid alone, one module for each part of their casework."""

from collections.abc import Sequence

from fastapi import APIRouter

from services.legal_aid.routes.assignments import assignments_router
from services.legal_aid.routes.claims import claims_router
from services.legal_aid.routes.complaints import complaints_router
from services.legal_aid.routes.eligibility import eligibility_router
from services.legal_aid.routes.exposures import exposures_router
from services.legal_aid.routes.hearings import hearings_router
from services.legal_aid.routes.intake import intake_router
from services.legal_aid.routes.legal_file import legal_file_router
from services.legal_aid.routes.proceedings import proceedings_router
from shared.agency.sector.practice import Practice


def sector_routers(practice: Practice) -> Sequence[APIRouter]:
    """Make the routes that only this sector has."""
    return [
        intake_router(practice),
        eligibility_router(practice),
        assignments_router(practice),
        proceedings_router(practice),
        hearings_router(practice),
        claims_router(practice),
        exposures_router(practice),
        complaints_router(practice),
        legal_file_router(practice),
    ]
