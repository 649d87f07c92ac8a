"""The OpenTelemetry SDK with OTLP exporters; imported only where an endpoint is configured."""

import logging
from collections.abc import Callable

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from chimera_shared.telemetry import new_trace_id


class SampleIdGenerator(RandomIdGenerator):
    """Random ids, save for a trace whose id is given: a sample's."""

    def generate_trace_id(self) -> int:
        """The given id, or a random one."""
        return new_trace_id() or super().generate_trace_id()


def start(service: str, instance: str) -> Callable[[], None]:
    """Install providers of traces, metrics and logs, which send batches in the background; returns what ends them."""
    resource = Resource.create(
        {"service.name": f"chimera-{service}", "service.namespace": "chimera", "service.instance.id": instance}
    )
    traces = TracerProvider(resource=resource, id_generator=SampleIdGenerator())
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(traces)
    measured = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource)
    metrics.set_meter_provider(measured)
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(logs)
    handler = LoggingHandler(level=logging.INFO, logger_provider=logs)
    logging.getLogger().addHandler(handler)

    def stop() -> None:
        logging.getLogger().removeHandler(handler)
        for provider in (traces, measured, logs):
            provider.shutdown()

    return stop
