"""Routes: how they are joined into an application, and what is true of all of them.

Owns the join of routers into one flat table, the fence around queries and the functions by which tests check any
application. Promises that a query holds only parameters that the OpenAPI document names, each given once, and that an
answer 405 lists every method of the path. Refuses nested routers (their prefixes would be invisible to metrics) and
bodies read by the framework (they would pass by `shared.web.body`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, get_origin
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from shared.kernel.errors import FieldFault, InputRejected, InternalFault
from shared.web.edge import App, Receive, Scope, Send
from shared.web.hot import HotRoute
from shared.web.security import Guard
from shared.wire.faults import pointer_to

_QUERY_MOST: Final = 50


class _QueryFence:
    """Stands before a route's application and lets only the documented query through."""

    def __init__(self, app: App, names: Mapping[str, bool]) -> None:
        self.app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            check_query(scope["query_string"], self._names)
        await self.app(scope, receive, send)


def check_query(query: bytes, names: Mapping[str, bool]) -> None:
    """Check that `query` has only known parameters, once each. Raises `InputRejected` (`message.invalid`)."""
    try:
        given = [
            name for name, _ in parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_QUERY_MOST)
        ]
    except ValueError:
        fault = FieldFault("/query", "field.too-many", f"Give at most {_QUERY_MOST} parameters.")
        raise _bad_query([fault]) from None
    faults = []
    if not names.keys() >= set(given):
        known = ", ".join(sorted(names)) or "none"
        faults.append(FieldFault("/query", "field.unknown", f"The parameters of this call are: {known}."))
    for name, repeatable in names.items():
        if not repeatable and given.count(name) > 1:
            faults.append(FieldFault(pointer_to("query", name), "field.repeated", "Give this parameter once."))
    if faults:
        raise _bad_query(faults)


def _bad_query(faults: Sequence[FieldFault]) -> InputRejected:
    return InputRejected("message.invalid", "The query does not follow the contract.", faults=faults)


def join(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """Put the routes of `routers` into the one table of `app`, each behind its fences.

    Raises `InternalFault` (`internal.fault`) for a nested router or a body parameter.
    """
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                _check_body(route)
            elif not isinstance(route, Route):
                raise InternalFault("internal.fault", "A router holds something other than routes; give it by itself.")
            add_route(app, route)


def add_route(app: FastAPI, route: Route) -> None:
    """Put one route into the table, fenced if it is documented."""
    if route.include_in_schema:
        route.app = _QueryFence(route.app, query_names(route))
    app.router.routes.append(route)


def query_names(route: Route) -> dict[str, bool]:
    """Return the query parameters of a route by name, and whether each may be repeated."""
    if not isinstance(route, APIRoute):
        return {}
    return {
        parameter.alias: get_origin(parameter.field_info.annotation) in {list, tuple, set, frozenset}
        for dependant in _dependants_of(route)
        for parameter in dependant.query_params
    }


def _check_body(route: APIRoute) -> None:
    if route.body_field is not None:
        text = f"The route {route.path} reads its body by a parameter; declare json_body or form_body."
        raise InternalFault("internal.fault", text)


def dependencies_of(route: APIRoute) -> Iterator[Any]:
    """Yield the callables of all dependencies of a route, at any depth."""
    yield from (dependant.call for dependant in _dependants_of(route) if dependant is not route.dependant)


def _dependants_of(route: APIRoute) -> Iterator[Dependant]:
    waiting: list[Dependant] = [route.dependant]
    while waiting:
        dependant = waiting.pop()
        waiting.extend(dependant.dependencies)
        yield dependant


def guards_of(route: BaseRoute) -> list[Guard]:
    """Return the guards that stand before a route."""
    if isinstance(route, HotRoute):
        return [route.guard]
    if isinstance(route, APIRoute):
        return [call for call in dependencies_of(route) if isinstance(call, Guard)]
    return []


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """Return the methods that `path` takes, sorted, with those that every path has; none for an unknown path."""
    methods: set[str] = set()
    for route in app.router.routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            methods |= route.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods | {"OPTIONS"}) if methods else []


def undeclared_routes(app: FastAPI) -> list[str]:
    """Return the routes that neither declare who may call them nor are listed as public: always to be empty."""
    public = app.state.public_paths
    return [
        f"{'/'.join(sorted(getattr(route, 'methods', None) or ['*']))} {path}"
        for route in app.router.routes
        if (path := getattr(route, "path", "")) not in public and not guards_of(route)
    ]


def unbounded_parameters(app: FastAPI) -> list[str]:
    """Return the text parameters that the document does not bound: neither pattern, format, length nor choice.

    Such a parameter lets anything through to a database, and a fuzzer will find out. Always to be empty.
    """
    bounds = {"pattern", "format", "maxLength", "enum", "const"}
    return [
        f"{method.upper()} {path} {parameter['name']}"
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        for parameter in operation.get("parameters", ())
        for schema in _branches(parameter.get("schema", {}))
        if schema.get("type") == "string" and bounds.isdisjoint(schema)
    ]


def _branches(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield schema
    for branch in [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]:
        yield from _branches(branch)
