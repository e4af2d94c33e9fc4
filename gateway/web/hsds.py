"""The directory as an HSDS read API (wire section 6): services, organizations and the procedure as their taxonomy.

For members of the mesh. Shows what `GET /v1/agencies` shows and no more: a protected site has one name for everybody
and is known by provinces only (R-18); there are no locations, because the directory has no addresses. Parameters are
those of HSDS 3.1 that can be answered from it; another is refused rather than ignored.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from gateway.adapters.directory import AgencyFilter, Directory
from gateway.domain.agency import Agency
from gateway.web.guards import require
from gateway.web.hsds_forms import Classification, organization_of, service_of
from shared.kernel.errors import NotFound
from shared.sop.model import Sop
from shared.web.conditional import ConditionalRoute
from shared.web.security import Principal
from shared.wire.hsds import (
    HSDS_VERSION,
    HsdsAboutV1,
    HsdsOrganizationV1,
    HsdsPageV1,
    HsdsServiceV1,
    HsdsTaxonomyV1,
    HsdsTermV1,
)

Reader = Annotated[Principal, require("directory.read")]
Id = Annotated[UUID, Path()]
_EntryT = TypeVar("_EntryT", HsdsServiceV1, HsdsOrganizationV1, HsdsTaxonomyV1, HsdsTermV1)
_Taxonomy = Annotated[UUID | None, Query(description="Only what is classified by this taxonomy.")]
_Full = Annotated[bool, Query(description="Entries are whole, whether this is asked or not.")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which page of what is found."""

    page: int
    per_page: int
    search: str | None

    def finds(self, entry: HsdsServiceV1 | HsdsOrganizationV1 | HsdsTaxonomyV1 | HsdsTermV1) -> bool:
        """Say whether the words that are searched stand in what is shown of an entry."""
        return self.search is None or self.search.casefold() in f"{entry.name} {entry.description}".casefold()


async def _asked(
    page: Annotated[int, Query(ge=1, le=1_000_000, description="Which page, counted from 1.")] = 1,
    per_page: Annotated[int, Query(ge=1, le=200, description="The most items to answer.")] = 50,
    search: Annotated[str | None, Query(max_length=100, description="Words in the name, in either language.")] = None,
    format: Annotated[Literal["json"], Query(description="The form of the answer.")] = "json",
) -> _Asked:
    return _Asked(page, per_page, search)


Asked = Annotated[_Asked, Depends(_asked)]


async def _which(
    organization_id: Annotated[UUID | None, Query(description="Only services of this organization.")] = None,
    taxonomy_term_id: Annotated[UUID | None, Query(description="Only of this kind, or of this sector.")] = None,
    taxonomy_id: _Taxonomy = None,
) -> Callable[[HsdsServiceV1], bool]:
    def is_meant(service: HsdsServiceV1) -> bool:
        return (
            (organization_id is None or service.organization_id == str(organization_id))
            and (taxonomy_term_id is None or str(taxonomy_term_id) in _terms_of(service))
            and (taxonomy_id is None or str(taxonomy_id) in _taxonomies_of(service))
        )

    return is_meant


Which = Annotated[Callable[[HsdsServiceV1], bool], Depends(_which)]


