"""Administration: how the service is doing. Readiness, traffic with the gateway, webhooks, keys; nothing of a case."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from shared.agency.pages.desk import PageDesk
from shared.agency.upkeep import Upkeep
from shared.pages.catalogue import N_
from shared.pages.guard import signed_in
from shared.pages.routes import page_router
from shared.people.records import Person, Role

HOME: Final = "/administration"
_Administrator = Annotated[Person, signed_in(Role.ADMINISTRATOR)]

_CHECKS: Final = {"keys": N_("Keys"), "database": N_("Database"), "clock": N_("Clock")}
_USES: Final = {"sig": N_("signing"), "enc": N_("sealing")}


def upkeep_router(desk: PageDesk, upkeep: Upkeep) -> APIRouter:
    """Make the routes of the service's own state."""
    router = page_router()

    @router.get(HOME)
    async def overview(request: Request, person: _Administrator) -> Response:
        accounts = await desk.front.staff.everybody()
        return desk.pages.answer(
            request,
            "agency/administration.html",
            active=sum(one.disabled_at is None for one in accounts),
            disabled=sum(one.disabled_at is not None for one in accounts),
            readiness=[(_CHECKS[name], is_well) for name, is_well in await upkeep.readiness()],
            traffic=await upkeep.traffic(),
            keys=await upkeep.keys(),
        )

    @router.get(f"{HOME}/delivery")
    async def delivery(request: Request, person: _Administrator) -> Response:
        traffic = await upkeep.traffic()
        return desk.pages.answer(
            request,
            "agency/delivery.html",
            traffic=traffic,
            webhooks=await upkeep.webhooks(traffic),
            asked_at=(await upkeep.keys()).asked_at,
        )

    @router.get(f"{HOME}/keys")
    async def keys(request: Request, person: _Administrator) -> Response:
        return desk.pages.answer(request, "agency/keys.html", keys=await upkeep.keys(), uses=_USES)

    return router
