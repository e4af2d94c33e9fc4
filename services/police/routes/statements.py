"""Routes of registering a statement."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.police.acts.statements import register_statement, shown_statement
from services.police.messages.statements import StatementAsTaken, StatementRecordV1
from shared.agency.acting import Caller
from shared.agency.routes.callers import HANDLE, Id
from shared.agency.sector.practice import Practice
from shared.web.body import json_body


def statements_router(practice: Practice) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/v1/police", tags=["police: statements"])
    doors = practice.doors

    @router.post("/referrals/{id}/statements", status_code=201, summary="Register a statement once, by its reference")
    async def register(
        id: Id,
        caller: Annotated[Caller, doors.acting(HANDLE)],
        request: Annotated[StatementAsTaken, json_body(StatementAsTaken)],
        response: Response,
    ) -> StatementRecordV1:
        done = await register_statement(practice, caller, id, request)
        shown = await practice.told(done, response, lambda reading: shown_statement(practice, reading, done.target))
        return StatementRecordV1.model_validate(shown)

    return router
