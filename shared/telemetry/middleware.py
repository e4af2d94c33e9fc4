"""What gives every request its trace, its span and its place in the histogram.

Owns the server's side of W3C Trace Context. Promises a trace id to everything that runs inside, the header
`traceresponse` (W3C Trace Context Level 2, draft) on the answer, and cheapness: without an exporter no span object
is made. Refuses to record what identifies anyone: the route's template instead of the path, no query, no headers,
no client address, of an exception its type.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from opentelemetry.trace import SpanKind, Status, StatusCode

from shared.telemetry.context import enter, leave
from shared.telemetry.tracing import Recorded, Telemetry

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Route label of requests that no route took.
UNMATCHED: Final = "unmatched"
#: A method outside this list is written as `_OTHER` (OpenTelemetry HTTP semantic conventions).
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "_OTHER"
_SERVER_FAULT: Final = 500
#: Status label of requests whose answer never began.
UNANSWERED: Final = _SERVER_FAULT


class Visit:
    """One request on its way through this process: its trace from here to `end`, and `mark`, the header that tells it.

    Begin it on the task that serves the request, and end it there.
    """

    __slots__ = ("_span", "_started", "_telemetry", "_token", "mark")

    def __init__(self, telemetry: Telemetry, traceparent: str | None) -> None:
        self._started = time.perf_counter()
        self._telemetry = telemetry
        here, self._span = telemetry.start("request", kind=SpanKind.SERVER, traceparent=traceparent)
        self._token = enter(here)
        self.mark = (b"traceresponse", here.traceparent().encode("ascii"))

    def end(self, method: str, route: str, status: int, *, fault: BaseException | None = None) -> None:
        """Leave the trace, count the request, and close its span; `route` is a template, never a path."""
        leave(self._token)
        self._telemetry.metrics.answered.count(method, route, status, time.perf_counter() - self._started)
        if self._span is not None:
            _finish(self._span, method, route, status, fault=fault)


class TraceMiddleware:
    """Pure ASGI: wrap the whole application in it, outermost."""

    def __init__(self, app: App, telemetry: Telemetry) -> None:
        self.app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request inside its trace."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit, status = Visit(self._telemetry, _traceparent(scope)), UNANSWERED

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), visit.mark]
            await send(message)

        fault: BaseException | None = None
        try:
            await self.app(scope, receive, marked)
        except BaseException as raised:
            fault = raised
            raise
        finally:
            visit.end(_method(scope), _route(scope), status, fault=fault)


def _traceparent(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"traceparent"]
    return found[0].decode("latin-1") if len(found) == 1 else None


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return method if method in METHODS else _OTHER


def _route(scope: Scope) -> str:
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else UNMATCHED


def _finish(span: Recorded, method: str, route: str, status: int, *, fault: BaseException | None) -> None:
    span.update_name(f"{method} {route}")
    span.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if fault is not None:
        span.set_attributes({"error.type": type(fault).__name__})
    if fault is not None or status >= _SERVER_FAULT:
        span.set_status(Status(StatusCode.ERROR))
    span.end()
