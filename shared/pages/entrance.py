"""The pages around every other page: sign in, lock, sign out, language, quick exit, the neutral page, the assets."""

import calendar
import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.kernel.clock import Clock
from shared.kernel.errors import NotAuthenticated
from shared.pages.catalogue import LANGUAGES
from shared.pages.forms import Form, Posted
from shared.pages.guard import check_form, check_origin, signed_in, token_of
from shared.pages.rendering import Pages
from shared.pages.routes import LOCKED, SIGN_IN, own_path, page_router, see_other
from shared.people.doorway import Doorway
from shared.people.records import Person
from shared.sop.calendar import ZONE

EXIT: Final = "/exit"
CALENDAR: Final = "/calendar"
_YEAR_SECONDS: Final = 365 * 24 * 3600

_Next = Annotated[str | None, Query(max_length=500)]
_Anybody = Annotated[Person, signed_in()]


def public_paths(pages: Pages) -> frozenset[str]:
    """Return the paths that are for whoever is not signed in."""
    assets = {path for path, _, _ in pages.assets.values()}
    return frozenset({"/", SIGN_IN, LOCKED, EXIT, CALENDAR, "/language", "/favicon.ico"} | assets)


def entrance_router(pages: Pages, door: Doorway, *, clock: Clock) -> APIRouter:
    """Make the routes that every deployable with pages has."""
    router = page_router()
    _add_assets(router, pages)
    _add_sign_in(router, pages, door)
    _add_lock(router, pages, door)
    _add_leaving(router, pages, door, clock)
    return router


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

    @router.get("/")
    async def home() -> Response:
        return see_other(pages.brand.home)


def _add_sign_in(router: APIRouter, pages: Pages, door: Doorway) -> None:
    @router.get(SIGN_IN)
    async def sign_in_page(request: Request, next: _Next = None) -> Response:
        return _sign_in_page(pages, request, next)

    @router.post(SIGN_IN)
    async def sign_in(request: Request, form: Posted) -> Response:
        await check_form(request, request.cookies.get(pages.cookies.before, ""))
        try:
            token, person = await door.sign_in(form.text("login"), form.get("password", ""), code=form.text("code"))
        except NotAuthenticated as error:
            return _sign_in_page(pages, request, form.get("next"), error=error)
        return entered(pages, token, form, home=pages.brand.home, person=person)


def _sign_in_page(
    pages: Pages, request: Request, wanted: str | None, *, error: NotAuthenticated | None = None
) -> Response:
    before = request.cookies.get(pages.cookies.before) or secrets.token_urlsafe(24)
    values: dict[str, Any] = {"csrf": before, "next": own_path(wanted, otherwise="")}
    if error is None:
        page = pages.answer(request, "pages/sign_in.html", **values)
    else:
        page = pages.refused(request, "pages/sign_in.html", error, status=401, **values)
    pages.cookies.put(page, pages.cookies.before, before)
    return page


def entered(pages: Pages, token: str, form: Form, *, home: str, person: Person) -> RedirectResponse:
    """Lead somebody who has just proved who she is to where she wanted to go, with her new session."""
    response = see_other(own_path(form.get("next"), otherwise=home))
    pages.cookies.put(response, pages.cookies.session, token)
    pages.cookies.drop(response, pages.cookies.before)
    pages.cookies.put(response, pages.cookies.language, person.language, lasts=_YEAR_SECONDS)
    return response


def _add_lock(router: APIRouter, pages: Pages, door: Doorway) -> None:
    @router.get(LOCKED)
    async def locked_page(request: Request, next: _Next = None) -> Response:
        token = token_of(request)
        person = await door.locked(token)
        await door.lock(token)
        wanted = own_path(next, otherwise="")
        return pages.answer(
            request, "pages/locked.html", csrf=person.session.csrf, next=wanted, login=person.account.login
        )

    @router.post(LOCKED)
    async def unlock(request: Request, form: Posted) -> Response:
        token = token_of(request)
        person = await door.locked(token)
        await check_form(request, person.session.csrf)
        try:
            fresh, person = await door.unlock(token, form.get("password", ""))
        except NotAuthenticated as error:
            values = {"csrf": person.session.csrf, "next": form.get("next", ""), "login": person.account.login}
            return pages.refused(request, "pages/locked.html", error, status=401, **values)
        return entered(pages, fresh, form, home=pages.brand.home, person=person)


def _add_leaving(router: APIRouter, pages: Pages, door: Doorway, clock: Clock) -> None:
    @router.get(EXIT)
    async def quick_exit(request: Request) -> Response:
        await door.lock(token_of(request))
        response = see_other(pages.neutral)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    @router.get(CALENDAR)
    async def neutral_page(request: Request) -> Response:
        today = clock.now().astimezone(ZONE).date()
        weeks = calendar.Calendar().monthdatescalendar(today.year, today.month)
        return pages.answer(request, "pages/calendar.html", weeks=weeks, today=today)

    @router.post("/sign-out")
    async def sign_out(request: Request, person: _Anybody, form: Posted) -> Response:
        if form.ticked("everywhere"):
            await door.sign_out_everywhere(person.account.account_id, by=person.account.account_id)
        else:
            await door.sign_out(token_of(request))
        response = see_other(SIGN_IN)
        pages.cookies.drop(response, pages.cookies.session)
        return response

    @router.post("/language")
    async def language(request: Request, form: Posted) -> Response:
        check_origin(request)
        chosen = form.choice("language", tuple(LANGUAGES))
        response = see_other(own_path(form.get("next"), otherwise=pages.brand.home))
        pages.cookies.put(response, pages.cookies.language, chosen, lasts=_YEAR_SECONDS)
        if (token := token_of(request)) is not None:
            await door.speak(token, chosen)
        return response
