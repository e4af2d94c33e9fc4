"""Messages that do not arrive, and another try at once: what a coordinator telephones about."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from gateway.adapters.bell import Bell
from gateway.adapters.deliveries import Dead, replay_delivery
from gateway.adapters.desk import SqlDesk
from gateway.web.console import words
from gateway.web.console.desk import DELIVERIES, ConsoleDesk, overseer, reading_of
from shared.kernel.errors import Conflict, MeshError
from shared.kernel.identifiers import UUID7_PATTERN
from shared.pages.routes import page_router, see_other
from shared.people.records import Person, Role
from shared.storage.group_commit import GroupWriter

_Overseer = Annotated[Person, overseer()]
_Coordinator = Annotated[Person, overseer(Role.COORDINATOR)]
_Id = Annotated[str, Path(pattern=UUID7_PATTERN)]


class DeliveryPages:
    """The page of messages that do not arrive."""

    def __init__(
        self, desk: ConsoleDesk, dead: Callable[[], Sequence[Dead]], *, writer: GroupWriter[SqlDesk], bell: Bell
    ) -> None:
        self._desk = desk
        self._dead = dead
        self._writer = writer
        self._bell = bell

    def router(self) -> APIRouter:
        """Make the router."""
        router = page_router()
        router.get(DELIVERIES)(self.show)
        router.post(f"{DELIVERIES}/{{message_id}}/replay")(self.replay)
        return router

    async def show(self, request: Request, person: _Overseer) -> Response:
        """List what was given up, and what waits and was tried often, newest first."""
        return await self._page(request, person)

    async def replay(self, request: Request, person: _Coordinator, message_id: _Id) -> Response:
        """Have a message that waits tried at once; who asked for it is written down."""
        await self._desk.journal.note(reading_of(person, "replay", about=message_id, found=1))
        try:
            await self._writer.submit(partial(replay_delivery, message_id=message_id))
        except Conflict as error:
            return await self._page(request, person, error=error)
        self._bell.ring()
        return see_other(DELIVERIES)

    async def _page(self, request: Request, person: Person, *, error: MeshError | None = None) -> Response:
        found = await self._desk.looked(person, "deliveries", self._dead, count=len)
        shown: dict[str, Any] = {
            "found": found,
            "names": await self._desk.names({name for one in found for name in (one.sender, one.recipient)}),
            "words": words,
            "may_replay": person.role is Role.COORDINATOR,
        }
        if error is None:
            return self._desk.pages.answer(request, "console/deliveries.html", **shown)
        return self._desk.pages.refused(request, "console/deliveries.html", error, status=409, **shown)
