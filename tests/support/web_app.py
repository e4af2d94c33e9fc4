"""A small service built with the factory, and a client that talks to it without a socket."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, FastAPI, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from shared.kernel.errors import InternalFault, NotAuthenticated
from shared.telemetry.tracing import Telemetry
from shared.web.body import form_body, json_body, maybe_json_body, read
from shared.web.factory import MeshApp, create_app, document_route
from shared.web.hot import Call, Reply, json_reply
from shared.web.listing import Paged, answer
from shared.web.openapi import operation
from shared.web.routes import undeclared_routes
from shared.web.security import Principal, RequiredScope, require

TOKEN = "good"
SCOPES = {"things.read": "Read things.", "things.write": "Write things."}


class ThingV1(BaseModel):
    """A thing."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=40)
    count: int = Field(default=1, ge=0, le=9)
    notes: dict[str, str] = Field(default_factory=dict)


class StepV1(BaseModel):
    """A step, of which nothing need be said."""

    model_config = ConfigDict(extra="forbid", strict=True)

    count: int = 1


class FormV1(BaseModel):
    """A form."""

    model_config = ConfigDict(extra="forbid")

    grant_type: str = Field(pattern="^[a-z_]{1,40}$")


class DoneV1(BaseModel):
    """It is done."""

    done: bool


class ListV1(BaseModel):
    """A list."""

    items: list[int]
    next: str | None


def sample_router() -> APIRouter:
    router = APIRouter()
    reader = require("things.read")

    @router.get("/v1/things/{thing_id}")
    async def read_thing(
        thing_id: Annotated[str, Path(pattern="^[a-z0-9-]{1,20}$")],
        caller: Annotated[Principal, reader],
        reason: Annotated[str | None, Header(alias="Access-Reason", pattern="^[a-z]{1,20}$")] = None,
    ) -> DoneV1:
        return DoneV1(done=reason is None)

    @router.get("/v1/things")
    async def list_things(
        page: Paged,
        caller: Annotated[Principal, reader],
        box: Annotated[str, Query(pattern="^(sent|received)$")] = "sent",
    ) -> ListV1:
        last = (page.after_int() or 0) + 1
        return ListV1.model_validate(answer([last], last=(last,)))

    @router.post("/v1/slow-things", status_code=201, dependencies=[require("things.write")])
    async def post_thing(thing: Annotated[ThingV1, json_body(ThingV1)]) -> DoneV1:
        return DoneV1(done=bool(thing.name))

    @router.post("/v1/steps", status_code=202, dependencies=[require("things.write")])
    async def post_step(step: Annotated[StepV1, maybe_json_body(StepV1)]) -> DoneV1:
        return DoneV1(done=step.count == 1)

    @router.post("/oauth/token")
    async def token(form: Annotated[FormV1, form_body(FormV1)]) -> DoneV1:
        return DoneV1(done=bool(form.grant_type))

    return router


def breaking_router() -> APIRouter:
    """Routes that break in every way a handler can."""
    router = APIRouter(include_in_schema=False)

    @router.post("/break/{how}")
    async def break_it(how: str, request: Request) -> Response:
        text = f"{how} {request.url} {await request.body()!r}"
        if how.startswith("fault"):
            raise InternalFault("internal.fault", text)
        if how.startswith("late"):
            return StreamingResponse(_breaks_late(text))
        raise ValueError(text) from KeyError(text)

    return router


async def _breaks_late(text: str) -> AsyncIterator[bytes]:
    yield b"begun"
    raise ValueError(text)


async def hot_thing(call: Call) -> Reply:
    thing = read(await call.read_json(), ThingV1)
    return json_reply(json.dumps({"done": bool(thing.name) and bool(call.caller.subject)}), status=202)


@asynccontextmanager
async def no_lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


def verify(token: str) -> Principal:
    if token != TOKEN:
        raise NotAuthenticated("token.invalid", "The token does not hold.")
    return Principal("agency-a", frozenset(SCOPES))


def sample_app(*, routers: tuple[APIRouter, ...] | None = None, **changes: Any) -> MeshApp:
    """Build the service; keywords replace those that the factory is given."""
    given: dict[str, Any] = {
        "title": "Sample",
        "version": "1",
        "telemetry": Telemetry("sample"),
        "authenticate": verify,
        "lifespan": no_lifespan,
        "routers": routers if routers is not None else [sample_router()],
        "public_paths": {"/oauth/token", "/break/{how}"},
        "scopes": SCOPES,
    }
    app = create_app(**{**given, **changes})
    document_route(
        app,
        "/v1/things",
        hot_thing,
        method="POST",
        guard=RequiredScope("things.write"),
        operation=operation("Send a thing, fast", body=ThingV1, answers={202: DoneV1}),
        models=[ThingV1, DoneV1],
    )
    assert undeclared_routes(app) == []
    return app


def client_of(app: FastAPI, *, token: str | None = TOKEN, **options: Any) -> httpx.AsyncClient:
    """Return a client that calls `app` in this process."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app, **options)
    return httpx.AsyncClient(transport=transport, base_url="http://sample.test", headers=headers)
