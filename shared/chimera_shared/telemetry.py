"""Traces, metrics and logs through OpenTelemetry; without an OTLP endpoint nothing is recorded and nothing is paid.

One trace a sample: its trace id is the sample's id, on every hop, whether spans are recorded or not.
"""

import logging
import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from chimera_shared.identity import digest

ENDPOINT_VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
_PROPAGATOR = TraceContextTextMapPropagator()
_NEW_TRACE_ID: ContextVar[int | None] = ContextVar("new_trace_id", default=None)

_recording = False
"""Whether this process exports; where it does not, spans cost nothing but handing the context on."""

tracer = trace.get_tracer("chimera")
meter = metrics.get_meter("chimera")


def enabled() -> bool:
    """Whether an OTLP endpoint is configured."""
    return bool(os.environ.get(ENDPOINT_VARIABLE))


@contextmanager
def exported(service: str, instance: str) -> Iterator[None]:
    """In the block, traces, metrics and logs of this process go to the OTLP endpoint, if one is configured."""
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
    if not enabled():
        yield
        return
    from chimera_shared import otlp

    global _recording
    stop = otlp.start(service, instance)
    _recording = True
    try:
        yield
    finally:
        _recording = False
        stop()


def inject_trace(headers: MutableMapping[str, str]) -> None:
    """Write the current trace context as `traceparent`."""
    _PROPAGATOR.inject(headers)


def extract_trace(headers: Mapping[str, str]) -> Context:
    """The trace context that a message or request carries."""
    return _PROPAGATOR.extract(headers)


@contextmanager
def span(
    name: str, kind: SpanKind, attributes: Mapping[str, str | int | float], parent: Context | None = None
) -> Iterator[Span]:
    """A span under `parent`, or under the current one. Without a recorder the trace id is still handed on."""
    token = otel_context.attach(parent) if parent is not None else None
    try:
        if not _recording:
            yield trace.INVALID_SPAN
            return
        with tracer.start_as_current_span(name, kind=kind, attributes=dict(attributes)) as current:
            yield current
    finally:
        if token is not None:
            otel_context.detach(token)


@contextmanager
def root_span(name: str, trace_id: str, attributes: Mapping[str, str | int | float]) -> Iterator[Span]:
    """The first span of a trace whose id is given, as 32 hexadecimal digits."""
    token = _NEW_TRACE_ID.set(int(trace_id, 16))
    try:
        with span(name, SpanKind.PRODUCER, attributes, parent=Context()) as current:
            yield current
    finally:
        _NEW_TRACE_ID.reset(token)


def traceparent(trace_id: str) -> str:
    """The trace context of a trace that nobody recorded yet, whose id is given as 32 hexadecimal digits."""
    return f"00-{trace_id}-{digest('span', trace_id)[:16]}-01"


@contextmanager
def joined(trace_id: str, name: str) -> Iterator[None]:
    """A span of that trace; what is called in the block belongs to it, whether spans are recorded or not."""
    with span(name, SpanKind.CLIENT, {}, extract_trace({"traceparent": traceparent(trace_id)})):
        yield


def current_trace_id() -> str:
    """The current trace's id, 32 hexadecimal digits, all zero outside any trace."""
    return trace.format_trace_id(trace.get_current_span().get_span_context().trace_id)


def new_trace_id() -> int | None:
    """The id that the trace being started is to have, if it was given."""
    return _NEW_TRACE_ID.get()
