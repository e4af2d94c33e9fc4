"""The pages around every other page: sign in, lock, sign out, language, quick exit, the neutral page, the assets."""

import calendar
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.kernel.clock import Clock
from shared.kernel.errors import MeshError, NotAuthenticated, TooManyRequests
from shared.pages.catalogue import LANGUAGES
from shared.pages.forms import Posted
from shared.pages.guard import check_form, check_origin, signed_in, token_of
from shared.pages.paths import CALENDAR, EXIT, LANGUAGE, LOCKED, SIGN_IN, SIGN_OUT
from shared.pages.rendering import Pages
from shared.pages.routes import asks_for_page, own_path, page_router, see_other
from shared.people.doorway import Doorway
from shared.people.records import Person
from shared.sop.calendar import day_in_viet_nam
from shared.wire.problem import status_of

_YEAR_SECONDS: Final = 365 * 24 * 3600

Next = Annotated[str | None, Query(max_length=500)]
_Anybody = Annotated[Person, signed_in()]


def public_paths(pages: Pages) -> frozenset[str]:
    """Return the paths that are for whoever is not signed in."""
    assets = {path for path, _, _ in pages.assets.values()}
    return frozenset({"/", SIGN_IN, LOCKED, EXIT, CALENDAR, LANGUAGE, "/favicon.ico"} | assets)


@dataclass(frozen=True, slots=True)
class Entrance:
    """The sign-in page of a deployable; `has_provider` says whether people may also prove elsewhere who they are."""

    pages: Pages
    door: Doorway
    has_provider: bool = False

    def sign_in_page(self, request: Request, wanted: str | None, *, error: MeshError | None = None) -> Response:
        """Show the page, with what went wrong before."""
        pages = self.pages
        before = request.cookies.get(pages.cookies.before) or secrets.token_urlsafe(24)
        values: dict[str, Any] = {"csrf": before, "next": own_path(wanted, otherwise=""), **self.ways()}
        if error is None:
            page = pages.answer(request, "pages/sign_in.html", **values)
        else:
            page = pages.refused(request, "pages/sign_in.html", error, status=status_of(type(error)), **values)
        pages.cookies.put(page, pages.cookies.before, before)
        return page

    def locked_page(
        self, request: Request, person: Person, wanted: str | None, *, error: MeshError | None = None
    ) -> Response:
        """Show that a session waits for its person."""
        values: dict[str, Any] = {
            "csrf": person.session.csrf,
            "next": own_path(wanted, otherwise=""),
            "login": person.account.login,
            "has_password": self.door.local and person.account.password_hash is not None,
            "has_provider": self.has_provider and person.account.oidc_subject is not None,
        }
        if error is None:
            return self.pages.answer(request, "pages/locked.html", **values)
        return self.pages.refused(request, "pages/locked.html", error, status=status_of(type(error)), **values)

    def entered(self, token: str, wanted: str | None, person: Person) -> RedirectResponse:
        """Lead somebody who has just proved who she is to where she wanted to go, with her new session."""
        cookies = self.pages.cookies
        response = see_other(own_path(wanted, otherwise=self.pages.brand.home_of(person)))
        cookies.put(response, cookies.session, token)
        cookies.drop(response, cookies.before)
        cookies.put(response, cookies.language, person.language, lasts=_YEAR_SECONDS)
        return response

    def ways(self) -> dict[str, bool]:
        """Return the ways in that the sign-in page shows."""
        return {"has_password": self.door.local, "has_provider": self.has_provider}


def entrance_router(entrance: Entrance, *, clock: Clock) -> APIRouter:
    """Make the routes that every deployable with pages has."""
    router = page_router()
    _add_assets(router, entrance.pages)
    _add_sign_in(router, entrance)
    _add_lock(router, entrance)
    _add_home(router, entrance)
    _add_leaving(router, entrance.pages, entrance.door, clock)
    return router


def _add_home(router: APIRouter, entrance: Entrance) -> None:
    @router.get("/")
    async def home(request: Request) -> Response:
        if not asks_for_page(request):
            raise HTTPException(status_code=404)
        person = await entrance.door.known(token_of(request))
        return see_other(entrance.pages.brand.home_of(person))


def _add_assets(router: APIRouter, pages: Pages) -> None:
    def serve(path: str, body: bytes, media_type: str) -> None:
        @router.get(path)
        async def asset() -> Response:
            return Response(
                body, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"}
            )

    for path, body, media_type in pages.assets.values():
        serve(path, body, media_type)

    @router.get("/favicon.ico")
    async def no_icon() -> Response:
        return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


def _add_sign_in(router: APIRouter, entrance: Entrance) -> None:
    pages, door = entrance.pages, entrance.door

    @router.get(SIGN_IN)
    async def sign_in_page(request: Request, next: Next = None) -> Response:
        return entrance.sign_in_page(request, next)

    @router.post(SIGN_IN)
    async def sign_in(request: Request, form: Posted) -> Response:
        await check_form(request, request.cookies.get(pages.cookies.before, ""))
        login, password, code = form.text("login"), form.get("password", ""), form.text("code")
        try:
            token, person = await door.sign_in(login, password, code=code, instead_of=token_of(request))
        except (NotAuthenticated, TooManyRequests) as error:
            return entrance.sign_in_page(request, form.get("next"), error=error)
        return entrance.entered(token, form.get("next"), person)


def _add_lock(router: APIRouter, entrance: Entrance) -> None:
    door = entrance.door

    @router.get(LOCKED)
    async def locked_page(request: Request, next: Next = None) -> Response:
        token = token_of(request)
        person = await door.locked(token)
        await door.lock(token)
        return entrance.locked_page(request, person, next)

    @router.post(LOCKED)
    async def unlock(request: Request, form: Posted) -> Response:
        token = token_of(request)
        person = await door.locked(token)
        await check_form(request, person.session.csrf)
        try:
            fresh, person = await door.unlock(token, form.get("password", ""))
        except (NotAuthenticated, TooManyRequests) as error:
            return entrance.locked_page(request, person, form.get("next"), error=error)
        return entrance.entered(fresh, form.get("next"), person)


def _add_leaving(router: APIRouter, pages: Pages, door: Doorway, clock: Clock) -> None:
    @router.get(EXIT)
    async def quick_exit(request: Request) -> Response:
        await door.lock(token_of(request))
        response = see_other(pages.neutral)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    @router.get(CALENDAR)
    async def neutral_page(request: Request) -> Response:
        today = day_in_viet_nam(clock.now())
        weeks = calendar.Calendar().monthdatescalendar(today.year, today.month)
        return pages.answer(request, "pages/calendar.html", weeks=weeks, today=today)

    @router.post(SIGN_OUT)
    async def sign_out(request: Request, person: _Anybody, form: Posted) -> Response:
        if form.ticked("everywhere"):
            await door.sign_out_everywhere(person.account.account_id, by=person.account.account_id)
        else:
            await door.sign_out(token_of(request))
        response = see_other(SIGN_IN)
        pages.cookies.drop(response, pages.cookies.session)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    @router.post(LANGUAGE)
    async def language(request: Request, form: Posted) -> Response:
        check_origin(request)
        chosen = form.choice("language", tuple(LANGUAGES))
        response = see_other(own_path(form.get("next"), otherwise="/"))
        pages.cookies.put(response, pages.cookies.language, chosen, lasts=_YEAR_SECONDS)
        if (token := token_of(request)) is not None:
            await door.speak(token, chosen)
        return response
