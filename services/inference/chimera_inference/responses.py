"""How an answer leaves the server: as one body, or as server-sent events."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from .completions import Choice
from .protocol import FINGERPRINT, ChatRequest

# Few large pieces: each costs a write, and clients only care that there are several.
PIECES_PER_STREAM = 12
# The share of the latency that passes before the first piece.
_FIRST_PIECE_AFTER = 0.4
_PAGE = b"<!DOCTYPE html><html><head><title>Service temporarily unavailable</title></head><body></body></html>"
_OTHER_JSON = b'{"object": "list", "data": []}'


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer with its identity; `created` is in seconds since 1970."""

    id: str
    created: int
    request: ChatRequest
    choices: Sequence[Choice]

    def usage(self) -> dict[str, Any]:
        """What the answer costs; the prompt is paid once for all choices."""
        completion = sum(choice.tokens for choice in self.choices)
        return {
            "prompt_tokens": self.request.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.request.prompt_tokens + completion,
            "completion_tokens_details": {"reasoning_tokens": sum(len(choice.reasoning) for choice in self.choices)},
        }

    def body(self) -> bytes:
        """The answer as one JSON object."""
        choices = [
            {"index": i, "message": _message(choice), "logprobs": None, "finish_reason": choice.finish_reason}
            for i, choice in enumerate(self.choices)
        ]
        return orjson.dumps(self._head("chat.completion") | {"choices": choices, "usage": self.usage()})

    def events(self) -> Iterator[bytes]:
        """The answer as server-sent events, the closing mark included."""
        for i, choice in enumerate(self.choices):
            yield self._event(i, {"role": "assistant", "content": ""})
            if choice.refusal is not None:
                yield self._event(i, {"refusal": choice.refusal})
            for name, tokens in (("reasoning_content", choice.reasoning), ("content", choice.content)):
                size = max(1, -(-len(tokens) // (PIECES_PER_STREAM // 2)))
                for start in range(0, len(tokens), size):
                    yield self._event(i, {name: "".join(tokens[start : start + size])})
            yield self._event(i, {}, choice.finish_reason)
        if self.request.include_usage:
            yield _sse(self._head("chat.completion.chunk") | {"choices": [], "usage": self.usage()})
        yield b"data: [DONE]\n\n"

    def _event(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _sse(self._head("chat.completion.chunk") | {"choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.request.model,
            "system_fingerprint": FINGERPRINT,
        }


async def send_whole(request: web.Request, completion: Completion, latency: float) -> web.StreamResponse:
    """Sends one body after the latency."""
    await asyncio.sleep(latency)
    response = web.Response(body=completion.body(), content_type="application/json")
    await response.prepare(request)
    await response.write_eof()
    return response


async def send_stream(request: web.Request, completion: Completion, latency: float) -> web.StreamResponse:
    """Sends server-sent events, the first after a part of the latency and the others spread over the rest."""
    events = list(completion.events())
    await asyncio.sleep(latency * _FIRST_PIECE_AFTER)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    pause = latency * (1 - _FIRST_PIECE_AFTER) / len(events)
    for event in events:
        await response.write(event)
        if pause:
            await asyncio.sleep(pause)
    await response.write_eof()
    return response


async def send_half(request: web.Request, completion: Completion, latency: float) -> web.StreamResponse:
    """Sends the first half of the answer and then drops the connection."""
    await asyncio.sleep(latency)
    whole, kind = _whole(completion)
    response = web.StreamResponse(headers={"Content-Type": kind})
    if not completion.request.stream:
        response.content_length = len(whole)
    await response.prepare(request)
    await response.write(whole[: len(whole) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def send_slowly(request: web.Request, completion: Completion, latency: float, pause: float) -> web.StreamResponse:
    """Sends the answer a byte at a time after the latency, with a pause after each."""
    await asyncio.sleep(latency)
    whole, kind = _whole(completion)
    response = web.StreamResponse(headers={"Content-Type": kind})
    await response.prepare(request)
    for at in range(len(whole)):
        await response.write(whole[at : at + 1])
        await asyncio.sleep(pause)
    await response.write_eof()
    return response


async def send_garbage(request: web.Request, latency: float, *, as_json: bool) -> web.StreamResponse:
    """Sends 200 with what is no chat completion: other JSON, or a page such as proxies put in between."""
    await asyncio.sleep(latency)
    body, kind = (_OTHER_JSON, "application/json") if as_json else (_PAGE, "text/html")
    response = web.Response(body=body, content_type=kind)
    await response.prepare(request)
    await response.write_eof()
    return response


def _whole(completion: Completion) -> tuple[bytes, str]:
    if completion.request.stream:
        return b"".join(completion.events()), "text/event-stream"
    return completion.body(), "application/json"


def _message(choice: Choice) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if choice.refusal is not None else "".join(choice.content),
        "refusal": choice.refusal,
    }
    if choice.reasoning:
        message["reasoning_content"] = "".join(choice.reasoning)
    return message


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
