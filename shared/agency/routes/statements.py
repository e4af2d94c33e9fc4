"""The route by which a service that would ask her again asks for the statement that exists."""

from typing import Annotated

from fastapi import APIRouter

from shared.agency.acting import Caller
from shared.agency.office import Office
from shared.agency.requests import StatementRequest
from shared.agency.routes.callers import HANDLE, Doorkeeper, Id
from shared.agency.statements import ask_for_statement
from shared.web.body import json_body
from shared.wire.answers import read_answer
from shared.wire.statements import StatementRequestV1


def statements_router(office: Office, doors: Doorkeeper) -> APIRouter:
    """Make the route."""
    router = APIRouter(tags=["lifecycle"])

    @router.post(
        "/v1/referrals/{id}/request-statement",
        status_code=202,
        summary="Ask for the statement that exists instead of asking her again",
    )
    async def request_statement(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[StatementRequest, json_body(StatementRequest)],
    ) -> StatementRequestV1:
        return read_answer(StatementRequestV1, await ask_for_statement(office, caller, id, request))

    return router
