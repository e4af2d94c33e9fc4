"""The side of a deployable that people see, put together: its accounts, its pages, its entrance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.clock import Clock
from shared.kernel.errors import NotFound
from shared.kernel.identifiers import IdFactory
from shared.pages.cookies import Cookies
from shared.pages.entrance import entrance_router, public_paths
from shared.pages.rendering import Brand, Pages
from shared.pages.routes import asks_for_page, problem_page
from shared.people.codes import code_checker
from shared.people.doorway import Doorway
from shared.people.passwords import Passwords
from shared.people.store import PeopleStore
from shared.people.telephone import TelephoneSecrets
from shared.seal.at_rest import Vault

_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What people of one deployable meet."""

    people: PeopleStore
    passwords: Passwords
    secrets: TelephoneSecrets
    door: Doorway
    pages: Pages
    entrance: APIRouter
    public_paths: frozenset[str]

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

    def close(self) -> None:
        """Give the database back."""
        self.people.close()


def open_front(
    database_url: str,
    *,
    vault: Vault,
    brand: Brand,
    rooms: Sequence[str],
    owner: str,
    address: str | None,
    neutral: str,
    clock: Clock,
    ids: IdFactory,
    passwords: Passwords | None = None,
) -> Front:
    """Open accounts and pages. `owner` names the cookies; `address` is where browsers find this deployable."""
    people, known, secrets = PeopleStore(database_url), passwords or Passwords(), TelephoneSecrets(vault)
    door = Doorway(people, passwords=known, check_code=code_checker(secrets.open), clock=clock, ids=ids)
    cookies = Cookies(owner, secure=(address or "").startswith("https://"))
    pages = Pages(brand=brand, rooms=rooms, cookies=cookies, clock=clock, neutral=neutral)
    return Front(
        people=people,
        passwords=known,
        secrets=secrets,
        door=door,
        pages=pages,
        entrance=entrance_router(pages, door, clock=clock),
        public_paths=public_paths(pages),
    )
