"""The directory as an HSDS read API (wire section 6): services and organizations, for members of the mesh.

Shows what `GET /v1/agencies` shows and no more: a protected site has one name for everybody and is known by provinces
only (R-18). Ids are derived from those of the directory, so that they stay the same and nothing is kept for them.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from fastapi import APIRouter, Path, Query

from gateway.adapters.directory import AgencyFilter, Directory
from gateway.domain.agency import Agency
from gateway.domain.masking import shown_areas, shown_name
from gateway.web.guards import require
from shared.kernel.errors import NotFound
from shared.sop.model import Sop
from shared.web.security import Principal
from shared.wire.hsds import (
    HSDS_VERSION,
    HsdsAboutV1,
    HsdsOrganizationV1,
    HsdsPageV1,
    HsdsServiceAreaV1,
    HsdsServiceV1,
)

Reader = Annotated[Principal, require("directory.read")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="Which page, counted from 1.")]
PerPage = Annotated[int, Query(ge=1, le=200, description="The most items to answer.")]
OrganizationId = Annotated[UUID | None, Query(description="Only services of this organization.")]
Id = Annotated[UUID, Path()]
_EntryT = TypeVar("_EntryT", HsdsServiceV1, HsdsOrganizationV1)


class HsdsRoutes:
    """The directory in the form of HSDS."""

    def __init__(self, directory: Directory, *, sop: Sop, url: str) -> None:
        self._directory = directory
        self._sop = sop
        self._url = url

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["directory"], prefix="/hsds")
        router.get("/", summary="What this form of the directory is (Open Referral HSDS)")(self.read_about)
        router.get("/services", summary="List services in the form of HSDS")(self.list_services)
        router.get("/services/{id}", summary="Read one service in the form of HSDS")(self.read_service)
        router.get("/organizations", summary="List organizations in the form of HSDS")(self.list_organizations)
        router.get("/organizations/{id}", summary="Read one organization in the form of HSDS")(self.read_organization)
        return router

    async def read_about(self, _caller: Reader) -> HsdsAboutV1:
        """Return which version of HSDS this is, and where it is described."""
        return HsdsAboutV1(version=HSDS_VERSION, profile=f"{self._url}/docs", openapi_url=f"{self._url}/openapi.json")

    async def list_services(
        self, caller: Reader, page: PageNumber = 1, per_page: PerPage = 50, organization_id: OrganizationId = None
    ) -> HsdsPageV1[HsdsServiceV1]:
        """List services in the order of agencies and codes."""
        found = await self._services(caller.subject)
        wanted = str(organization_id) if organization_id else None
        chosen = [each for each in found if wanted is None or each.organization.id == wanted]
        return HsdsPageV1[HsdsServiceV1].model_validate(_page(chosen, number=page, size=per_page))

    async def read_service(self, caller: Reader, id: Id) -> HsdsServiceV1:
        """Return one service."""
        return _one(await self._services(caller.subject), id)

    async def list_organizations(
        self, caller: Reader, page: PageNumber = 1, per_page: PerPage = 50
    ) -> HsdsPageV1[HsdsOrganizationV1]:
        """List agencies in the order of their ids."""
        found = await self._organizations(caller.subject)
        return HsdsPageV1[HsdsOrganizationV1].model_validate(_page(found, number=page, size=per_page))

    async def read_organization(self, caller: Reader, id: Id) -> HsdsOrganizationV1:
        """Return one agency."""
        return _one(await self._organizations(caller.subject), id)

    async def _agencies(self) -> list[Agency]:
        return await asyncio.to_thread(self._directory.agencies, AgencyFilter(limit=None))

    async def _organizations(self, reader: str) -> list[HsdsOrganizationV1]:
        return [_organization(agency, reader=reader) for agency in await self._agencies()]

    async def _services(self, reader: str) -> list[HsdsServiceV1]:
        return [
            self._service(agency, code, reader=reader)
            for agency in await self._agencies()
            for code in sorted(agency.services)
            if code in self._sop.services
        ]

    def _service(self, agency: Agency, code: str, *, reader: str) -> HsdsServiceV1:
        name = self._sop.services[code].name
        return HsdsServiceV1(
            id=_id(agency.id, code),
            name=name.vi,
            alternate_name=code,
            description=name.en,
            status="active" if agency.is_active else "inactive",
            organization=_organization(agency, reader=reader),
            service_areas=tuple(_areas(agency, code, sorted(shown_areas(agency, reader=reader)))),
        )


def _organization(agency: Agency, *, reader: str) -> HsdsOrganizationV1:
    name = shown_name(agency, reader=reader)
    return HsdsOrganizationV1(id=_id(agency.id), name=name.vi, alternate_name=agency.id, description=name.en)


def _areas(agency: Agency, code: str, areas: Sequence[str]) -> Iterable[HsdsServiceAreaV1]:
    return (HsdsServiceAreaV1(id=_id(agency.id, code, area), name=area) for area in areas)


def _id(*names: str) -> str:
    return str(uuid5(NAMESPACE_URL, ":".join(("urn:mesh:agency", *names))))


def _one(found: Iterable[_EntryT], id: UUID) -> _EntryT:
    for each in found:
        if each.id == str(id):
            return each
    raise NotFound("hsds.unknown", "Nothing in the directory has this id.")


def _page(found: Sequence[_EntryT], *, number: int, size: int) -> dict[str, Any]:
    contents = found[(number - 1) * size : number * size]
    pages = -(-len(found) // size)
    return {
        "total_items": len(found),
        "total_pages": pages,
        "page_number": number,
        "size": len(contents),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not contents,
        "contents": contents,
    }
