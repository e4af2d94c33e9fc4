"""What may leave the process in a span: an allow-list, applied at the last door.

Owns the list of attribute names and the exporter that enforces it. Promises that an exported span carries only
listed attributes, no events (an exception's text travels in those), no links and no status text. An ended
span cannot be changed, so the exporter writes a new one (OpenTelemetry specification, trace SDK).
"""

from collections.abc import Sequence
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

#: Names of the OpenTelemetry semantic conventions, and ours under `mesh.`.
SPAN_ATTRIBUTES: Final = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "error.type",
        "messaging.batch.message_count",
        "mesh.agency",
        "mesh.attempt",
        "mesh.code",
        "mesh.kind",
        "mesh.outcome",
    }
)
_RESOURCE_ATTRIBUTES: Final = frozenset({"service.name", "service.version"})


class AllowListExporter(SpanExporter):
    """Hands spans on to another exporter, stripped of everything that is not on the list."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export the stripped copies of `spans`."""
        return self._inner.export([stripped(span) for span in spans])

    def shutdown(self) -> None:
        """Shut the inner exporter down."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush the inner exporter; `timeout_millis` in milliseconds."""
        return self._inner.force_flush(timeout_millis)


def stripped(span: ReadableSpan) -> ReadableSpan:
    """Return a copy of `span` with listed attributes only."""
    attributes = {name: value for name, value in (span.attributes or {}).items() if name in SPAN_ATTRIBUTES}
    resource = {name: value for name, value in span.resource.attributes.items() if name in _RESOURCE_ATTRIBUTES}
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=Resource(resource),
        attributes=attributes,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
