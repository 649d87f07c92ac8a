"""OpenAI's chat completions around pieces: requests checked, answers as one body or as server-sent events."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from ..protocol import MAX_CHOICES, BadRequest
from .pieces import Piece

_RANGES: Mapping[str, tuple[float, float]] = {"temperature": (0, 2), "top_p": (0, 1)}
_WHOLE: Mapping[str, tuple[int, int]] = {
    "n": (1, MAX_CHOICES),
    "max_tokens": (1, 2**31),
    "max_completion_tokens": (1, 2**31),
    "top_k": (0, 2**31),
    "seed": (-(2**63), 2**63 - 1),
}


def read(body: Any) -> dict[str, Any]:
    """The request with its messages as plain texts; BadRequest names the field that is wrong."""
    if not isinstance(body, dict):
        raise BadRequest("body", "The body must be a JSON object with `model` and `messages`.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest("model", "`model` must name one of the models that GET /v1/models lists.")
    for name, (least, most) in _RANGES.items():
        value = body.get(name)
        if value is not None and not (_is_number(value) and least <= value <= most):
            raise BadRequest(name, f"`{name}` must be a number from {least:g} to {most:g}.")
    for name, (low, high) in _WHOLE.items():
        value = body.get(name)
        if value is not None and not (_is_number(value) and isinstance(value, int) and low <= value <= high):
            raise BadRequest(name, f"`{name}` must be a whole number from {low} to {high}.")
    return {**body, "messages": _messages(body.get("messages"))}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _messages(messages: Any) -> list[dict[str, str]]:
    if not isinstance(messages, list) or not messages:
        raise BadRequest("messages", "`messages` must be a list of at least one message.")
    found = []
    for i, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "developer", "user", "assistant"):
            raise BadRequest(f"messages[{i}].role", f"`messages[{i}].role` must be system, user or assistant.")
        content = message.get("content")
        if isinstance(content, list) and all(isinstance(p, dict) and isinstance(p.get("text"), str) for p in content):
            content = "".join(part["text"] for part in content)
        if not isinstance(content, str):
            raise BadRequest(f"messages[{i}].content", f"`messages[{i}].content` must be a text.")
        found.append({"role": "system" if role == "developer" else role, "content": content})
    return found


@dataclass(slots=True)
class Usage:
    """Tokens of one answer."""

    prompt: int = 0
    completion: int = 0
    reasoning: int = 0

    def take(self, piece: Piece) -> None:
        """Count a piece."""
        self.completion += piece.tokens
        self.reasoning += piece.tokens if piece.reasoning else 0

    def body(self) -> dict[str, Any]:
        """As OpenAI's clients read it."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "completion_tokens_details": {"reasoning_tokens": self.reasoning},
        }


@dataclass(slots=True)
class Answer:
    """One answer under way."""

    model: str
    include_usage: bool
    usage: Usage
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    async def whole(self, pieces: AsyncIterator[Piece]) -> dict[str, Any]:
        """The answer as one body."""
        choices: dict[int, dict[str, Any]] = {}
        async for piece in pieces:
            self.usage.take(piece)
            choice = choices.setdefault(piece.index, {"index": piece.index, "message": {}, "logprobs": None})
            if piece.text:
                message, name = choice["message"], _field(piece)
                message[name] = message.get(name, "") + piece.text
            if piece.finish_reason:
                choice["finish_reason"] = piece.finish_reason
        for choice in choices.values():
            message = choice["message"]
            content = None if "refusal" in message else message.get("content", "")
            choice["message"] = {"role": "assistant", "refusal": None, **message, "content": content}
        ordered = [choices[index] for index in sorted(choices)]
        return {**self._head("chat.completion"), "choices": ordered, "usage": self.usage.body()}

    async def events(self, pieces: AsyncIterator[Piece]) -> AsyncIterator[bytes]:
        """The answer as server-sent events, the closing mark included."""
        begun: set[int] = set()
        async for piece in pieces:
            self.usage.take(piece)
            if piece.index not in begun:
                begun.add(piece.index)
                yield self._event(piece.index, {"role": "assistant", "content": ""})
            if piece.text:
                yield self._event(piece.index, {_field(piece): piece.text})
            if piece.finish_reason:
                yield self._event(piece.index, {}, piece.finish_reason)
        if self.include_usage:
            yield _sse({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage.body()})
        yield b"data: [DONE]\n\n"

    def _event(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _sse({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def _field(piece: Piece) -> str:
    if piece.refusal:
        return "refusal"
    return "reasoning_content" if piece.reasoning else "content"


def _sse(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
