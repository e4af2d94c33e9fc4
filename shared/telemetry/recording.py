"""How spans are recorded and sent to a collector. Imported only where there is one: the recorder is half of telemetry.

Promises that nothing is sent but what `shared.telemetry.export` lists.
"""

from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

from shared.telemetry.export import AllowListExporter

_TRACES_PATH: Final = "/v1/traces"


def to_collector(endpoint: str) -> SpanProcessor:
    """Return what sends spans, stripped, to the OTLP/HTTP collector whose base URL is `endpoint`."""
    return BatchSpanProcessor(AllowListExporter(otlp_exporter(endpoint)))


def otlp_exporter(endpoint: str) -> SpanExporter:
    """Return the exporter to a collector, without the list of what may be sent."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - costs 0.2 s

    base = endpoint.rstrip("/")
    return OTLPSpanExporter(endpoint=base if base.endswith(_TRACES_PATH) else base + _TRACES_PATH)


def open_provider(service_name: str, processors: tuple[SpanProcessor, ...]) -> TracerProvider:
    """Return a provider of this process's own, which hands every span to each of `processors`."""
    resource = Resource({"service.name": service_name})
    provider = TracerProvider(sampler=ParentBased(ALWAYS_ON), resource=resource, shutdown_on_exit=False)
    for processor in processors:
        provider.add_span_processor(processor)
    return provider
