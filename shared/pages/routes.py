"""Routes of pages: whatever they raise becomes a page too, or leads to the sign-in."""

from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from shared.kernel.errors import MeshError, NotAuthenticated, NotFound
from shared.pages.catalogue import said
from shared.pages.paths import EXIT, LOCKED, OWN_PASSWORD, SIGN_IN
from shared.pages.rendering import Pages, unchanged
from shared.telemetry.context import current_trace_id
from shared.telemetry.logs import get_logger
from shared.wire.problem import status_of

_DOORS: Final = {"session.none": SIGN_IN, "session.locked": LOCKED, "password.provisional": OWN_PASSWORD}
#: Nobody who has just come in is led here.
_OUT: Final = frozenset({SIGN_IN, LOCKED, EXIT})
_SEE_OTHER: Final = 303
_WANTED_MOST: Final = 400

_log = get_logger("pages")


class PageRoute(APIRoute):
    """A route that answers people: its refusals are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the way from an error to a page around it."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except RequestValidationError:
                return problem_page(request, NotFound("route.unknown", "There is nothing at this address."))
            except MeshError as error:
                return problem_page(request, error)
            return unchanged(request, response) if request.method == "GET" else response

        return answer


def page_router() -> APIRouter:
    """Return an empty router for pages; they stand in no OpenAPI document."""
    return APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=Response)


def see_other(path: str) -> RedirectResponse:
    """Lead to another page of ours after something was done (RFC 9110 section 15.4.4)."""
    return RedirectResponse(path, _SEE_OTHER)


def own_path(path: str | None, *, otherwise: str) -> str:
    """Return where to go on, when that is a path of this service: never another site, never out again at once."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return otherwise
    parts = urlsplit(path)
    leads_out = parts.path in _OUT or parts.path.startswith(f"{SIGN_IN}/")
    return otherwise if parts.scheme or parts.netloc or "\\" in path or leads_out else path


def asks_for_page(request: Request) -> bool:
    """Say whether a browser asks for a person: it names HTML first (RFC 9110 section 12.5.1)."""
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
    return request.method == "GET" and first.strip().lower() == "text/html"


def problem_page(request: Request, error: MeshError) -> Response:
    """Answer an error as people need it: the sign-in, the lock, or what went wrong and what to do."""
    if isinstance(error, NotAuthenticated) and error.code in _DOORS:
        if "x-refresh" in request.headers:
            return Response(status_code=401)
        door = _DOORS[error.code]
        wanted = own_path(_wanted(request), otherwise="") if request.method == "GET" else ""
        return see_other(f"{door}?next={quote(wanted, safe='')}" if wanted else door)
    status = status_of(type(error))
    _log.info("page.refused", code=error.code, status=status)
    pages: Pages = request.app.state.pages
    words = pages.words(pages.language(request))
    return pages.answer(
        request,
        "pages/problem.html",
        status=status,
        told=said(error, words),
        code=error.code,
        trace=current_trace_id(),
        faults=[words.gettext(fault.message) for fault in error.faults],
    )


def _wanted(request: Request) -> str | None:
    """Return the page that was asked for; from the lock, the page behind it; a long query is left out."""
    if request.url.path == LOCKED:
        return request.query_params.get("next")
    whole = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    return whole if len(whole) <= _WANTED_MOST else request.url.path
