"""One OpenAI-compatible chat completion over HTTP: one request, one typed answer or one typed error."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from chimera_shared.endpoints.config import Endpoint
from chimera_shared.errors import ChimeraError, Configuration
from chimera_shared.telemetry import inject_trace

_MAX_ERROR_CHARS = 300
_CONNECT_TIMEOUT_SECONDS = 10
_MAX_BODY_BYTES = 6 * 1024 * 1024
"""About 1.5 million tokens. A repair turn's document holds two answers, and MongoDB's must stay under 16 MB."""
_MAX_TOKENS = 1 << 40
"""Counts beyond it are nonsense, and would not fit what they are added to."""
_PASSING_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_FULL_STATUSES = frozenset({429, 503, 529})
_NO_MONEY = "insufficient_quota"
"""OpenAI's code for a 429 that waiting does not mend."""


DECLINED = "content_filter"
"""The finish reason of an answer that the model, or its server, declined to give."""


class CallRefused(ChimeraError):
    """The endpoint will never answer this request: wrong key, unknown model, bad request."""


class AnswerTooLong(CallRefused):
    """The endpoint's answer does not end; it is billed all the same."""


class CallFailed(ChimeraError):
    """The endpoint did not answer this time, and another try may succeed."""


class Overloaded(CallFailed):
    """The endpoint takes no more requests now. `retry_after` is its wish in seconds, if it has one."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BrokeOff(CallFailed):
    """The endpoint may have worked on the request, and billed it, but its answer did not come."""


class TimedOut(BrokeOff):
    """The answer did not come in time."""


class Gibberish(BrokeOff):
    """The endpoint answered 200 with something else than a chat completion."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered. `reasoning` is kept apart from `content`; tokens include reasoning."""

    content: str
    reasoning: str
    finish_reason: str
    input_tokens: int
    output_tokens: int
    latency_seconds: float


class ChatClient:
    """Sends chat completions. One for a process; its connections are shared by all endpoints."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT_SECONDS)
        connector = aiohttp.TCPConnector(limit=0)
        self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def complete(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Completion:
        """Ask once. CallRefused, or CallFailed if another try may succeed."""
        assert self._session is not None, "use `async with ChatClient()`"
        started = time.perf_counter()
        try:
            async with (
                asyncio.timeout(endpoint.timeout_seconds),
                self._session.post(
                    f"{endpoint.base_url}/chat/completions",
                    data=orjson.dumps(body),
                    headers=_headers(endpoint),
                    allow_redirects=False,
                ) as response,
            ):
                raw = _without_key(await _read(response), endpoint)
                if response.status != 200:
                    raise _error(response.status, response.headers, raw)
        except aiohttp.ConnectionTimeoutError as error:
            raise CallFailed(f"cannot connect to {endpoint.base_url}: no answer") from error
        except TimeoutError:
            raise TimedOut(f"{endpoint.base_url} gave no answer within {endpoint.timeout_seconds:g} s") from None
        except aiohttp.ClientConnectorError as error:
            cause = getattr(getattr(error, "_os_error", None), "strerror", None) or error
            raise CallFailed(f"cannot connect to {endpoint.base_url}: {cause}") from error
        except aiohttp.InvalidURL as error:
            raise CallRefused(f"{endpoint.base_url} is not an address: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise BrokeOff(f"the connection to {endpoint.base_url} broke: {error or type(error).__name__}") from error
        return _completion(raw, time.perf_counter() - started)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    try:
        key = endpoint.api_key()
    except Configuration as error:
        raise CallRefused(str(error)) from None
    if key:
        headers["Authorization"] = f"Bearer {key}"
    inject_trace(headers)
    return headers


def _without_key(raw: bytes, endpoint: Endpoint) -> bytes:
    """Some servers repeat the key that they refuse; whatever they say is logged and stored."""
    key = endpoint.api_key()
    return raw.replace(key.encode(), b"***") if key else raw


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > _MAX_BODY_BYTES:
            raise AnswerTooLong(f"the answer is longer than {_MAX_BODY_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _error(status: int, headers: Mapping[str, str], raw: bytes) -> ChimeraError:
    code, message = _error_body(raw)
    text = f"the endpoint answered {status}: {message}"
    if status not in _PASSING_STATUSES or code == _NO_MONEY:
        return CallRefused(text)
    if status in _FULL_STATUSES:
        return Overloaded(text, _retry_after(headers.get("Retry-After")))
    return CallFailed(text)


def _error_body(raw: bytes) -> tuple[str, str]:
    """Code and message of an OpenAI-shaped error, or the beginning of whatever it is."""
    try:
        body = orjson.loads(raw)
        error = body.get("error", body) if isinstance(body, dict) else {}
        if isinstance(error, dict):
            return str(error.get("code") or ""), _short(str(error.get("message") or error))
        return "", _short(str(error))
    except orjson.JSONDecodeError:
        return "", _short(raw.decode("utf-8", "replace")) or "(no body)"


def _short(text: str) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * _MAX_ERROR_CHARS]).split())
    return line if len(line) <= _MAX_ERROR_CHARS else f"{line[:_MAX_ERROR_CHARS]}…"


def _retry_after(value: str | None) -> float | None:
    """Seconds from a `Retry-After` header, which holds seconds or a date."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _completion(raw: bytes, latency: float) -> Completion:
    try:
        body = orjson.loads(raw)
        choice = body["choices"][0]
        message = choice["message"]
        usage = body.get("usage") or {}
        declined = message.get("refusal") and not message.get("content")
        return Completion(
            content=_text(message.get("content")),
            reasoning=_text(message.get("reasoning_content") or message.get("reasoning")),
            finish_reason=DECLINED if declined else _text(choice.get("finish_reason")) or "stop",
            input_tokens=min(max(0, int(usage.get("prompt_tokens") or 0)), _MAX_TOKENS),
            output_tokens=min(max(0, int(usage.get("completion_tokens") or 0)), _MAX_TOKENS),
            latency_seconds=latency,
        )
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise Gibberish(
            f"the answer is not a chat completion: {_short(raw[:_MAX_ERROR_CHARS].decode('utf-8', 'replace'))}"
        ) from error


def _text(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text should be")
    return value or ""
