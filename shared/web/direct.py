"""A direct way to the busiest of the framework's routes: declared, documented, guarded like all, solved in few steps.

The framework prepares for each call what only some routes need: resources that are closed afterwards, background tasks,
cached dependencies, a response model. Of a route that needs none of it, this calls the dependencies and the endpoint
in their order, with parameters that the framework itself checks. Refuses, when the route is made, what it would not do.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel.errors import InternalFault
from shared.web.edge import App, Receive, Scope, Send
from shared.web.problems import from_validation


class DirectRoute(APIRoute):
    """A route whose endpoint and dependencies are coroutine functions of the request and of parameters.

    The endpoint returns a response; its model is for the document. A dependency that stands twice is called twice.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        """Take what the framework's route takes. Raises `InternalFault` for what there is no direct way to."""
        super().__init__(path, endpoint, **given)
        self.app = _straight(_step(self.dependant, path))


@dataclass(frozen=True, slots=True)
class _Step:
    """An endpoint or a dependency: what is called, with what."""

    name: str | None
    call: Callable[..., Awaitable[Any]]
    before: Sequence["_Step"]
    path: Sequence[Any]
    query: Sequence[Any]
    headers: Sequence[Any]
    request_name: str | None

    async def done(self, request: Request, errors: list[Any]) -> Any:
        """Return what the call returns; None where a parameter is wrong, which is then among the errors."""
        known = len(errors)
        values: dict[str, Any] = {}
        for step in self.before:
            value = await step.done(request, errors)
            if step.name is not None:
                values[step.name] = value
        self._read(request, values, errors)
        if self.request_name is not None:
            values[self.request_name] = request
        return None if len(errors) > known else await self.call(**values)

    def _read(self, request: Request, values: dict[str, Any], errors: list[Any]) -> None:
        for fields, given in ((self.path, "path_params"), (self.query, "query_params"), (self.headers, "headers")):
            if fields:
                found, wrong = request_params_to_args(fields, getattr(request, given))
                values.update(found)
                errors.extend(wrong)


def _straight(endpoint: _Step) -> App:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request, errors = Request(scope, receive, send), list[Any]()
        response = await endpoint.done(request, errors)
        if errors:
            raise from_validation(RequestValidationError(errors))
        if not isinstance(response, Response):
            raise InternalFault("internal.fault", "The endpoint of a direct route returned no response.")
        await response(scope, receive, send)

    return app


def _step(one: Dependant, path: str) -> _Step:
    unknown = (
        one.body_params,
        one.cookie_params,
        one.websocket_param_name,
        one.http_connection_param_name,
        one.response_param_name,
        one.background_tasks_param_name,
        one.security_scopes_param_name,
        one.concurrency,
    )
    if any(unknown) or one.call is None or not _is_coroutine(one.call):
        raise InternalFault("internal.fault", f"There is no direct way to {path}: it needs more than parameters.")
    return _Step(
        name=one.name,
        call=one.call,
        before=tuple(_step(each, path) for each in one.dependencies),
        path=tuple(one.path_params),
        query=tuple(one.query_params),
        headers=tuple(one.header_params),
        request_name=one.request_param_name,
    )


def _is_coroutine(call: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004 - whether it is one, not whether there is one
