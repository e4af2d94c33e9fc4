"""The OpenAPI 3.1 document of a service, complete: what FastAPI knows and what it does not.

Owns the finishing of the document: security from guards, request bodies from `shared.web.body`, hot routes, and on
every operation the problems it may answer. Promises that no status leaves a service that its document does not name
(405 excepted: it belongs to methods that are not in it). Follows OpenAPI 3.1.0 and RFC 9457.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.web.body import JSON, BodyOf
from shared.web.conditional import KNOWN_PARAMETER, TAG_HEADER, UNCHANGED_ANSWER, ConditionalRoute
from shared.web.hot import HotRoute
from shared.web.routes import dependencies_of, guards_of
from shared.web.security import SCHEME
from shared.wire.problem import MEDIA_TYPE, ProblemV1

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_REF: Final = "#/components/schemas/{model}"
_WRITES: Final = frozenset({"post", "put", "patch", "delete"})
_FRAMEWORK_SCHEMAS: Final = ("HTTPValidationError", "ValidationError")
_ModelMode = tuple[type[BaseModel], Literal["validation", "serialization"]]

#: What each refusal means, as the document tells it.
PROBLEMS: Final[Mapping[int, str]] = {
    401: "No token, or one that does not hold.",
    403: "The token holds; the answer is no. Reasons are listed as codes.",
    404: "Nothing here for this caller: absent, or not theirs.",
    409: "The request contradicts what is already recorded.",
    413: "The body is larger than this call takes.",
    415: "The body has another content type than this call takes.",
    422: "The request does not follow the contract; `errors` points at each place.",
    429: "The caller's allowance is used up.",
    503: "Not possible now; try again as Retry-After says.",
}
#: What the document says of an answer that tells where to read what came of the call (RFC 9110 section 10.2.2).
LOCATED: Final[Mapping[str, Any]] = {
    "headers": {"Location": {"description": "Where to read what came of it.", "schema": {"type": "string"}}}
}
_LOCATED_STATUSES: Final = frozenset({201, 202})
_HEADERS: Final[Mapping[int, tuple[str, dict[str, Any]]]] = {
    401: ("WWW-Authenticate", {"type": "string"}),
    429: ("Retry-After", {"type": "integer", "minimum": 0}),
    503: ("Retry-After", {"type": "integer", "minimum": 0}),
}


def operation(
    summary: str,
    *,
    body: type[BaseModel],
    answers: Mapping[int, type[BaseModel]],
    description: str = "",
    headers: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Write the operation of a hot route: JSON in, JSON out. `headers` are OpenAPI parameter objects."""
    return {
        "summary": summary,
        "description": description,
        **({"parameters": list(headers)} if headers else {}),
        "requestBody": _body(JSON, body),
        "responses": {
            str(status): {
                **(LOCATED if status in _LOCATED_STATUSES else {}),
                "description": (model.__doc__ or summary).partition("\n")[0],
                "content": _json_of(model),
            }
            for status, model in answers.items()
        },
    }


def build_document(app: FastAPI, scopes: Mapping[str, str], token_url: str) -> dict[str, Any]:
    """Build the document of `app`. `scopes` gives each scope its meaning, `token_url` says where tokens are had."""
    document = get_openapi(title=app.title, version=app.version, description=app.description or None, routes=app.routes)
    paths = document.setdefault("paths", {})
    models: list[_ModelMode] = [(ProblemV1, "serialization")]
    for route in _documented(app):
        for method in sorted(route.methods or ()):
            if method != "HEAD":
                found = _operation_of(paths, route, method.lower())
                models.extend(_finish(found, route, method.lower()))
    _name_apart(paths)
    _add_components(document, models)
    flow = {"clientCredentials": {"tokenUrl": token_url, "scopes": dict(scopes)}}
    document["components"]["securitySchemes"] = {SCHEME: {"type": "oauth2", "flows": flow}}
    return document


def _documented(app: FastAPI) -> Iterator[APIRoute | HotRoute]:
    for route in app.router.routes:
        if isinstance(route, APIRoute | HotRoute) and route.include_in_schema:
            yield route


def _operation_of(paths: dict[str, Any], route: APIRoute | HotRoute, method: str) -> dict[str, Any]:
    operations = paths.setdefault(route.path_format, {})
    if isinstance(route, HotRoute):
        operations[method] = {**route.operation, "responses": dict(route.operation["responses"])}
    found: dict[str, Any] = operations[method]
    found["operationId"] = route.name
    return found


def _name_apart(paths: Mapping[str, Any]) -> None:
    """Give operations that share a name one made of method and path, so that generated clients can tell them apart."""
    found = [(path, method, entry) for path, entries in paths.items() for method, entry in entries.items()]
    times = Counter(entry["operationId"] for _, _, entry in found)
    for path, method, entry in found:
        if times[entry["operationId"]] > 1:
            entry["operationId"] = "_".join([method, *_WORD.findall(path)])


def _finish(found: dict[str, Any], route: APIRoute | HotRoute, method: str) -> list[_ModelMode]:
    """Complete one operation in place; return the models it refers to."""
    guards = guards_of(route)
    security = [dict(entry) for guard in guards for entry in guard.security]
    if security:
        found["security"] = security
    models: list[_ModelMode] = []
    if isinstance(route, ConditionalRoute):
        _finish_conditional(found)
    if isinstance(route, HotRoute):
        models += [(model, "validation") for model in route.models]
    else:
        for body in (call for call in dependencies_of(route) if isinstance(call, BodyOf)):
            found["requestBody"] = _body(body.media_type, body.model) | {"required": body.is_required}
            models.append((body.model, "validation"))
    statuses = _statuses(found, method, guarded=bool(guards))
    found["responses"].update({str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in statuses})
    return models


def _finish_conditional(found: dict[str, Any]) -> None:
    found.setdefault("parameters", []).append(dict(KNOWN_PARAMETER))
    found["responses"]["200"]["headers"] = dict(TAG_HEADER)
    found["responses"]["304"] = dict(UNCHANGED_ANSWER)


def _statuses(found: Mapping[str, Any], method: str, *, guarded: bool) -> list[int]:
    statuses = [422, 503]
    if guarded:
        statuses += [401, 403, 429]
    if method in _WRITES:
        statuses += [404, 409, 413]
    if "requestBody" in found:
        statuses += [413, 415]
    if any(parameter["in"] == "path" for parameter in found.get("parameters", ())):
        statuses += [404]
    undescribed = {
        int(status) for status, answer in found["responses"].items() if "content" not in answer and status.isdigit()
    }
    named = undescribed & PROBLEMS.keys()  # by the route: it may answer more than others of its kind
    return sorted(named | {status for status in statuses if str(status) not in found["responses"] or status == 422})  # noqa: PLR2004 - the framework writes a 422 of its own


def _add_components(document: dict[str, Any], models: Iterable[_ModelMode]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    _, extra = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    for name, schema in extra.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    components["schemas"] = dict(sorted(schemas.items()))
    components["responses"] = {f"Problem{status}": _problem(status) for status in PROBLEMS}


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=ProblemV1.__name__)}}}
    answer: dict[str, Any] = {"description": PROBLEMS[status], "content": content}
    if status in _HEADERS:
        name, schema = _HEADERS[status]
        answer["headers"] = {name: {"schema": schema}}
    return answer


def _body(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"required": True, "content": {media_type: {"schema": {"$ref": _REF.format(model=model.__name__)}}}}


def _json_of(model: type[BaseModel]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": _REF.format(model=model.__name__)}}}
