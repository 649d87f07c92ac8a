"""The HTTP handlers: decode, let the engine answer, send; with the faults that the dials ask for in between."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from random import Random
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from . import __version__
from .completions import Faults, Scholar
from .dials import DialBoard, Dials, UnknownDial
from .protocol import OWNER, BadRequest, ChatRequest, error_body, read_request
from .responses import Completion, send_half, send_stream, send_whole
from .stats import Stats
from .telemetry import chat_span

_LOG = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HANG_SECONDS = 86_400.0
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


class Refused(Exception):
    """The request ends with an error body."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, _KINDS.get(status, "server_error"), param, code)
        self.headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}


@web.middleware
async def openai_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives every error the body that OpenAI's clients read, those of unknown paths and of defects included."""
    try:
        return await handler(request)
    except Refused as refused:
        return _json(refused.body, refused.status, refused.headers)
    except web.HTTPException as error:
        message = f"{request.method} {request.path[:200]}: {error.reason}."
        return _json(error_body(message, _KINDS.get(error.status, "server_error")), error.status)
    except Exception:
        _LOG.exception("request failed")
        return _json(error_body("The server failed; its log says why.", "server_error"), 500)


class Handlers:
    """The endpoints over one set of models, dials and statistics."""

    def __init__(self, scholars: Mapping[str, Scholar], board: DialBoard, stats: Stats, rng: Random) -> None:
        self._scholars = scholars
        self._board = board
        self._stats = stats
        self._rng = rng
        self._started = int(time.time())

    def routes(self) -> list[web.RouteDef]:
        """Every endpoint."""
        return [
            web.post("/v1/chat/completions", self.chat),
            web.get("/v1/models", self.models),
            web.get("/v1/models/{model}", self.model),
            web.get("/healthz", self.health),
            web.get("/v1/dials", self.get_dials),
            web.put("/v1/dials", self.put_dials),
            web.delete("/v1/dials", self.reset_dials),
            web.get("/v1/stats", self.get_stats),
            web.delete("/v1/stats", self.reset_stats),
        ]

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        self._stats.entered()
        outcome = "500"
        try:
            response, outcome = await self._chat(request)
            return response
        except Refused as refused:
            outcome = str(refused.status)
            raise
        except (asyncio.CancelledError, ConnectionError):
            outcome = "cancelled"
            raise
        finally:
            self._stats.left(outcome)

    async def _chat(self, request: web.Request) -> tuple[web.StreamResponse, str]:
        body = await _read_json(request)
        chat = _decode(body)
        scholar = self._scholars.get(chat.model)
        if scholar is None:
            raise self._unknown_model(chat.model)
        dials = self._board.of(chat.model)
        self._refuse(dials)
        hang, reset, faults = self._draw(dials)
        latency = dials.latency(self._rng)
        if hang:
            await asyncio.sleep(_HANG_SECONDS)
        seed = chat.seed if chat.seed is not None else self._rng.getrandbits(62)
        with chat_span(request.headers, chat) as span:
            choices = scholar.answer(chat, seed, dials, faults)
            completion = Completion(
                f"chatcmpl-{UUID(int=self._rng.getrandbits(128)).hex}", int(time.time()), chat, choices
            )
            span.finish(completion.usage(), choices[0].finish_reason)
            if reset:
                return await send_half(request, completion, latency), "reset"
            send = send_stream if chat.stream else send_whole
            response = await send(request, completion, latency)
        self._stats.answered(blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest())
        return response, "200"

    def _refuse(self, dials: Dials) -> None:
        """Raises what the dials say instead of an answer."""
        if dials.status is not None:
            raise Refused(dials.status, f"The dial `status` answers every request with {dials.status}.")
        if dials.max_in_flight and self._stats.in_flight > dials.max_in_flight:
            message = f"More than {dials.max_in_flight} requests are in flight; try again later."
            raise Refused(429, message, code="rate_limit_exceeded", retry_after=dials.retry_after_seconds)
        if self._rng.random() < dials.rate_429:
            message = "The rate limit is reached; try again later."
            raise Refused(429, message, code="rate_limit_exceeded", retry_after=dials.retry_after_seconds)
        if self._rng.random() < dials.rate_5xx:
            raise Refused(self._rng.choice((500, 502, 503)), "The server failed as its dial `rate_5xx` asks.")

    def _draw(self, dials: Dials) -> tuple[bool, bool, Faults]:
        draws = [
            self._rng.random() < rate
            for rate in (dials.hang_rate, dials.reset_rate, dials.malformed_rate, dials.truncated_rate)
        ]
        return draws[0], draws[1], Faults(malformed=draws[2], truncated=draws[3])

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        del request
        return _json({"object": "list", "data": [self._model_json(name) for name in self._scholars]})

    async def model(self, request: web.Request) -> web.Response:
        """GET /v1/models/{model}."""
        name = request.match_info["model"]
        if name not in self._scholars:
            raise self._unknown_model(name)
        return _json(self._model_json(name))

    async def health(self, request: web.Request) -> web.Response:
        """GET /healthz."""
        del request
        return _json({"status": "ok", "engine": OWNER, "version": __version__})

    async def get_dials(self, request: web.Request) -> web.Response:
        """GET /v1/dials."""
        del request
        return _json(self._board.to_json())

    async def put_dials(self, request: web.Request) -> web.Response:
        """PUT /v1/dials: sets what is named and leaves the rest."""
        try:
            changes = await _read_json(request)
            if not isinstance(changes, dict):
                raise UnknownDial('The body must be a JSON object of dials, such as {"rate_429": 0.1}.')
            self._board.change(changes)
        except UnknownDial as error:
            raise Refused(400, str(error), param=str(error).partition(":")[0]) from error
        return _json(self._board.to_json())

    async def reset_dials(self, request: web.Request) -> web.Response:
        """DELETE /v1/dials: back to the configuration."""
        del request
        self._board.reset()
        return _json(self._board.to_json())

    async def get_stats(self, request: web.Request) -> web.Response:
        """GET /v1/stats."""
        del request
        return _json(self._stats.to_json())

    async def reset_stats(self, request: web.Request) -> web.Response:
        """DELETE /v1/stats: counts anew; what is in flight stays."""
        del request
        self._stats.reset()
        return _json(self._stats.to_json())

    def _unknown_model(self, name: str) -> Refused:
        message = f"The model {name[:80]!r} does not exist; the models are {', '.join(self._scholars)}."
        return Refused(404, message, param="model", code="model_not_found")

    def _model_json(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": self._started, "owned_by": OWNER}


async def _read_json(request: web.Request) -> Any:
    try:
        return orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"The body is not valid JSON: {error}.") from error
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "The body is too large; send a shorter conversation.") from error


def _decode(body: Any) -> ChatRequest:
    try:
        return read_request(body)
    except BadRequest as error:
        raise Refused(400, str(error), param=error.param) from error


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, headers=headers, content_type="application/json")
