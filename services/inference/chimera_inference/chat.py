"""POST /v1/chat/completions: refuse, wait for a place, answer, and break what the dials ask to be broken."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

from aiohttp import web

from .completions import Scholar
from .dials import DialBoard, Dials
from .faults import Faults, draw
from .journal import Journal
from .metrics import Reading
from .protocol import BadRequest, ChatRequest, read_request
from .refusals import Refused, read_json
from .responses import Completion, send_garbage, send_half, send_slowly, send_stream, send_whole
from .slots import Slots
from .stats import Stats
from .telemetry import chat_span
from .visits import Visit, visiting

_HANG_SECONDS = 86_400.0


class Chat:
    """The endpoint over one set of models, dials and statistics."""

    def __init__(
        self, scholars: Mapping[str, Scholar], board: DialBoard, stats: Stats, journal: Journal, rng: Random
    ) -> None:
        self._scholars = scholars
        self._board = board
        self._stats = stats
        self._journal = journal
        self._rng = rng
        self._slots = {name: Slots(partial(self._places, name)) for name in scholars}
        self._in_flight = Counter[str]()  # what was let in: not what is being read or refused, as in the statistics

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answers one request, or raises Refused."""
        with visiting(self._stats, self._journal) as visit:
            body = await read_json(request)
            visit.brings(body)
            chat = _decode(body)
            if chat.model not in self._scholars:
                raise unknown_model(chat.model, self._scholars)
            visit.at(chat.model)
            dials = self._board.of(chat.model)
            self._refuse(chat.model, dials)
            with self._let_in(chat.model):
                async with self._slots[chat.model].one():
                    return await self._answer(request, chat, dials, visit)

    def dials_changed(self) -> None:
        """There may be more places than before."""
        for slots in self._slots.values():
            slots.admit()

    def readings(self) -> dict[str, Reading]:
        """What an engine tells of itself, by model."""
        return {name: self._reading(name, slots) for name, slots in self._slots.items()}

    def _reading(self, model: str, slots: Slots) -> Reading:
        tally, places = self._stats.models[model], self._places(model)
        prompt, generated = tally.usage["prompt_tokens"], tally.usage["completion_tokens"]
        share = min(1.0, slots.running / places) if places else 0.0
        return Reading(slots.running, slots.waiting, share, prompt, generated, tally.answers)

    def _places(self, model: str) -> int:
        return self._board.of(model).slots

    @contextmanager
    def _let_in(self, model: str) -> Iterator[None]:
        self._in_flight[model] += 1
        try:
            yield
        finally:
            self._in_flight[model] -= 1

    def _refuse(self, model: str, dials: Dials) -> None:
        """Raises what the dials say instead of an answer."""
        if dials.status is not None:
            raise Refused(dials.status, f"The dial `status` answers every request with {dials.status}.")
        if self._board.is_out(model):
            raise Refused(
                dials.outage_status,
                "The service has an outage; try again later.",
                retry_after=dials.retry_after_seconds,
            )
        in_flight = self._in_flight[model] if self._board.is_own(model, "max_in_flight") else self._in_flight.total()
        if dials.max_in_flight and in_flight >= dials.max_in_flight:
            message = f"More than {dials.max_in_flight} requests are in flight; try again later."
            raise Refused(429, message, code="rate_limit_exceeded", retry_after=dials.retry_after_seconds)
        if self._rng.random() < dials.rate_429:
            message = "The rate limit is reached; try again later."
            raise Refused(429, message, code="rate_limit_exceeded", retry_after=dials.retry_after_seconds)
        if self._rng.random() < dials.rate_5xx:
            raise Refused(self._rng.choice((500, 502, 503)), "The server failed as its dial `rate_5xx` asks.")

    async def _answer(self, request: web.Request, chat: ChatRequest, dials: Dials, visit: Visit) -> web.StreamResponse:
        faults = draw(dials, self._rng)
        latency = dials.latency(self._rng)
        if faults.hang:
            await asyncio.sleep(_HANG_SECONDS)
        if faults.not_json or faults.not_completion:
            visit.status = "garbage"
            return await send_garbage(request, latency, as_json=not faults.not_json)
        seed = chat.seed if chat.seed is not None else self._rng.getrandbits(62)
        with chat_span(request.headers, chat) as span:
            choices = self._scholars[chat.model].answer(chat, seed, dials, faults)
            name = f"chatcmpl-{UUID(int=self._rng.getrandbits(128)).hex}"
            completion = Completion(name, int(time.time()), chat, choices)
            span.finish(completion.usage(), choices[0].finish_reason)
            response = await _send(request, completion, latency, dials, faults)
        if faults.reset:
            visit.status = "reset"
        else:
            visit.answered(completion.usage())
        return response


def unknown_model(name: str, models: Mapping[str, Any]) -> Refused:
    """What is said of a model that is not served."""
    message = f"The model {name[:80]!r} does not exist; the models are {', '.join(models)}."
    return Refused(404, message, param="model", code="model_not_found")


async def _send(
    request: web.Request, completion: Completion, latency: float, dials: Dials, faults: Faults
) -> web.StreamResponse:
    if faults.reset:
        return await send_half(request, completion, latency)
    if faults.trickle:
        return await send_slowly(request, completion, latency, dials.trickle_pause_seconds)
    send = send_stream if completion.request.stream else send_whole
    return await send(request, completion, latency)


def _decode(body: Any) -> ChatRequest:
    try:
        return read_request(body)
    except BadRequest as error:
        raise Refused(400, str(error), param=error.param) from error
