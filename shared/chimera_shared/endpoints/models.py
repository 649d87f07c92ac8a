"""Asking models: the ledger first, then the role's endpoints, with one repair turn for a malformed answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.budget import Purse
from chimera_shared.endpoints.buying import Buyer
from chimera_shared.endpoints.client import Completion
from chimera_shared.endpoints.evidence import require_whole
from chimera_shared.endpoints.forms import parse, strict_schema
from chimera_shared.endpoints.ledger import Ledger, call_id
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question, body_of
from chimera_shared.errors import EndpointUnavailable, SampleFailure

T = TypeVar("T", bound=BaseModel)


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

    def __init__(self, pool: EndpointPool, ledger: Ledger, purse: Purse, builds: BuildTable) -> None:
        self._pool = pool
        self._ledger = ledger
        self._builds = builds
        self._buyer = Buyer(pool, ledger, purse, builds)

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
        if (spec := self._builds.spec(question.build_id)) is not None:
            question = replace(question, ledger_of=spec.ledger_of)
        bodies = {name: body_of(question, self._pool.endpoints[name], schema) for name in self._known(question)}
        for name, body in bodies.items():
            limit = body[self._pool.endpoints[name].max_tokens_parameter]
            if found := await self._ledger.find(question.build_id, question.ledger_of, call_id(body), limit):
                metrics.CALL_REPLAYS.add(1, {"chimera.endpoint": name})
                return found
        return await self._buyer.buy(question, bodies)

    def _known(self, question: Question) -> Sequence[str]:
        if unknown := [name for name in question.spec.endpoints if name not in self._pool.endpoints]:
            # Not the sample's fault: the build was ordered where the endpoint is known, and can wait until it is here.
            raise EndpointUnavailable(
                f"{question.role}: no endpoint {unknown[0]!r} is known here; add it to the file in CHIMERA_ENDPOINTS"
            )
        return question.spec.endpoints
