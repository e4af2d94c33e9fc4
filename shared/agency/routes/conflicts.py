"""Routes of conflicts of interest: declare one and hand over; for supervisors, who did."""

from typing import Annotated

from fastapi import APIRouter, Response

from shared.agency.acting import Caller
from shared.agency.conflicts import declare_conflict, list_conflicts
from shared.agency.office import Office
from shared.agency.reading import CaseReader, Visitor
from shared.agency.requests import ConflictRequest
from shared.agency.routes.answers import ConflictDeclaredV1, ConflictsV1
from shared.agency.routes.callers import HANDLE, SUPERVISE, Doorkeeper, Id, told
from shared.web import listing
from shared.web.body import json_body
from shared.web.listing import Paged


def conflicts_router(office: Office, reader: CaseReader, doors: Doorkeeper) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["conflicts"])

    @router.post(
        "/v1/referrals/{id}/declare-conflict",
        status_code=202,
        summary="Declare a conflict of interest and hand over: the case disappears for you",
    )
    async def declare(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[ConflictRequest, json_body(ConflictRequest)],
        response: Response,
    ) -> ConflictDeclaredV1:
        return ConflictDeclaredV1.model_validate(told(await declare_conflict(office, caller, id, request), response))

    @router.get("/v1/conflicts", summary="Who declared a conflict of interest, for supervisors; nobody says why")
    async def list_declared(page: Paged, visitor: Annotated[Visitor, doors.looking(SUPERVISE)]) -> ConflictsV1:
        await office.store.write(lambda desk: desk.add(reader.visit(visitor, "conflicts", None)))
        found = await list_conflicts(office, visitor, after=page.after_text(), limit=page.limit)
        last = (str(found[-1]["conflict_id"]),) if len(found) == page.limit else None
        items = [{**one, "id": one["conflict_id"]} for one in found]
        return ConflictsV1.model_validate(listing.answer(items, last=last))

    return router
