"""Asking models: the ledger first, then the role's endpoints in order, with retries and one repair turn."""

import asyncio
import logging
import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson
from google.protobuf.timestamp_pb2 import Timestamp
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, ValidationError

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.endpoints.client import CallFailed, CallRefused, ChatClient, Completion
from chimera_shared.endpoints.config import Endpoint, Endpoints
from chimera_shared.endpoints.ledger import Ledger, call_id
from chimera_shared.endpoints.limiter import Limiter
from chimera_shared.errors import EndpointUnavailable, SampleFailure
from chimera_shared.prompts import Messages
from chimera_shared.telemetry import span

log = logging.getLogger(__name__)
T = TypeVar("T", bound=BaseModel)

_FIRST_ANSWER_SECONDS = 10
"""An endpoint that fails for so long and never answered in the build is a mistake to report, not an outage."""
_PATIENCE_SECONDS = 300
_BACKOFF_SECONDS = (0.5, 30.0)
_MAX_SHOWN_ERRORS = 3
_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: in which role, of whom, in which words."""

    build_id: str
    role: str
    spec: build_pb2.RoleSpec
    messages: Messages
    prompt_sha256: str
    seed: int


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


class EndpointPool:
    """The endpoints of a process with their limits and connections, shared by whoever asks."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.client = ChatClient()
        self._limiters = {name: Limiter(e.max_in_flight) for name, e in endpoints.items()}

    async def __aenter__(self) -> "EndpointPool":
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.client.__aexit__(*error)

    def limiter(self, name: str) -> Limiter:
        """The limiter of an endpoint."""
        return self._limiters[name]

    def capacity(self, roles: build_pb2.Roles) -> int:
        """Requests that the endpoints of these roles take at once, from this process."""
        named = [roles.proposer, *roles.panel, roles.solver, roles.judge]
        names = {name for role in named for name in role.endpoints}
        return sum(self.endpoints[name].max_in_flight for name in names if name in self.endpoints)


class Models:
    """Asks models on behalf of one service."""

    def __init__(self, pool: EndpointPool, ledger: Ledger) -> None:
        self._pool = pool
        self._ledger = ledger

    async def ask(self, question: Question) -> Reply:
        """A free answer. SampleFailure if it is empty, cut off, declined, or if no endpoint takes the question."""
        completion, call = await self._answer(question, None)
        _require_whole(completion, [call])
        return Reply(completion.content, completion.reasoning, (call,))

    async def ask_structured(self, question: Question, name: str, form: type[T]) -> Structured[T]:
        """An answer of this form, named `name` in the request; a malformed one gets one repair turn."""
        schema = {"name": name, "schema": _strict_schema(form), "strict": True}
        completion, call = await self._answer(question, schema)
        _require_whole(completion, [call])
        try:
            return Structured(_parse(completion.content, form), (call,))
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
        again, second = await self._answer(replace(question, messages=[*question.messages, *turn]), schema)
        calls = (first, second)
        _require_whole(again, calls)
        try:
            return Structured(_parse(again.content, form), calls)
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
        bodies = {name: _body(question, self._pool.endpoints[name], schema) for name in self._known(question)}
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
        call = _evidence(question, name, endpoint, body, completion)
        _count(call)
        limit = body[endpoint.max_tokens_parameter]
        await self._ledger.keep(question.build_id, question.messages, limit, completion, call)
        return completion, call

    async def _insist(self, question: Question, name: str, body: dict[str, Any]) -> Completion:
        """Try until the endpoint answers, refuses, or patience ends."""
        endpoint, limiter = self._pool.endpoints[name], self._pool.limiter(name)
        started, first_cause, delay = time.monotonic(), "", _BACKOFF_SECONDS[0]
        while True:
            try:
                async with limiter.slot():
                    return await self._call(question, name, endpoint, body)
            except CallFailed as error:
                first_cause = first_cause or str(error)
                wait = max(error.retry_after or 0, delay * (0.5 + random.random()))  # noqa: S311 jitter
                metrics.CALL_FAILURES.add(1, {"chimera.endpoint": name})
            delay = min(delay * 2, _BACKOFF_SECONDS[1])
            elapsed = time.monotonic() - started
            if elapsed >= _FIRST_ANSWER_SECONDS and not await self._ledger.answered(question.build_id, name):
                raise CallRefused(first_cause)
            if elapsed >= _PATIENCE_SECONDS:
                raise EndpointUnavailable(f"{name}: {first_cause}")
            if elapsed < _FIRST_ANSWER_SECONDS and not await self._ledger.answered(question.build_id, name):
                wait = min(wait, _FIRST_ANSWER_SECONDS - elapsed)
            await asyncio.sleep(wait)

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


