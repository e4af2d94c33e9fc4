"""Telemetry of one process: spans, recorded only when there is somewhere to send them.

Owns the tracer and the metrics that `configure` builds. Promises that trace ids exist and travel whether or not
an OTLP endpoint is configured, and that nothing global is touched: no provider is installed for the process, so
no library can write spans of its own. Refuses exception texts: a span learns an exception's type alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from shared.telemetry.context import TraceContext, continue_trace, enter, known_trace, leave, parse_traceparent
from shared.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

Attributes = Mapping[str, str | int | bool]


class Telemetry:
    """What a process knows about itself. Make it with `configure`; close it when the process ends."""

    def __init__(self, service_name: str, *, processors: "tuple[SpanProcessor, ...]" = ()) -> None:
        self.service_name = service_name
        self.metrics = Metrics()
        self._provider = _provider(service_name, processors) if processors else None
        self._tracer = None if self._provider is None else self._provider.get_tracer("mesh")

    @property
    def is_recording(self) -> bool:
        """Say whether spans are recorded and exported."""
        return self._tracer is not None

    def start(self, name: str, *, kind: SpanKind, traceparent: str | None) -> "tuple[TraceContext, Recorded | None]":
        """Open a span below `traceparent`; without a tracer only its ids are made."""
        if self._tracer is None:
            return continue_trace(traceparent), None
        parent = parse_traceparent(traceparent) if traceparent else None
        context = None if parent is None else set_span_in_context(NonRecordingSpan(_remote(parent)))
        span = self._tracer.start_span(name, context=context, kind=kind, record_exception=False)
        ids = span.get_span_context()
        here = TraceContext(format(ids.trace_id, "032x"), format(ids.span_id, "016x"), ids.trace_flags.sampled)
        return here, span if span.is_recording() else None

    @contextmanager
    def span(
        self, name: str, attributes: Attributes | None = None, *, traceparent: str | None = None
    ) -> Iterator[None]:
        """Run a piece of work as a span of its own: below `traceparent`, or where the work stands now.

        `name` and `attributes` are constants and codes; attributes off the allow-list are not exported.
        """
        around = known_trace()
        parent = traceparent or (around.traceparent() if around else None)
        here, span = self.start(name, kind=SpanKind.INTERNAL, traceparent=parent)
        token = enter(here)
        try:
            yield
        except BaseException as fault:
            _fail(span, fault)
            raise
        finally:
            leave(token)
            if span is not None:
                span.set_attributes(attributes or {})
                span.end()

    def close(self) -> None:
        """Flush and stop the exporter. Harmless when nothing is exported."""
        if self._provider is not None:
            self._provider.shutdown()


class Recorded(Protocol):
    """The part of a recorded span that this room uses."""

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes."""

    def update_name(self, name: str) -> None:
        """Rename the span."""

    def set_status(self, status: Status) -> None:
        """Set the outcome."""

    def end(self) -> None:
        """Close the span and queue it for export."""


def configure(service_name: str, otlp_endpoint: str | None = None) -> Telemetry:
    """Build the telemetry of a process.

    `otlp_endpoint` is the base URL of an OTLP/HTTP collector; without one nothing is recorded or exported.
    """
    if otlp_endpoint is None:
        return Telemetry(service_name)
    from shared.telemetry.recording import to_collector  # noqa: PLC0415 - the recorder, for who has a collector

    return Telemetry(service_name, processors=(to_collector(otlp_endpoint),))


def _provider(service_name: str, processors: "tuple[SpanProcessor, ...]") -> "TracerProvider":
    from shared.telemetry.recording import open_provider  # noqa: PLC0415 - the recorder, for who has a collector

    return open_provider(service_name, processors)


def _remote(parent: TraceContext) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags)


def _fail(span: "Recorded | None", fault: BaseException) -> None:
    if span is not None:
        span.set_attributes({"error.type": type(fault).__name__})
        span.set_status(Status(StatusCode.ERROR))
