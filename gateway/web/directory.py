"""The directory over HTTP: agencies with their keys, and what each says of its services."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from gateway.adapters.directory import AgencyFilter, Directory
from gateway.domain.agency import Agency, Availability
from gateway.domain.masking import shown_areas, shown_name
from gateway.web.guards import require
from shared.kernel.errors import FieldFault, InputRejected, NotPermitted
from shared.kernel.identifiers import AGENCY_ID_PATTERN
from shared.sop.model import Sop
from shared.web import listing
from shared.web.body import json_body
from shared.web.conditional import ConditionalRoute
from shared.web.listing import Paged
from shared.web.security import Principal
from shared.wire.answers import PageV1
from shared.wire.directory import AgencyV1, AvailabilityV1

Reader = Annotated[Principal, require("directory.read")]
Writer = Annotated[Principal, require("directory.write")]
AgencyId = Annotated[str, Path(pattern=AGENCY_ID_PATTERN)]
SectorName = Literal["police", "health", "legal_aid", "social", "coordination"]
ServiceCode = Annotated[str | None, Query(pattern=r"^[A-Z]{3}-[0-9]{2}$")]


class DirectoryRoutes:
    """The directory over HTTP."""

    def __init__(self, directory: Directory, *, sop: Sop) -> None:
        self._directory = directory
        self._sop = sop

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["directory"])
        asked_often: dict[str, Any] = {"route_class_override": ConditionalRoute}
        router.add_api_route("/v1/agencies", self.list_agencies, summary="List agencies", **asked_often)
        router.add_api_route(
            "/v1/agencies/{agency_id}", self.read_agency, summary="Read one agency with its public keys", **asked_often
        )
        router.put("/v1/agencies/{agency_id}/availability", summary="Say what a service can take now", status_code=204)(
            self.put_availability
        )
        return router

    async def list_agencies(
        self, caller: Reader, page: Paged, sector: SectorName | None = None, service: ServiceCode = None
    ) -> PageV1[AgencyV1]:
        """List agencies in the order of their ids."""
        wanted = AgencyFilter(sector=sector, service=service, after=page.after_text(), limit=page.limit)
        found = await asyncio.to_thread(self._directory.agencies, wanted)
        last = (found[-1].id,) if len(found) == page.limit else None
        shown = [agency_view(agency, reader=caller.subject) for agency in found]
        return PageV1[AgencyV1].model_validate(listing.answer(shown, last=last))

    async def read_agency(self, caller: Reader, agency_id: AgencyId) -> AgencyV1:
        """Return one directory entry."""
        agency = await asyncio.to_thread(self._directory.agency, agency_id)
        return AgencyV1.model_validate(agency_view(agency, reader=caller.subject))

    async def put_availability(
        self, caller: Writer, agency_id: AgencyId, stated: Annotated[AvailabilityV1, json_body(AvailabilityV1)]
    ) -> Response:
        """Keep what the caller says of one of its own services."""
        if agency_id != caller.subject:
            raise NotPermitted("availability.agency", "State the availability of your own agency only.")
        check_service(self._sop, stated.service_type)
        await self._directory.set_availability(
            Availability(
                agency_id=agency_id,
                service_type=stated.service_type,
                accepting=stated.accepting,
                capacity=stated.capacity,
                staff_genders=frozenset(stated.staff_genders),
                languages=frozenset(stated.languages),
                interpreter_languages=frozenset(stated.interpreter_languages),
                disability_access=stated.disability_access,
                children_welcome=stated.children_welcome,
            )
        )
        return Response(status_code=204)


def agency_view(agency: Agency, *, reader: str) -> dict[str, Any]:
    """Return a directory entry as `reader` may see it (wire section 8)."""
    name = shown_name(agency, reader=reader)
    return {
        "id": agency.id,
        "name": {"vi": name.vi, "en": name.en},
        "sectors": sorted(agency.sectors),
        "areas": sorted(shown_areas(agency, reader=reader)),
        "services": sorted(agency.services),
        "hours": agency.hours,
        "delivery": "push" if agency.base_url else "pull",
        "jwks": dict(agency.jwks),
        "status": agency.status.value,
        "sample": agency.sample,
    }


def check_service(sop: Sop, code: str) -> None:
    """Refuse a service type that the procedure does not have."""
    if code not in sop.services:
        message = "No such service type; see GET /v1/sop/service-types."
        raise InputRejected(
            "sop.service-unknown", message, faults=[FieldFault("/service_type", "sop.service-unknown", message)]
        )
