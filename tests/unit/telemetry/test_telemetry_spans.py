"""Spans and metrics of a request: enough to see what the mesh does, nothing of whom it does it for."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.telemetry.context import current_trace_id, current_traceparent
from shared.telemetry.export import SPAN_ATTRIBUTES, AllowListExporter
from shared.telemetry.metrics import Metrics
from shared.telemetry.middleware import Message, Receive, Scope, Send, TraceMiddleware
from shared.telemetry.recording import otlp_exporter
from shared.telemetry.tracing import Telemetry, configure

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANARY = "Nguyen-Thi-Canary"


@pytest.fixture
def sink() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def recording(sink: InMemorySpanExporter) -> Iterator[Telemetry]:
    telemetry = Telemetry("sample", processors=(SimpleSpanProcessor(AllowListExporter(sink)),))
    yield telemetry
    telemetry.close()


class Route:
    path = "/v1/things/{thing_id}"


async def answering(scope: Scope, _receive: Receive, send: Send) -> None:
    scope["route"] = Route()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-seen", current_trace_id().encode())]})
    await send({"type": "http.response.body", "body": b""})


async def breaking(scope: Scope, _receive: Receive, _send: Send) -> None:
    scope["route"] = Route()
    raise ValueError(CANARY)


async def call(
    app: TraceMiddleware, *, method: str = "GET", headers: list[tuple[bytes, bytes]] | None = None
) -> Message:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    path = f"/v1/things/{CANARY}"
    scope = {"type": "http", "method": method, "path": path, "query_string": CANARY.encode(), "headers": headers or []}
    await app(scope, receive, send)
    return sent[0]


def everything(spans: tuple[ReadableSpan, ...]) -> str:
    return "".join(span.to_json() for span in spans)


async def test_trace_of_the_caller_reaches_the_handler_without_an_exporter() -> None:
    telemetry = Telemetry("quiet")
    start = await call(TraceMiddleware(answering, telemetry), headers=[(b"traceparent", PARENT.encode())])
    headers = dict(start["headers"])
    assert headers[b"x-seen"] == b"0af7651916cd43dd8448eb211c80319c"
    assert headers[b"traceresponse"].startswith(b"00-0af7651916cd43dd8448eb211c80319c-")
    assert not telemetry.is_recording


async def test_two_traceparent_headers_are_taken_for_none() -> None:
    twice = [(b"traceparent", PARENT.encode()), (b"traceparent", PARENT.encode())]
    start = await call(TraceMiddleware(answering, Telemetry("quiet")), headers=twice)
    assert dict(start["headers"])[b"x-seen"] != b"0af7651916cd43dd8448eb211c80319c"


async def test_span_has_template_method_and_status_only(recording: Telemetry, sink: InMemorySpanExporter) -> None:
    start = await call(TraceMiddleware(answering, recording), headers=[(b"traceparent", PARENT.encode())])
    (span,) = sink.get_finished_spans()
    assert span.name == "GET /v1/things/{thing_id}"
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.route": "/v1/things/{thing_id}",
        "http.response.status_code": 200,
    }
    assert span.context is not None
    assert format(span.context.trace_id, "032x") == "0af7651916cd43dd8448eb211c80319c"
    assert dict(start["headers"])[b"x-seen"] == b"0af7651916cd43dd8448eb211c80319c"
    assert CANARY not in everything((span,))


async def test_exception_leaves_its_type_in_the_span_and_nothing_of_its_text(
    recording: Telemetry, sink: InMemorySpanExporter
) -> None:
    with pytest.raises(ValueError, match=CANARY):
        await call(TraceMiddleware(breaking, recording))
    (span,) = sink.get_finished_spans()
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert not span.events
    assert CANARY not in everything((span,))


async def test_invented_method_becomes_no_label(recording: Telemetry, sink: InMemorySpanExporter) -> None:
    await call(TraceMiddleware(answering, recording), method="CANARY")
    assert 'method="_OTHER"' in recording.metrics.text().decode()
    assert "CANARY" not in everything(sink.get_finished_spans()) + recording.metrics.text().decode()


async def test_metrics_carry_the_template_and_no_path(recording: Telemetry) -> None:
    await call(TraceMiddleware(answering, recording))
    text = recording.metrics.text().decode()
    assert 'http_requests_total{method="GET",route="/v1/things/{thing_id}",status="200"} 1.0' in text
    assert CANARY not in text


async def test_lifespan_passes_through() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Message) -> Message:
        return {}

    await TraceMiddleware(app, Telemetry("quiet"))({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_span_of_work_stands_below_the_message_that_caused_it(recording: Telemetry, sink: InMemorySpanExporter) -> None:
    with recording.span("delivery", {"mesh.attempt": 2, "mesh.secret": CANARY}, traceparent=PARENT):
        assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
        assert current_traceparent() != PARENT
        with recording.span("inner"):
            assert current_trace_id() == "0af7651916cd43dd8448eb211c80319c"
    inner, outer = sink.get_finished_spans()
    assert dict(outer.attributes or {}) == {"mesh.attempt": 2}
    assert inner.parent is not None
    assert outer.context is not None
    assert inner.parent.span_id == outer.context.span_id


def test_broken_work_is_marked_with_the_type_alone(recording: Telemetry, sink: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match=CANARY), recording.span("delivery"):
        raise ValueError(CANARY)
    (span,) = sink.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert CANARY not in everything((span,))


def test_work_without_exporter_has_a_trace_all_the_same() -> None:
    with Telemetry("quiet").span("tick"):
        first = current_trace_id()
    assert len(first) == 32


def test_unsampled_trace_of_the_caller_is_not_recorded(recording: Telemetry, sink: InMemorySpanExporter) -> None:
    with recording.span("delivery", traceparent=PARENT[:-2] + "00"):
        assert current_traceparent().endswith("-00")
    assert sink.get_finished_spans() == ()


def test_exporter_list_names_no_address_path_query_or_message() -> None:
    leaking = {"url.path", "url.query", "client.address", "user_agent.original", "exception.message"}
    assert leaking.isdisjoint(SPAN_ATTRIBUTES)


def test_exporter_passes_flush_and_shutdown_on() -> None:
    inner = InMemorySpanExporter()
    outer = AllowListExporter(inner)
    assert outer.force_flush()
    outer.shutdown()


def test_configure_exports_only_where_an_endpoint_is_given() -> None:
    quiet, loud = configure("sample"), configure("sample", "http://127.0.0.1:1")
    assert (quiet.is_recording, loud.is_recording) == (False, True)
    quiet.close()
    loud.close()


@pytest.mark.parametrize("endpoint", ["http://collector.test:4318", "http://collector.test:4318/v1/traces"])
def test_endpoint_may_be_the_collector_or_its_traces_path(endpoint: str) -> None:
    exporter = otlp_exporter(endpoint)
    assert exporter._endpoint == "http://collector.test:4318/v1/traces"  # type: ignore[attr-defined]
    exporter.shutdown()


def test_each_application_counts_for_itself() -> None:
    one, other = Metrics(), Metrics()
    one.answered.count("GET", "/livez", 200, 0.001)
    assert "/livez" in one.text().decode()
    assert "/livez" not in other.text().decode()
