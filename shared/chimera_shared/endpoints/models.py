"""Asking models: the ledger first, then the role's endpoints in order, with retries and one repair turn."""

import asyncio
import logging
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson
from opentelemetry.trace import SpanKind
from pydantic import BaseModel

from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.endpoints.client import CallFailed, CallRefused, Completion, Gibberish
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.evidence import count, evidence_of, require_whole
from chimera_shared.endpoints.forms import parse, strict_schema
from chimera_shared.endpoints.ledger import Ledger, call_id
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question, body_of
from chimera_shared.errors import EndpointUnavailable, SampleFailure
from chimera_shared.telemetry import span

log = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)

_FIRST_ANSWER_SECONDS = 10
"""An endpoint that fails for so long and never answered in the build is a mistake to report, not an outage."""
_PATIENCE_SECONDS = 300
_MAX_GIBBERISH = 3
"""Such answers may cost money; an endpoint that gives so many to one question will not give another."""
_BACKOFF_SECONDS = (0.5, 30.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's whole answer, neither empty nor cut off, with its evidence."""

    content: str
    reasoning: str
    calls: tuple[sample_pb2.ModelCall, ...]


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """A model's answer in the form that was asked for, with its evidence."""

    value: T
    calls: tuple[sample_pb2.ModelCall, ...]


class Models:
    """Asks models on behalf of one service."""

    def __init__(self, pool: EndpointPool, ledger: Ledger) -> None:
        self._pool = pool
        self._ledger = ledger

    async def ask(self, question: Question) -> Reply:
        """A free answer. SampleFailure if it is empty, cut off, declined, or if no endpoint takes the question."""
        completion, call = await self._answer(question, None)
        require_whole(completion, [call])
        if not completion.content.strip():
            raise SampleFailure(sample_pb2.REASON_MALFORMED_ANSWER, f"{call.endpoint} gave an empty answer", [call])
        return Reply(completion.content, completion.reasoning, (call,))

    async def ask_structured(self, question: Question, name: str, form: type[T]) -> Structured[T]:
        """An answer of this form, named `name` in the request; a malformed one gets one repair turn."""
        schema = {"name": name, "schema": strict_schema(form), "strict": True}
        completion, call = await self._answer(question, schema)
        require_whole(completion, [call])
        try:
            return Structured(parse(completion.content, form), (call,))
        except ValueError as error:
            return await self._repaired(question, schema, form, completion, call, str(error))

    async def _repaired(
        self,
        question: Question,
        schema: dict[str, Any],
        form: type[T],
        completion: Completion,
        first: sample_pb2.ModelCall,
        error: str,
    ) -> Structured[T]:
        turn = [
            {"role": "assistant", "content": completion.content},
            {
                "role": "user",
                "content": f"That is not valid: {error}. Answer again with nothing but one JSON object of this schema: "
                f"{orjson.dumps(schema['schema']).decode()}",
            },
        ]
        try:
            again, second = await self._answer(replace(question, messages=[*question.messages, *turn]), schema)
        except SampleFailure as failure:
            raise SampleFailure(failure.reason, failure.detail, [first, *failure.calls]) from None
        calls = (first, second)
        require_whole(again, calls)
        try:
            return Structured(parse(again.content, form), calls)
        except ValueError as still:
            raise SampleFailure(
                sample_pb2.REASON_MALFORMED_ANSWER,
                f"{second.endpoint} did not answer in the form asked for, twice: {still}",
                calls,
            ) from None

    async def _answer(
        self, question: Question, schema: dict[str, Any] | None
    ) -> tuple[Completion, sample_pb2.ModelCall]:
        """From the ledger, or else from the first endpoint that answers."""
        bodies = {name: body_of(question, self._pool.endpoints[name], schema) for name in self._known(question)}
        for name, body in bodies.items():
            limit = body[self._pool.endpoints[name].max_tokens_parameter]
            if found := await self._ledger.find(question.build_id, call_id(body), limit):
                metrics.CALL_REPLAYS.add(1, {"chimera.endpoint": name})
                return found
        refusals: list[str] = []
        unavailable: EndpointUnavailable | None = None
        for name, body in bodies.items():
            try:
                return await self._buy(question, name, body)
            except CallRefused as error:
                refusals.append(f"{name}: {error}")
            except EndpointUnavailable as error:
                unavailable = unavailable or error
        if unavailable is not None:
            raise unavailable
        raise SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, f"{question.role}: {'; '.join(refusals)}")

    def _known(self, question: Question) -> Sequence[str]:
        if unknown := [name for name in question.spec.endpoints if name not in self._pool.endpoints]:
            raise SampleFailure(
                sample_pb2.REASON_ENDPOINT_FAILED,
                f"{question.role}: no endpoint {unknown[0]!r} is known here; add it to the file in CHIMERA_ENDPOINTS",
            )
        return question.spec.endpoints

    async def _buy(
        self, question: Question, name: str, body: dict[str, Any]
    ) -> tuple[Completion, sample_pb2.ModelCall]:
        completion = await self._insist(question, name, body)
        endpoint = self._pool.endpoints[name]
        call = evidence_of(question, name, endpoint, body, completion)
        count(call)
        limit = body[endpoint.max_tokens_parameter]
        await self._ledger.keep(question.build_id, question.messages, limit, completion, call)
        return completion, call

    async def _insist(self, question: Question, name: str, body: dict[str, Any]) -> Completion:
        """Try until the endpoint answers, refuses, or patience ends."""
        endpoint, limiter = self._pool.endpoints[name], self._pool.limiter(name)
        failing_since, first_cause, delay, gibberish = 0.0, "", _BACKOFF_SECONDS[0], 0
        while True:
            try:
                async with limiter.slot():
                    return await self._call(question, name, endpoint, body)
            except CallFailed as error:
                # Time in the limiter's queue before the first failure says nothing about the endpoint.
                failing_since = failing_since or time.monotonic()
                first_cause = first_cause or str(error)
                wait = max(error.retry_after or 0, delay * (0.5 + random.random()))  # noqa: S311 jitter
                metrics.CALL_FAILURES.add(1, {"chimera.endpoint": name})
                gibberish += isinstance(error, Gibberish)
            if gibberish >= _MAX_GIBBERISH:
                raise CallRefused(first_cause)
            delay = min(delay * 2, _BACKOFF_SECONDS[1])
            elapsed = time.monotonic() - failing_since
            if elapsed >= _FIRST_ANSWER_SECONDS and not await self._ledger.answered(question.build_id, name):
                raise CallRefused(first_cause)
            if elapsed >= _PATIENCE_SECONDS:
                raise EndpointUnavailable(f"{name}: {first_cause}")
            if elapsed < _FIRST_ANSWER_SECONDS and not await self._ledger.answered(question.build_id, name):
                wait = min(wait, _FIRST_ANSWER_SECONDS - elapsed)
            await asyncio.sleep(min(wait, _PATIENCE_SECONDS - elapsed))

    async def _call(self, question: Question, name: str, endpoint: Endpoint, body: Mapping[str, Any]) -> Completion:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": endpoint.model,
            "chimera.endpoint": name,
            "chimera.role": question.role,
        }
        with span(f"chat {endpoint.model}", SpanKind.CLIENT, attributes) as current:
            completion = await self._pool.client.complete(endpoint, body)
            current.set_attribute("gen_ai.usage.input_tokens", completion.input_tokens)
            current.set_attribute("gen_ai.usage.output_tokens", completion.output_tokens)
            return completion
