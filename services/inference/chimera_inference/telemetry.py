"""The server's span of a chat request, in the words of OpenTelemetry's conventions for generative AI.

Only the interface is used: without a configured SDK every call here does nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from . import __version__
from .protocol import OWNER, ChatRequest

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("chimera_inference", __version__)


@dataclass(frozen=True, slots=True)
class ChatSpan:
    """The running span."""

    span: Span

    def finish(self, usage: Mapping[str, Any], finish_reason: str) -> None:
        """Notes what the answer consumed and how it ended."""
        if not self.span.is_recording():
            return
        self.span.set_attribute("gen_ai.usage.input_tokens", usage["prompt_tokens"])
        self.span.set_attribute("gen_ai.usage.output_tokens", usage["completion_tokens"])
        self.span.set_attribute("gen_ai.response.finish_reasons", [finish_reason])


@contextmanager
def chat_span(headers: Mapping[str, str], request: ChatRequest) -> Iterator[ChatSpan]:
    """Continues the caller's trace, which the header `traceparent` names."""
    carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": OWNER,
        "gen_ai.request.model": request.model,
        "chimera.inference.task": request.task,
    }
    context = _PROPAGATOR.extract(carrier)
    with _TRACER.start_as_current_span(
        f"chat {request.model}", context=context, kind=SpanKind.SERVER, attributes=attributes
    ) as span:
        yield ChatSpan(span)
