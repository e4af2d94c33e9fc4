"""A direct route answers as the framework's own does, and is refused where there is no direct way."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.routing import APIRoute

from shared.kernel.errors import InternalFault
from shared.web.body import json_body
from shared.web.direct import DirectRoute
from shared.web.listing import Paged
from shared.web.security import Principal, require
from tests.support.web_app import TOKEN, ThingV1, client_of, sample_app

GOOD = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Access-Reason": "care"}
_OF_THE_CALL = {"content-length", "traceresponse", "ratelimit"}


async def _shown(
    *,
    thing_id: Annotated[str, Path(pattern="^[a-z]{1,9}$")],
    page: Paged,
    caller: Annotated[Principal, require("things.write")],
    thing: Annotated[ThingV1, json_body(ThingV1)],
    reason: Annotated[str, Header(alias="Access-Reason", pattern="^[a-z]{1,9}$")],
    box: Annotated[str, Query(pattern="^(sent|received)$")] = "sent",
) -> Response:
    text = f"{thing_id} {page.limit} {caller.subject} {thing.name} {reason} {box}"
    return Response(text, status_code=202, headers={"X-Said": "so"})


def _router() -> APIRouter:
    router = APIRouter()
    for name, kind in (("ordinary", APIRoute), ("direct", DirectRoute)):
        path = f"/v1/{name}/{{thing_id}}"
        router.add_api_route(
            path, _shown, methods=["POST"], status_code=202, route_class_override=kind, operation_id=name
        )
    return router


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sample_app(routers=(_router(),))) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("thing?limit=7&box=received", GOOD, '{"name": "a"}'),
        ("thing", GOOD, '{"name": 1}'),
        ("thing", GOOD, "{"),
        ("THING", GOOD, '{"name": "a"}'),
        ("thing?limit=0&box=neither", {**GOOD, "Access-Reason": "?"}, '{"name": "a"}'),
        ("thing?unheard=of", GOOD, '{"name": "a"}'),
        ("thing", {**GOOD, "Authorization": "Bearer bad"}, '{"name": "a"}'),
        ("thing", {**GOOD, "Content-Type": "text/plain"}, '{"name": "a"}'),
        ("thing", {name: value for name, value in GOOD.items() if name != "Access-Reason"}, '{"name": "a"}'),
    ],
)
async def test_it_answers_as_the_ordinary_route_does(
    client: httpx.AsyncClient, path: str, headers: dict[str, str], body: str
) -> None:
    seen = [await client.post(f"/v1/{name}/{path}", headers=headers, content=body) for name in ("ordinary", "direct")]
    told = [_without_trace(answer) for answer in seen]
    assert told[0] == told[1]


async def test_its_document_is_that_of_the_ordinary_route(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    ordinary, direct = (paths[f"/v1/{name}/{{thing_id}}"]["post"] for name in ("ordinary", "direct"))
    assert {**ordinary, "operationId": ""} == {**direct, "operationId": ""}


def _on_a_thread() -> int:
    return 1


async def _needs_a_thread(one: Annotated[int, Depends(_on_a_thread)]) -> Response:
    return Response(str(one))


async def _needs_a_response(response: Response) -> Response:
    return response


@pytest.mark.parametrize("endpoint", [_needs_a_thread, _needs_a_response, _on_a_thread])
def test_what_needs_more_than_parameters_is_refused_when_it_is_made(endpoint: Any) -> None:
    with pytest.raises(InternalFault):
        DirectRoute("/v1/none", endpoint)


def _without_trace(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    headers = {name: value for name, value in answer.headers.items() if name not in _OF_THE_CALL}
    is_problem = "problem" in headers.get("content-type", "")
    body = {**answer.json(), "trace_id": "", "instance": ""} if is_problem else answer.text
    return answer.status_code, headers, body
