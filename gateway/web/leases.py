"""Leases over HTTP: hold a place for minutes, and let it go."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from gateway.adapters.desk import SqlDesk
from gateway.adapters.tables import AGENCIES, AVAILABILITIES, LEASES
from gateway.application.outcome import Refused
from gateway.application.take_lease import LeaseAsked, LeaseReleased, release_lease, take_lease
from gateway.web.directory import check_service
from shared.kernel.clock import from_wire
from shared.kernel.identifiers import UUID7_PATTERN, IdFactory
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.telemetry.context import current_trace_id
from shared.web.body import json_body
from shared.web.security import Principal, require
from shared.wire.directory import LeaseRequestV1, LeaseV1

Sender = Annotated[Principal, require("referrals.send")]
LeaseId = Annotated[str, Path(pattern=UUID7_PATTERN)]


class LeaseRoutes:
    """Leases over HTTP."""

    def __init__(self, writer: GroupWriter[SqlDesk], *, sop: Sop, ids: IdFactory) -> None:
        self._writer = writer
        self._sop = sop
        self._ids = ids

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["leases"])
        router.post("/v1/leases", summary="Hold a place of a service for minutes", status_code=201)(self.post_lease)
        router.delete("/v1/leases/{lease_id}", summary="Let a held place go", status_code=204)(self.delete_lease)
        return router

    async def post_lease(self, caller: Sender, wanted: Annotated[LeaseRequestV1, json_body(LeaseRequestV1)]) -> LeaseV1:
        """Hold one place for the caller, if there is one."""
        check_service(self._sop, wanted.service_type)
        asked = LeaseAsked(
            lease_id=self._ids.new(),
            holder=caller.subject,
            agency_id=wanted.agency,
            service_type=wanted.service_type,
            minutes=wanted.minutes,
            subject=wanted.subject,
            trace_id=current_trace_id(),
        )
        read = [
            (AGENCIES, caller.subject),
            (AGENCIES, wanted.agency),
            (AVAILABILITIES, f"{wanted.agency}/{wanted.service_type}"),
        ]
        outcome = await self._writer.submit(partial(take_lease, asked=asked), prefetch=read)
        if isinstance(outcome, Refused):
            raise outcome.error
        return LeaseV1(lease_id=outcome.id, expires_at=from_wire(outcome.expires_at))

    async def delete_lease(self, caller: Sender, lease_id: LeaseId) -> Response:
        """Let go of a place the caller holds."""
        released = LeaseReleased(lease_id=lease_id, holder=caller.subject, trace_id=current_trace_id())
        outcome = await self._writer.submit(
            partial(release_lease, released=released), prefetch=[(AGENCIES, caller.subject), (LEASES, lease_id)]
        )
        if isinstance(outcome, Refused):
            raise outcome.error
        return Response(status_code=204)
