"""What every answer has, and what every refusal looks like."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.exceptions import HTTPException

from shared.kernel import errors
from shared.kernel.errors import InternalFault, MeshError, PeerUnavailable, TooManyRequests
from shared.web.problems import from_http, problem_response
from shared.wire.problem import STATUS
from tests.support.web_app import client_of, sample_app

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sample_app()) as client:
        yield client


def problem_of(answer: httpx.Response) -> dict[str, object]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:mesh:problem:{problem['code']}"
    assert problem["instance"] == f"urn:mesh:trace:{problem['trace_id']}"
    return problem


def _classes(base: type[MeshError]) -> list[type[MeshError]]:
    return [base, *(found for below in base.__subclasses__() for found in _classes(below))]


def _made(kind: type[MeshError]) -> MeshError:
    """An error of this class, also where a room gave its own a shorter way to be made."""
    error = kind.__new__(kind)
    MeshError.__init__(error, "some.code", "Mend it so.")
    return error


@pytest.mark.parametrize("kind", _classes(errors.MeshError)[1:])
def test_every_error_of_the_mesh_has_an_answer(kind: type[MeshError]) -> None:
    answer = problem_response(_made(kind))
    nearest = next(base for base in kind.__mro__ if base in STATUS)
    assert answer.status_code == STATUS[nearest]
    document = json.loads(bytes(answer.body))
    assert ("Mend it so." in document["detail"]) == (not issubclass(kind, InternalFault))
    assert ("retry-after" in answer.headers) == issubclass(kind, PeerUnavailable)


def test_wait_that_an_error_names_is_the_one_told() -> None:
    assert problem_response(TooManyRequests("rate.exceeded", "Wait.", retry_after=7)).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "message.invalid"),
        (401, "token.missing"),
        (404, "route.unknown"),
        (413, "message.too-large"),
        (415, "message.media-type"),
        (418, "message.invalid"),
        (500, "internal.fault"),
        (503, "internal.fault"),
    ],
)
def test_exception_of_the_framework_becomes_one_of_ours(status: int, code: str) -> None:
    assert from_http(HTTPException(status)).code == code


@pytest.mark.rule("R-20")
async def test_answer_is_marked_as_private_and_inert(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/abc")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_refusal_names_the_trace_of_the_caller(client: httpx.AsyncClient) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await client.get("/nowhere", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert problem_of(answer)["trace_id"] == trace
    assert trace in answer.headers["traceresponse"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v1/things/", "/v1/things/a/b", "/docs/assets/other.js", "/docs/"]
)
async def test_unknown_path_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert problem_of(answer)["code"] == "route.unknown"


async def test_wrong_method_names_all_methods_of_the_path(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/things")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert problem_of(answer)["code"] == "route.method"


async def test_options_tells_the_methods_without_a_token(client: httpx.AsyncClient) -> None:
    answer = await client.options("/v1/slow-things", headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "OPTIONS, POST", b"")


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    head, get = await client.head("/v1/things/abc"), await client.get("/v1/things/abc")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]
    metrics = (await client.get("/metrics")).text
    assert 'http_requests_total{method="HEAD",route="/v1/things/{thing_id}",status="200"} 1.0' in metrics


@pytest.mark.parametrize(
    "path", ["/v1/things/%00", "/v1/things/a%0Ab", "/v1/things/%FF", "/v1/things/%C2%A0", "/%E2%80%A8"]
)
async def test_path_with_a_character_no_handler_should_see_is_unknown(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("query", ["after=%00", "after=%FF", "after=%", "after=%zz", "after=%C3%28", "after=%ED%A0%80"])
async def test_query_that_cannot_be_read_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(httpx.URL("http://sample.test/v1/things", query=query.encode()))
    assert answer.status_code == 422
    errors = problem_of(answer)["errors"]
    assert [fault["pointer"] for fault in errors] == ["/query"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "/query/limit", "field.range"),
        ("limit=201", "/query/limit", "field.range"),
        ("limit=many", "/query/limit", "field.type"),
        ("limit=1&limit=2", "/query/limit", "field.repeated"),
        ("secret=1", "/query", "field.unknown"),
        ("box=other", "/query/box", "field.form"),
        ("after=bm9uc2Vuc2U", "/query/after", "field.form"),
        ("&".join("limit=1" for _ in range(60)), "/query", "field.too-many"),
    ],
)
async def test_query_off_the_contract_is_pointed_at(
    client: httpx.AsyncClient, query: str, pointer: str, code: str
) -> None:
    answer = await client.get(f"/v1/things?{query}")
    assert answer.status_code == 422
    faults = problem_of(answer)["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in faults] == [(pointer, code)]  # type: ignore[attr-defined]


async def test_query_of_a_hot_route_is_fenced_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/things?debug=1", content=b"{}", headers=JSON)).status_code == 422


async def test_header_and_path_are_pointed_at_by_their_names(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/things/A", headers={"Access-Reason": "9"})
    faults = problem_of(answer)["errors"]
    assert {fault["pointer"] for fault in faults} == {"/path/thing_id", "/header/Access-Reason"}  # type: ignore[attr-defined]


async def test_list_goes_on_where_it_stopped(client: httpx.AsyncClient) -> None:
    first = (await client.get("/v1/things")).json()
    assert (await client.get("/v1/things", params={"after": first["next"]})).json()["items"] == [2]
