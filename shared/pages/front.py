"""The side of a deployable that people see, put together: its accounts, its pages, its entrance."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.clock import Clock
from shared.kernel.errors import NotFound
from shared.kernel.identifiers import IdFactory
from shared.pages.account import account_router
from shared.pages.cookies import Cookies
from shared.pages.entrance import Entrance, entrance_router, public_paths
from shared.pages.rendering import Brand, Pages
from shared.pages.routes import asks_for_page, problem_page
from shared.pages.settings import FrontSettings, registration_of
from shared.pages.vouching import PUBLIC_PATHS as VOUCHING_PATHS
from shared.pages.vouching import vouching_router
from shared.people.codes import code_checker
from shared.people.doorway import Doorway
from shared.people.own_account import OwnAccount
from shared.people.passwords import Passwords
from shared.people.records import Role
from shared.people.registration import Registration
from shared.people.staff import Staff
from shared.people.store import PeopleStore
from shared.people.telephone import TelephoneSecrets
from shared.seal.at_rest import Vault

if TYPE_CHECKING:
    from shared.people.provider import Provider

_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What people of one deployable meet."""

    people: PeopleStore
    staff: Staff
    secrets: TelephoneSecrets
    door: Doorway
    pages: Pages
    routers: Sequence[APIRouter]
    public_paths: frozenset[str]
    provider: "Provider | None"

    def attach(self, app: FastAPI) -> None:
        """Let the routes of an application find what they stand on."""
        app.state.front, app.state.pages, app.state.doorway = self, self.pages, self.door
        answer_machines = app.exception_handlers[HTTPException]

        async def answer(request: Request, error: Exception) -> Response:
            """Answer people who asked for what is not there with a page, and machines as before."""
            if isinstance(error, HTTPException) and error.status_code == _NOT_FOUND and asks_for_page(request):
                return problem_page(request, NotFound("route.unknown", "There is nothing at this address."))
            answered: Response = await answer_machines(request, error)  # type: ignore[misc]  # ours are coroutines
            return answered

        app.add_exception_handler(HTTPException, answer)

    async def close(self) -> None:
        """Give the database and the connections back."""
        if self.provider is not None:
            await self.provider.close()
        await asyncio.to_thread(self.people.close)


def open_front(
    database_url: str,
    *,
    vault: Vault,
    brand: Brand,
    rooms: Sequence[str],
    roles: Collection[Role],
    owner: str,
    address: str | None,
    settings: FrontSettings,
    clock: Clock,
    ids: IdFactory,
    passwords: Passwords | None = None,
) -> Front:
    """Open accounts and pages. `owner` names the cookies; `address` is where browsers find this deployable.

    Raises `InternalFault` (`settings.refused`).
    """
    registration = registration_of(settings, address)
    people, known, secrets = PeopleStore(database_url), passwords or Passwords(), TelephoneSecrets(vault)
    checker = code_checker(secrets.open)
    door = Doorway(people, passwords=known, check_code=checker, clock=clock, ids=ids, local=settings.local_passwords)
    cookies = Cookies(owner, secure=(address or "").startswith("https://"))
    pages = Pages(brand=brand, rooms=rooms, cookies=cookies, clock=clock, neutral=settings.neutral_page)
    provider = None if registration is None else _provider(registration, clock)
    entrance = Entrance(pages, door, has_provider=provider is not None)
    own = OwnAccount(door=door, passwords=known, secrets=secrets, clock=clock, ids=ids)
    routers = [entrance_router(entrance, clock=clock), account_router(entrance, own)]
    if provider is not None:
        routers.append(vouching_router(entrance, provider, vault=vault))
    return Front(
        people=people,
        staff=Staff(people, roles=frozenset(roles), passwords=known, clock=clock, ids=ids),
        secrets=secrets,
        door=door,
        pages=pages,
        routers=routers,
        public_paths=public_paths(pages) | (VOUCHING_PATHS if provider else frozenset()),
        provider=provider,
    )


def _provider(registration: Registration, clock: Clock) -> "Provider":
    from shared.people.provider import Provider  # noqa: PLC0415 - what is spoken with it, for who has one

    return Provider(registration, clock=clock)