class HsdsRoutes:
    """The directory in the form of HSDS."""

    def __init__(self, directory: Directory, *, sop: Sop, url: str) -> None:
        self._directory = directory
        self._url = url
        self._classes = Classification(sop, url=url)
        self._known = frozenset(sop.services)

    def router(self) -> APIRouter:
        """Make the router."""
        router = APIRouter(tags=["directory"], prefix="/hsds", route_class=ConditionalRoute)
        router.get("/", summary="What this form of the directory is (Open Referral HSDS)")(self.read_about)
        for kind, many, one in (
            ("services", self.list_services, self.read_service),
            ("organizations", self.list_organizations, self.read_organization),
            ("taxonomies", self.list_taxonomies, self.read_taxonomy),
            ("taxonomy_terms", self.list_taxonomy_terms, self.read_taxonomy_term),
        ):
            _add_kind(router, kind, many, one)
        return router

    async def read_about(self, _caller: Reader) -> HsdsAboutV1:
        """Return which version of HSDS this is, and where it is described."""
        return HsdsAboutV1(version=HSDS_VERSION, profile=f"{self._url}/docs", openapi_url=f"{self._url}/openapi.json")

    async def list_services(
        self, caller: Reader, asked: Asked, is_meant: Which, full: _Full = True
    ) -> HsdsPageV1[HsdsServiceV1]:
        """List services in the order of agencies and codes."""
        chosen = [each for each in await self._services(caller.subject) if is_meant(each)]
        return HsdsPageV1[HsdsServiceV1].model_validate(_page(chosen, asked))

    async def read_service(self, caller: Reader, id: Id) -> HsdsServiceV1:
        """Return one service."""
        return _one(await self._services(caller.subject), id)

    async def list_organizations(
        self, caller: Reader, asked: Asked, full: _Full = True
    ) -> HsdsPageV1[HsdsOrganizationV1]:
        """List agencies in the order of their ids."""
        found = await self._organizations(caller.subject)
        return HsdsPageV1[HsdsOrganizationV1].model_validate(_page(found, asked))

    async def read_organization(self, caller: Reader, id: Id) -> HsdsOrganizationV1:
        """Return one agency."""
        return _one(await self._organizations(caller.subject), id)

    async def list_taxonomies(self, _caller: Reader, asked: Asked) -> HsdsPageV1[HsdsTaxonomyV1]:
        """List what services are classified by: the procedure."""
        return HsdsPageV1[HsdsTaxonomyV1].model_validate(_page([self._classes.taxonomy], asked))

    async def read_taxonomy(self, _caller: Reader, id: Id) -> HsdsTaxonomyV1:
        """Return one taxonomy."""
        return _one([self._classes.taxonomy], id)

    async def list_taxonomy_terms(
        self,
        _caller: Reader,
        asked: Asked,
        taxonomy_id: _Taxonomy = None,
        parent_id: Annotated[UUID | None, Query(description="Only what is below this term.")] = None,
        top_only: Annotated[bool, Query(description="Only sectors, and nothing below them.")] = False,
    ) -> HsdsPageV1[HsdsTermV1]:
        """List sectors and service types."""
        chosen = [
            each
            for each in self._classes.terms
            if (taxonomy_id is None or str(taxonomy_id) == each.taxonomy_id)
            and (parent_id is None or str(parent_id) == each.parent_id)
            and (each.parent_id is None or not top_only)
        ]
        return HsdsPageV1[HsdsTermV1].model_validate(_page(chosen, asked))

    async def read_taxonomy_term(self, _caller: Reader, id: Id) -> HsdsTermV1:
        """Return one sector or service type."""
        return _one(self._classes.terms, id)

    async def _agencies(self) -> list[Agency]:
        return await asyncio.to_thread(self._directory.agencies, AgencyFilter(limit=None))

    async def _organizations(self, reader: str) -> list[HsdsOrganizationV1]:
        return [organization_of(agency, reader=reader) for agency in await self._agencies()]

    async def _services(self, reader: str) -> list[HsdsServiceV1]:
        return [
            service_of(agency, self._classes.term(code), reader=reader)
            for agency in await self._agencies()
            for code in sorted(agency.services & self._known)
        ]


def _add_kind(router: APIRouter, kind: str, many: Callable[..., Any], one: Callable[..., Any]) -> None:
    words = kind.replace("_", " ")
    router.get(f"/{kind}", summary=f"List {words} in the form of HSDS")(many)
    router.get(f"/{kind}/{{id}}", summary=f"Read one of the {words} in the form of HSDS")(one)


def _terms_of(service: HsdsServiceV1) -> set[str | None]:
    terms = [attribute.taxonomy_term for attribute in service.attributes]
    return {term.id for term in terms} | {term.parent_id for term in terms}


def _taxonomies_of(service: HsdsServiceV1) -> set[str]:
    return {attribute.taxonomy_term.taxonomy_id for attribute in service.attributes}


def _one(found: Iterable[_EntryT], id: UUID) -> _EntryT:
    for each in found:
        if each.id == str(id):
            return each
    raise NotFound("hsds.unknown", "Nothing in the directory has this id.")


def _page(entries: Sequence[_EntryT], asked: _Asked) -> dict[str, Any]:
    found = [each for each in entries if asked.finds(each)]
    number, size = asked.page, asked.per_page
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
