"""A name pushed in by every door comes out of none: not in logs, spans, metrics or problems."""

import io
import logging
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry.export import AllowListExporter
from shared.telemetry.logs import JsonFormatter
from shared.telemetry.tracing import Telemetry
from shared.web.edge import AnswerBroken
from shared.web.factory import MeshApp
from shared.web.health import Check
from tests.support.web_app import breaking_router, client_of, sample_app, sample_router

CANARY = "nguyen-thi-canary"


class Watch:
    """Everything the service lets out besides its successes."""

    def __init__(self) -> None:
        self.sink = InMemorySpanExporter()
        self.telemetry = Telemetry("sample", processors=(SimpleSpanProcessor(AllowListExporter(self.sink)),))
        self.logs = io.StringIO()
        self.answers: list[httpx.Response] = []

    def text(self) -> str:
        spans = "".join(span.to_json() for span in self.sink.get_finished_spans())
        answers = "".join(f"{answer.headers}{answer.text}" for answer in self.answers)
        return (spans + answers + self.logs.getvalue() + self.telemetry.metrics.text().decode()).lower()


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    handler = logging.StreamHandler(watch.logs)
    handler.setFormatter(JsonFormatter("sample"))
    root, mesh = logging.getLogger(), logging.getLogger("mesh")
    levels = root.level, mesh.level
    root.addHandler(handler)
    root.setLevel("INFO")
    mesh.setLevel("DEBUG")
    yield watch
    root.removeHandler(handler)
    root.setLevel(levels[0])
    mesh.setLevel(levels[1])
    watch.telemetry.close()


@pytest.fixture
def app(watch: Watch) -> MeshApp:
    return sample_app(routers=(sample_router(), breaking_router()), telemetry=watch.telemetry)


@pytest.fixture
async def client(app: MeshApp) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


JSON = {"Content-Type": "application/json"}
DOORS = {
    "unknown path": ("GET", f"/{CANARY}", {}),
    "path parameter": ("GET", f"/v1/things/{CANARY.upper()}", {}),
    "query value": ("GET", f"/v1/things?box={CANARY}", {}),
    "query name": ("GET", f"/v1/things?{CANARY}=1", {}),
    "cursor": ("GET", f"/v1/things?after={CANARY}", {}),
    "header": ("GET", "/v1/things/abc", {"headers": {"Access-Reason": CANARY}}),
    "other headers": ("GET", "/nowhere", {"headers": {"User-Agent": CANARY, "X-Name": CANARY, "traceparent": CANARY}}),
    "tracestate": ("GET", "/nowhere", {"headers": {"tracestate": f"a={CANARY}", "baggage": f"name={CANARY}"}}),
    "token": ("GET", "/v1/things", {"headers": {"Authorization": f"Bearer {CANARY}"}}),
    "credentials": ("GET", "/v1/things", {"headers": {"Authorization": CANARY}}),
    "method": (CANARY.upper(), "/v1/things", {}),
    "content type": ("POST", "/v1/things", {"content": b"{}", "headers": {"Content-Type": f"text/{CANARY}"}}),
    "body value": ("POST", "/v1/slow-things", {"json": {"name": CANARY * 9}}),
    "body name": ("POST", "/v1/slow-things", {"json": {CANARY: 1}}),
    "name deep in the body": ("POST", "/v1/slow-things", {"json": {"name": "a", "notes": {CANARY: 1}}}),
    "broken body": ("POST", "/v1/slow-things", {"content": f"{{{CANARY}".encode(), "headers": JSON}),
    "repeated name": (
        "POST",
        "/v1/slow-things",
        {"content": f'{{"{CANARY}":1,"{CANARY}":2}}'.encode(), "headers": JSON},
    ),
    "form value": ("POST", "/oauth/token", {"data": {"grant_type": CANARY}}),
    "form name": ("POST", "/oauth/token", {"data": {CANARY: "1"}}),
    "exception": ("POST", f"/break/{CANARY}", {"content": CANARY.encode()}),
    "fault of ours": ("POST", f"/break/fault-{CANARY}", {"content": CANARY.encode()}),
}


@pytest.mark.parametrize("door", DOORS)
async def test_canary_is_seen_nowhere(client: httpx.AsyncClient, watch: Watch, door: str) -> None:
    method, path, options = DOORS[door]
    answer = await client.request(method, path, **options)
    watch.answers.append(answer)
    assert answer.status_code >= 400
    assert answer.json()["trace_id"] in watch.text()
    assert CANARY not in watch.text()


async def test_exception_is_answered_with_the_fixed_sentence_and_logged_by_place(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    answer = await client.post(f"/break/{CANARY}", content=b"x")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal.fault"
    assert '"error_type": "ValueError < KeyError"' in watch.logs.getvalue()
    assert "tests/support/web_app.py:" in watch.logs.getvalue()


async def test_answer_that_breaks_off_cuts_the_connection_without_a_text(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    with pytest.raises(AnswerBroken) as broken:
        await client.post(f"/break/late-{CANARY}")
    assert broken.value.args == ()
    assert broken.value.__suppress_context__
    assert CANARY not in watch.text()


async def test_failing_check_is_named_and_its_error_is_not(watch: Watch) -> None:
    async def locked() -> None:
        raise ValueError(CANARY)

    async def fine() -> None:
        """Pass."""

    checks = [Check("store", fine), Check("keys", locked)]
    async with client_of(sample_app(telemetry=watch.telemetry, checks=checks)) as client:
        answer = await client.get("/readyz")
    watch.answers.append(answer)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"] == "Not ready: keys."
    assert CANARY not in watch.text()


async def test_lifespan_that_fails_is_logged_by_place(watch: Watch) -> None:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def failing(_app: object) -> AsyncIterator[None]:
        raise ValueError(CANARY)
        yield

    app = sample_app(lifespan=failing)
    with pytest.raises(ValueError, match=CANARY):
        async with app.router.lifespan_context(app):
            pass
    assert "service.failed" in watch.logs.getvalue()
    assert CANARY not in watch.text()