def _body(question: Question, endpoint: Endpoint, schema: dict[str, Any] | None) -> dict[str, Any]:
    """The request; the role's sampling parameters go before the endpoint's."""
    spec = question.spec
    body: dict[str, Any] = {"model": endpoint.model, "messages": question.messages, "seed": question.seed}
    temperature = spec.temperature if spec.HasField("temperature") else endpoint.temperature
    top_p = spec.top_p if spec.HasField("top_p") else endpoint.top_p
    if temperature is not None:
        body["temperature"] = temperature
    if top_p is not None:
        body["top_p"] = top_p
    body[endpoint.max_tokens_parameter] = spec.max_tokens if spec.HasField("max_tokens") else endpoint.max_tokens
    if schema is not None:
        body |= _structured(question.messages, endpoint, schema)
    return body


def _structured(messages: Messages, endpoint: Endpoint, schema: dict[str, Any]) -> dict[str, Any]:
    """How to ask this endpoint for JSON; where it cannot enforce the schema, the words must carry it."""
    if endpoint.structured_output == "json_schema":
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    told = f"{messages[0]['content']}\n\nAnswer with one JSON object of this schema, and nothing else:\n"
    head = {**messages[0], "content": told + orjson.dumps(schema["schema"]).decode()}
    asked: dict[str, Any] = {"messages": [head, *messages[1:]]}
    if endpoint.structured_output == "json_object":
        asked["response_format"] = {"type": "json_object"}
    return asked


def _strict_schema(form: type[BaseModel]) -> dict[str, Any]:
    """The form's JSON schema as structured output wants it: every property required, no others."""

    def strict(node: Any) -> Any:
        if isinstance(node, list):
            return [strict(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {key: strict(value) for key, value in node.items() if key not in ("default", "title")}
        if node.get("type") == "object":
            node |= {"additionalProperties": False, "required": list(node.get("properties", {}))}
        return node

    return dict(strict(form.model_json_schema()))


def _parse(content: str, form: type[T]) -> T:
    """ValueError with a short account of what is wrong, without the model's text."""
    if fenced := _FENCE.match(content):
        content = fenced.group(1)
    try:
        return form.model_validate_json(content)
    except ValidationError as error:
        shown = [
            f"{'.'.join(map(str, e['loc'])) or 'the answer'}: {e['msg']}" for e in error.errors()[:_MAX_SHOWN_ERRORS]
        ]
        raise ValueError("; ".join(shown)) from None


def _require_whole(completion: Completion, calls: Sequence[sample_pb2.ModelCall]) -> None:
    """An empty or cut answer is a failure, not an answer."""
    endpoint = calls[-1].endpoint
    if completion.finish_reason == "length":
        detail = f"{endpoint} was cut off at its token limit; raise max_tokens"
        raise SampleFailure(sample_pb2.REASON_TRUNCATED_ANSWER, detail, calls)
    if completion.finish_reason == "content_filter":
        raise SampleFailure(sample_pb2.REASON_REFUSED_BY_MODEL, f"{endpoint} declined to answer", calls)
    if not completion.content.strip():
        raise SampleFailure(sample_pb2.REASON_MALFORMED_ANSWER, f"{endpoint} gave an empty answer", calls)


def _evidence(
    question: Question, name: str, endpoint: Endpoint, body: dict[str, Any], completion: Completion
) -> sample_pb2.ModelCall:
    parameters = {k: v for k, v in body.items() if k not in ("model", "messages", "response_format")}
    time_ = Timestamp()
    time_.GetCurrentTime()
    return sample_pb2.ModelCall(
        call_id=call_id(body),
        role=question.role,
        endpoint=name,
        model=endpoint.model,
        prompt_sha256=question.prompt_sha256,
        parameters_json=orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS).decode(),
        usage=sample_pb2.Usage(
            calls=1,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            cost_nanousd=endpoint.price.nanousd(completion.input_tokens, completion.output_tokens),
        ),
        time=time_,
        latency_seconds=completion.latency_seconds,
        finish_reason=completion.finish_reason,
    )


def _count(call: sample_pb2.ModelCall) -> None:
    labels = {"chimera.endpoint": call.endpoint, "chimera.role": call.role}
    metrics.CALL_SECONDS.record(call.latency_seconds, {**labels, "gen_ai.request.model": call.model})
    metrics.CALL_TOKENS.add(call.usage.input_tokens, {**labels, "gen_ai.token.type": "input"})
    metrics.CALL_TOKENS.add(call.usage.output_tokens, {**labels, "gen_ai.token.type": "output"})
    metrics.CALL_COST.add(call.usage.cost_nanousd, labels)
