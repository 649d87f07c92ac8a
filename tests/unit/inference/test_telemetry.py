"""The server continues its caller's trace."""

import asyncio

import aiohttp
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chimera_inference import telemetry


async def test_the_span_is_a_child_of_the_callers(http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_TRACER", provider.get_tracer("test"))
    trace_id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    body = {"model": "procedural-weak", "messages": [{"role": "user", "content": "Who knows?"}]}
    headers = {"traceparent": f"00-{trace_id}-{parent}-01"}
    async with http.post("chat/completions", json=body, headers=headers) as response:
        usage = (await response.json())["usage"]
    async with asyncio.timeout(60):
        while not exporter.get_finished_spans():  # noqa: ASYNC110 it may end after the answer is sent
            await asyncio.sleep(0.01)
    (span,) = exporter.get_finished_spans()
    assert span.name == "chat procedural-weak"
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == trace_id
    assert f"{span.parent.span_id:016x}" == parent
    assert span.attributes is not None
    assert span.attributes["gen_ai.usage.output_tokens"] == usage["completion_tokens"]
