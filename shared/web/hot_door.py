"""The door of hot routes: trace, edge, guard, handler and answer of one call in one step each.

Owns the way of such a call past the framework. Promises what `shared.telemetry.middleware` and `shared.web.edge`
promise for all others, with the same parts: a caller cannot tell which way its call went. Refuses paths it could not
tell apart at a glance (a hot path has no variable part, or one, as its last segment but one) and methods without body.
"""

from collections.abc import Mapping, Sequence

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from shared.kernel.errors import InternalFault, MeshError, NotPermitted
from shared.telemetry.middleware import UNANSWERED, Visit
from shared.telemetry.tracing import Telemetry
from shared.web.drain import Drain
from shared.web.edge import BODY_MOST, AnswerBroken, Header, Receive, Scope, Send, check_target, marked
from shared.web.hot import Call, HotRoute, Reply
from shared.web.problems import fault_response, problem_response
from shared.web.routes import check_query
from shared.web.security import Callers

_NO_PARAMETERS: Mapping[str, bool] = {}
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


class HotDoor:
    """Serves the calls of hot routes."""

    def __init__(self, *, telemetry: Telemetry, callers: Callers, caps: Mapping[str, int], drain: Drain) -> None:
        self._telemetry = telemetry
        self._callers = callers
        self._caps = caps
        self._drain = drain
        self._fixed: dict[tuple[str, str], HotRoute] = {}
        self._about: dict[tuple[str, str, str], HotRoute] = {}

    def add(self, route: HotRoute) -> None:
        """Serve `route` from now on. Raises `InternalFault` for one that this cannot serve."""
        front, variable, last = _parts(route.path)
        if "{" not in route.path:
            self._fixed[route.method, route.path] = route
        elif "{" not in front + last and variable.startswith("{") and variable.endswith("}"):
            self._about[route.method, front, last] = route
        else:
            raise InternalFault("internal.fault", f"The path {route.path} is not one of a hot route.")
        if route.method in _WITHOUT_BODY:
            raise InternalFault("internal.fault", f"A hot route takes a body; {route.path} does not.")

    def find(self, scope: Scope) -> tuple[HotRoute, str | None] | None:
        """Return the route of a call and what its path is about; None where the framework is to serve it."""
        method, path = scope["method"], scope["path"]
        route = self._fixed.get((method, path))
        if route is not None:
            return route, None
        front, about, last = _parts(path)
        route = self._about.get((method, front, last))
        return (route, about) if route is not None and about else None

    async def serve(self, route: HotRoute, about: str | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call of a route that was found for it."""
        call = Call(scope["headers"], receive, cap=self._caps.get(scope["path"], BODY_MOST), about=about)
        came_from = call.every(b"traceparent")
        visit = Visit(self._telemetry, came_from[0] if len(came_from) == 1 else None)
        status, fault = UNANSWERED, None
        try:
            reply = await self._reply(route, call, scope)
            if call.body.is_over:
                await call.body.discard()
            closes = call.body.is_over or self._drain.has_begun
            headers = [*marked(reply.headers, scope, closes=closes), visit.mark]
            status = reply.status
            await _send(reply, headers, send)
        except ClientDisconnect:
            return
        except BaseException as raised:
            fault = raised
            raise
        finally:
            visit.end(route.method, route.path, status, fault=fault)

    async def _reply(self, route: HotRoute, call: Call, scope: Scope) -> Reply:
        try:
            check_target(scope)
            if scope["query_string"]:
                check_query(scope["query_string"], _NO_PARAMETERS)
            call.caller = self._callers.known(scope, call.every(b"authorization"))
            try:
                route.guard.check(call.caller)
            except NotPermitted as error:
                raise await route.refused(call.caller, error) from error
            return await route.handler(call)
        except ClientDisconnect:
            raise
        except MeshError as error:
            return _as_reply(problem_response(error))
        except Exception as error:  # noqa: BLE001 - an edge: logged there by type and place, answered with one sentence
            return _as_reply(fault_response(error))


async def _send(reply: Reply, headers: Sequence[Header], send: Send) -> None:
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
    except Exception:  # noqa: BLE001 - an edge: no text of a cause reaches the server
        raise AnswerBroken from None


def _as_reply(response: Response) -> Reply:
    return Reply(response.status_code, response.raw_headers, bytes(response.body))


def _parts(path: str) -> tuple[str, str, str]:
    """Return a path in three: what stands before its last segment but one, that segment, the last."""
    head, _, last = path.rpartition("/")
    front, _, about = head.rpartition("/")
    return front, about, last
