"""Tokens, scopes and allowances."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Body
from starlette.routing import Mount

from shared.kernel.errors import InternalFault, TooManyRequests
from shared.web.rate_limit import SCOPE_KEY, RateLimit, RatePolicy
from shared.web.routes import unbounded_parameters, undeclared_routes
from shared.web.security import Guard, Principal, require
from tests.support.web_app import DoneV1, client_of, sample_app, sample_router


@pytest.fixture
async def anonymous() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(sample_app(), token=None) as client:
        yield client


@pytest.mark.parametrize("path", ["/%6detrics", "/%6Detrics", "/metric%73", "/%6d%65%74%72%69%63%73"])
async def test_metrics_have_one_spelling_that_a_proxy_can_forbid(anonymous: httpx.AsyncClient, path: str) -> None:
    assert (await anonymous.get("/metrics")).status_code == 200
    other = await anonymous.get(path)
    assert (other.status_code, other.json()["code"]) == (404, (await anonymous.get("/nothing")).json()["code"])


CALLS = [("GET", "/v1/things/abc"), ("GET", "/v1/things"), ("POST", "/v1/things"), ("POST", "/v1/slow-things")]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_call_without_token_is_asked_for_one(anonymous: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await anonymous.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "token.missing")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mesh"'


@pytest.mark.parametrize(
    "credentials",
    ["Bearer wrong", "Bearer", "Bearer ", "Basic Z29vZA==", "good", "Bearer g\xf6od", "Bearer " + "x" * 20_000],
)
async def test_token_that_does_not_hold_is_called_invalid(anonymous: httpx.AsyncClient, credentials: str) -> None:
    answer = await anonymous.get("/v1/things", headers=[(b"Authorization", credentials.encode("latin-1"))])
    assert (answer.status_code, answer.json()["code"]) == (401, "token.invalid")
    assert answer.headers["www-authenticate"] == 'Bearer realm="mesh", error="invalid_token"'


async def test_two_tokens_are_not_one(anonymous: httpx.AsyncClient) -> None:
    twice = [("Authorization", "Bearer good"), ("Authorization", "Bearer good")]
    assert (await anonymous.get("/v1/things", headers=twice)).status_code == 401


async def test_token_in_the_query_is_no_token(anonymous: httpx.AsyncClient) -> None:
    assert (await anonymous.get("/v1/things?access_token=good")).status_code in {401, 422}


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_token_without_the_scope_is_told_which(method: str, path: str) -> None:
    app = sample_app(authenticate=lambda _token: Principal("agency-a", frozenset({"other"})))
    async with client_of(app) as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (403, "token.scope")
    assert "things." in answer.json()["detail"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="mesh", error="insufficient_scope"'


async def test_allowance_is_told_and_then_used_up() -> None:
    now = 100.0
    limit = RateLimit(RatePolicy(quota=2, window_seconds=10), timer=lambda: now)
    async with client_of(sample_app(rate_limit=limit)) as client:
        answers = [await client.get("/v1/things/abc") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=10'
        assert answers[0].headers["ratelimit"] == '"default";r=1;t=5'
        assert answers[2].headers["retry-after"] == "5"
        assert answers[2].json()["code"] == "rate.exceeded"
        now += 5
        assert (await client.get("/v1/things/abc")).status_code == 200


async def test_head_is_told_its_allowance() -> None:
    limit = RateLimit(RatePolicy(quota=2, window_seconds=10), timer=lambda: 0.0)
    async with client_of(sample_app(rate_limit=limit)) as client:
        assert (await client.head("/v1/things/abc")).headers["ratelimit"] == '"default";r=1;t=5'


def test_one_caller_does_not_use_up_the_allowance_of_another() -> None:
    limit = RateLimit(RatePolicy(quota=1, window_seconds=10), timer=lambda: 0.0)
    limit.spend({}, "a")
    limit.spend({}, "b")
    scope: dict[str, object] = {}
    with pytest.raises(TooManyRequests) as refused:
        limit.spend(scope, "a")
    assert refused.value.retry_after == 10
    assert SCOPE_KEY in scope


def test_flood_of_invented_callers_takes_bounded_memory() -> None:
    limit = RateLimit(RatePolicy(quota=1, window_seconds=10), timer=lambda: 0.0)
    for number in range(10_050):
        limit.spend({}, str(number))
    assert len(limit._buckets) == 10_000


def test_route_that_declares_nothing_is_found() -> None:
    router = APIRouter()

    @router.get("/v1/open")
    async def forgotten() -> DoneV1:
        return DoneV1(done=True)

    app = sample_app()
    app.router.routes.extend(router.routes)
    app.router.routes.append(Mount("/files", app=app))
    assert undeclared_routes(app) == ["GET /v1/open", "* /files"]


def test_guard_of_another_kind_counts_as_declared() -> None:
    class Webhook(Guard):
        async def __call__(self) -> None:
            """Let everything through."""

    router = APIRouter()
    webhook = require()
    object.__setattr__(webhook, "dependency", Webhook())

    @router.post("/mesh/deliveries", dependencies=[webhook])
    async def deliveries() -> DoneV1:
        return DoneV1(done=True)

    assert undeclared_routes(sample_app(routers=(sample_router(), router))) == []


def test_text_parameter_without_bounds_is_found() -> None:
    router = APIRouter()

    @router.get("/v1/search", dependencies=[require()])
    async def search(text: str, tags: str | None = None) -> DoneV1:
        return DoneV1(done=bool(text) and bool(tags))

    app = sample_app(routers=(sample_router(), router))
    assert unbounded_parameters(app) == ["GET /v1/search text", "GET /v1/search tags"]
    assert unbounded_parameters(sample_app()) == []


def test_body_read_by_the_framework_is_refused_at_assembly() -> None:
    router = APIRouter()

    @router.post("/v1/loose", dependencies=[require()])
    async def loose(body: Annotated[dict[str, str], Body()]) -> DoneV1:
        return DoneV1(done=bool(body))

    with pytest.raises(InternalFault):
        sample_app(routers=(router,))


def test_nested_router_is_refused_at_assembly() -> None:
    outer = APIRouter()
    outer.include_router(sample_router(), prefix="/v2")
    with pytest.raises(InternalFault):
        sample_app(routers=(outer,))
