"""Route of her legal file."""

from typing import Annotated

from fastapi import APIRouter

from services.legal_aid.acts.legal_file import file_shown
from services.legal_aid.messages.legal_file import LegalFileV1
from shared.agency.reading import Visitor
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice


def legal_file_router(practice: Practice) -> APIRouter:
    """Make the route."""
    router = APIRouter(prefix="/v1/legal-aid", tags=["legal aid: legal file"])

    @router.get("/referrals/{id}/file", summary="Read her legal file; the reading is on record")
    async def read_file(id: Id, visitor: Annotated[Visitor, practice.doors.visiting(HANDLE)]) -> LegalFileV1:
        found = await practice.visit(visitor, "legal-file", id, lambda reading: file_shown(practice, reading, id))
        return LegalFileV1.model_validate(found)

    return router
