"""Routes of a sector's worklists: received referrals of some services that have not ended, what is due first on top."""

from typing import Annotated

from fastapi import APIRouter, Path

from shared.agency.reading import Visitor
from shared.agency.routes.answers import ReferralsV1, WorklistsV1
from shared.agency.routes.callers import HANDLE
from shared.agency.sector.practice import Practice
from shared.agency.working import Place
from shared.kernel.errors import NotFound
from shared.web import listing
from shared.web.listing import Paged

_Name = Annotated[str, Path(pattern=r"^[a-z][a-z-]{1,40}$")]


def worklists_router(practice: Practice) -> APIRouter:
    """Make the routes of the worklists that the profile names, under the sector's own path."""
    profile, reader, doors = practice.office.profile, practice.reader, practice.doors
    router = APIRouter(tags=["worklists"])
    handler = doors.looking(HANDLE)

    @router.get(f"/v1/{profile.slug}/worklists", summary="The worklists of this sector")
    async def list_worklists(_visitor: Annotated[Visitor, handler]) -> WorklistsV1:
        items = [
            {
                "id": name,
                "name": {"vi": one.says.vi, "en": one.says.en},
                "services": sorted(one.services),
                "by": one.by.value,
            }
            for name, one in profile.worklists.items()
        ]
        return WorklistsV1.model_validate({"items": items})

    @router.get(f"/v1/{profile.slug}/worklists/{{name}}", summary="What is on a worklist, first due first")
    async def read_worklist(name: _Name, page: Paged, visitor: Annotated[Visitor, handler]) -> ReferralsV1:
        worklist = profile.worklists.get(name)
        if worklist is None:
            raise NotFound("route.unknown", "This sector has no such worklist.")
        behind = page.after_pair()
        after = None if behind is None else Place(*behind)
        found = await reader.worklist(visitor, worklist, after=after, limit=page.limit)
        return ReferralsV1.model_validate(listing.answer(found.items, last=found.last))

    return router
