"""How a service of the mesh becomes an application: one factory, so that all of them behave alike.

Owns the assembly of edge, trace, routes, problems, health and reference. Promises that whatever a deployable adds,
every answer is bounded, marked, traced and, when it is a refusal, a problem document that its OpenAPI document names.
Reads no settings and opens nothing: what is needed is passed in.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from shared.telemetry.logs import get_logger
from shared.telemetry.middleware import TraceMiddleware
from shared.telemetry.tracing import Telemetry
from shared.web import docs, health
from shared.web.drain import Drain
from shared.web.edge import Edge, Receive, Scope, Send
from shared.web.hot import HotHandler, HotRoute, Refused, as_it_is
from shared.web.hot_door import HotDoor
from shared.web.openapi import build_document
from shared.web.problems import fault_response, from_http, method_response, on_validation, problem_response
from shared.web.rate_limit import RateLimit
from shared.web.routes import allowed_methods, join
from shared.web.security import Authenticate, Callers, RequiredScope

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_log = get_logger("web")
_METHOD_NOT_ALLOWED = 405
_QUIET: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


class MeshApp(FastAPI):
    """A FastAPI application whose document is finished by `shared.web.openapi`.

    Hot routes are reached by a door of their own: the framework's layers handle what such a route does not use.
    """

    scopes: Mapping[str, str]
    token_url: str
    hot: HotDoor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        found = self.hot.find(scope) if scope["type"] == "http" else None
        if found is None:
            await super().__call__(scope, receive, send)
        else:
            await self.hot.serve(*found, scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the complete OpenAPI document, built once."""
        if not self.openapi_schema:
            self.openapi_schema = build_document(self, self.scopes, self.token_url)
        return self.openapi_schema


def create_app(
    *,
    title: str,
    version: str,
    telemetry: Telemetry,
    authenticate: Authenticate,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    description: str = "",
    public_paths: Collection[str] = (),
    scopes: Mapping[str, str] | None = None,
    token_url: str = "/oauth/token",  # noqa: S107 - an address, not a secret
    rate_limit: RateLimit | None = None,
    body_caps: Mapping[str, int] | None = None,
    checks: Sequence[health.Check] = (),
    drain: Drain | None = None,
) -> MeshApp:
    """Assemble a service.

    `public_paths` are the path templates that need no guard; `scopes` gives each scope its meaning for the document;
    `body_caps` gives single paths their own cap in bytes; `checks` make `/readyz`, which is red too once `drain` has
    begun. Hot routes are added afterwards with `document_route`. Raises `InternalFault` for a router that cannot be
    joined.
    """
    caps, drain = body_caps or {}, drain or Drain()
    app = MeshApp(
        title=title,
        version=version,
        description=description,
        lifespan=_told(lifespan),
        openapi_url=None,
        redirect_slashes=False,
        telemetry=_QUIET,
        middleware=[
            Middleware(TraceMiddleware, telemetry=telemetry),
            Middleware(Edge, caps=caps, drain=drain),
        ],
        exception_handlers={HTTPException: _on_http, RequestValidationError: on_validation, 500: _on_rest},
    )
    callers = Callers(authenticate, rate_limit)
    app.scopes, app.token_url = scopes or {}, token_url
    app.hot = HotDoor(telemetry=telemetry, callers=callers, caps=caps, drain=drain)
    app.state.callers, app.state.telemetry, app.state.metrics = callers, telemetry, telemetry.metrics
    app.state.public_paths = frozenset(public_paths) | health.PATHS | docs.PATHS
    checked = [health.Check("accepting", drain.check), *checks]
    join(app, [*routers, health.health_router(checked, telemetry.metrics), docs.docs_router(app.openapi)])
    return app


def document_route(
    app: MeshApp,
    path: str,
    handler: HotHandler,
    *,
    method: str,
    guard: RequiredScope,
    operation: dict[str, Any],
    models: Sequence[type[BaseModel]],
    refused: Refused = as_it_is,
) -> None:
    """Add a hot route in front of all others, and its operation to the document (see `shared.web.openapi.operation`).

    The handler gets a call whose caller has passed `guard`; of who does not pass, `refused` is told. Call before the
    first request. Raises `InternalFault` for a path that is none of a hot route.
    """
    route = HotRoute(path, handler, method=method, guard=guard, refused=refused, operation=operation, models=models)
    app.hot.add(route)
    app.router.routes.insert(0, route)
    app.openapi_schema = None


def _told(lifespan: Lifespan) -> Lifespan:
    """Wrap a lifespan so that its failure is in the log by type and place; the server's own account is withheld."""

    @asynccontextmanager
    async def told(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with lifespan(app):
                yield
        except Exception as error:
            _log.error("service.failed", exc_info=error)
            raise

    return told


async def _on_http(request: Request, error: Exception) -> Response:
    """Answer for an exception of the framework: 404, 405, 413 and their kin."""
    if not isinstance(error, HTTPException):
        return fault_response(error)
    if error.status_code != _METHOD_NOT_ALLOWED:
        return problem_response(from_http(error))
    allow = ", ".join(allowed_methods(request.app, request.scope["path"]))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allow})
    return method_response(allow)


async def _on_rest(_request: Request, error: Exception) -> Response:
    """Answer for what even the edge let through."""
    return fault_response(error)
