"""Requests for a statement that exists, over HTTP."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path

from gateway.adapters.bell import Bell
from gateway.adapters.desk import SqlDesk
from gateway.adapters.tables import REFERRALS
from gateway.application.outcome import Refused
from gateway.application.request_statement import StatementAsked, request_statement
from shared.kernel.clock import from_wire
from shared.kernel.identifiers import UUID7_PATTERN, IdFactory
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.telemetry.context import current_trace_id
from shared.web.body import json_body
from shared.web.security import Principal, require
from shared.wire.statements import StatementAskedV1, StatementRequestV1

Handler = Annotated[Principal, require("referrals.handle")]
ReferralId = Annotated[str, Path(pattern=UUID7_PATTERN)]


class StatementRoutes:
    """Requests for a statement that exists, over HTTP."""

    def __init__(self, writer: GroupWriter[SqlDesk], *, sop: Sop, ids: IdFactory, bell: Bell) -> None:
        self._writer = writer
        self._sop = sop
        self._ids = ids
        self._bell = bell

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["referrals"])
        router.post(
            "/v1/referrals/{referral_id}/statement-requests",
            summary="Ask for the statement that exists instead of asking her again",
            status_code=202,
        )(self.post_request)
        return router

    async def post_request(
        self, caller: Handler, referral_id: ReferralId, asked: Annotated[StatementAskedV1, json_body(StatementAskedV1)]
    ) -> StatementRequestV1:
        """Pass the request on to the agency that holds it, if she agreed; who that is is not said."""
        command = StatementAsked(
            request_id=self._ids.new(),
            referral_id=referral_id,
            by=caller.subject,
            actor=asked.actor,
            trace_id=current_trace_id(),
        )
        work = partial(request_statement, asked=command, sop=self._sop)
        outcome = await self._writer.submit(work, prefetch=[(REFERRALS, referral_id)])
        if isinstance(outcome, Refused):
            raise outcome.error
        self._bell.ring(outcome.holder)
        return StatementRequestV1(
            id=outcome.id,
            referral_id=outcome.referral_id,
            compartments=tuple(name.value for name in outcome.compartments),
            due_at=from_wire(outcome.due_at),
            ledger_index=outcome.ledger_index,
        )
