"""Buying an answer: whose turn it is, whether the budget allows it, which endpoint, how often, when to give up."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opentelemetry.trace import SpanKind

from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.breaker import LONGEST_WISH_SECONDS
from chimera_shared.endpoints.budget import Purse, Reservation
from chimera_shared.endpoints.client import (
    AnswerTooLong,
    BrokeOff,
    CallFailed,
    CallRefused,
    Completion,
    Gibberish,
    Overloaded,
    TimedOut,
)
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.evidence import count, evidence_of
from chimera_shared.endpoints.ledger import Ledger
from chimera_shared.endpoints.limiter import Gate, Slot, TurnedAway
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question, most_of, tokens_about
from chimera_shared.errors import EndpointUnavailable, SampleFailure
from chimera_shared.telemetry import span
from chimera_shared.worklimit import waiting

Body = dict[str, Any]

_FIRST_ANSWER_SECONDS = 10
"""An endpoint that fails for so long and never answered in the build is a mistake to report, not an outage."""
_PATIENCE_SECONDS = 300
_MAX_BROKEN = 3
_MAX_ALONE = 6
"""An endpoint that fails one question so often and answers others meanwhile has no answer to it; what breaks off may
cost money each time."""
_TRIES_BEFORE_NEXT = 3
_REST_BEFORE_NEXT_SECONDS = 5
"""So many failures, or so long a rest, send a question to the role's next endpoint, if that takes calls. Who rests or
waits at one that is down looks so often whether another is back."""
_BACKOFF_SECONDS = (0.5, 30.0)


@dataclass(slots=True)
class _Tries:
    """How one question fared at one endpoint."""

    failures: int = 0
    alone: int = 0
    broken: int = 0
    answers: int = -1
    since: float = 0.0
    rests_until: float = 0.0
    cause: str = ""
    refusal: str = ""

    def failed(self, error: CallFailed, answers: int) -> None:
        """Note a failure, and how many calls the endpoint has answered. The queue before the first says nothing."""
        self.failures += 1
        others_answered = answers != self.answers
        self.answers = answers
        self.alone += others_answered and not isinstance(error, Overloaded)
        self.broken += isinstance(error, Gibberish) or (others_answered and isinstance(error, BrokeOff))
        self.since = self.since or time.monotonic()
        self.cause = self.cause or str(error)

    @property
    def seconds(self) -> float:
        """For how long it has failed."""
        return time.monotonic() - self.since if self.since else 0.0

    @property
    def rest(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self.rests_until - time.monotonic())

    @property
    def tired(self) -> bool:
        """Whether another endpoint should be asked before this one is asked again."""
        return self.failures >= _TRIES_BEFORE_NEXT or self.rest > _REST_BEFORE_NEXT_SECONDS


class Buyer:
    """Buys answers on behalf of one service, and keeps each in the ledger before anybody uses it."""

    def __init__(self, pool: EndpointPool, ledger: Ledger, purse: Purse, builds: BuildTable) -> None:
        self._pool = pool
        self._ledger = ledger
        self._purse = purse
        self._builds = builds

    async def buy(self, question: Question, bodies: Mapping[str, Body]) -> tuple[Completion, sample_pb2.ModelCall]:
        """The answer of the first endpoint that gives one, in the order of `bodies`.

        SampleFailure if every endpoint refuses, EndpointUnavailable if patience ends, BudgetSpent, BuildHalted.
        """
        tries = {name: _Tries() for name in bodies}
        while left := [name for name, each in tries.items() if not each.refusal]:
            name = self._choice(left, tries)
            if rest := tries[name].rest:
                await self._rest(question, min(rest, _REST_BEFORE_NEXT_SECONDS))
                continue
            try:
                return await self._try(question, name, bodies[name])
            except CallRefused as error:
                tries[name].refusal = str(error)
            except TurnedAway:
                await self._look(question, name, tries[name])
            except CallFailed as error:
                metrics.CALL_FAILURES.add(1, {"chimera.endpoint": name})
                tries[name].failed(error, self._pool.gate(name).answers)
                await self._judge(question, name, tries[name], error)
                hopes = [other for other in left if not tries[other].refusal]
                if hopes and all(tries[other].seconds >= _PATIENCE_SECONDS for other in hopes):
                    raise EndpointUnavailable(f"{name}: {tries[name].cause}") from error
        refusals = "; ".join(f"{name}: {each.refusal}" for name, each in tries.items())
        raise SampleFailure(sample_pb2.REASON_ENDPOINT_FAILED, f"{question.role}: {refusals}")

    def _choice(self, left: Sequence[str], tries: Mapping[str, _Tries]) -> str:
        """The first endpoint that takes calls and is not tired of this question; else the one that rests least."""
        fit = [name for name in left if self._pool.gate(name).available]
        fresh = next((name for name in fit if not tries[name].tired), None)
        return fresh or min(fit or left, key=lambda name: tries[name].rest)

    async def _rest(self, question: Question, seconds: float) -> None:
        """Wait before the next try, without a place."""
        with self._builds.going_on(question.build_id), waiting():
            await asyncio.sleep(seconds)

    async def _try(self, question: Question, name: str, body: Body) -> tuple[Completion, sample_pb2.ModelCall]:
        endpoint, gate = self._pool.endpoints[name], self._pool.gate(name)
        slot, reservation = await self._turn(question, gate, endpoint, body)
        try:
            with reservation, self._builds.going_on(question.build_id, paid=True), waiting():
                completion = await self._ask(question, name, endpoint, body, slot, reservation)
                call = evidence_of(question, name, endpoint, body, completion)
                reservation.settle(call.usage)
        finally:
            gate.leave(slot)
        count(call)
        limit = body[endpoint.max_tokens_parameter]
        with waiting():  # a store that is away must not run out the time of what is paid
            await self._ledger.keep(question.build_id, question.ledger_of, question.messages, limit, completion, call)
        return completion, call

    async def _turn(self, question: Question, gate: Gate, endpoint: Endpoint, body: Body) -> tuple[Slot, Reservation]:
        """A place at the endpoint and the money for the call; who must wait for money waits without a place."""
        build, most = question.build_id, most_of(body, endpoint)
        weight, tokens = self._builds.weight(build), tokens_about(most)
        reservation: Reservation | None = None
        while True:
            slot = gate.slot(build, weight, tokens, question.precedence)
            try:
                if not gate.start_at_once(slot):
                    await self._wait_for_turn(question, gate, slot)
                if reservation is None:
                    reservation = self._purse.reserve_at_once(build, most)
                if reservation is not None:
                    self._builds.require_going(build)
                    return slot, reservation
            except BaseException:
                gate.hand_back(slot)
                if reservation is not None:
                    reservation.release()
                raise
            gate.hand_back(slot)
            reservation = await self._purse.reserve(build, most, question.precedence)

    async def _wait_for_turn(self, question: Question, gate: Gate, slot: Slot) -> None:
        """TurnedAway when the endpoint's breaker opens meanwhile, or was open for as long as is waited there."""
        with self._builds.going_on(question.build_id), waiting():
            longest = None if gate.open_until is None else await self._longest_wait(question, gate)
            try:
                async with asyncio.timeout(longest):
                    await gate.wait_for_turn(slot)
            except TimeoutError:
                raise TurnedAway(gate.cause) from None

    async def _longest_wait(self, question: Question, gate: Gate) -> float | None:
        """Seconds to wait at an endpoint that is down; None if there is nothing else to do."""
        if not await self._ledger.answered(question.build_id, gate.name):
            return _FIRST_ANSWER_SECONDS / 5
        return _REST_BEFORE_NEXT_SECONDS if len(question.spec.endpoints) > 1 else None

    async def _ask(
        self, question: Question, name: str, endpoint: Endpoint, body: Body, slot: Slot, reservation: Reservation
    ) -> Completion:
        """Call, and tell gate and budget what came of it; a call that breaks off unexplained may have been paid."""
        try:
            completion = await self._call(question, name, endpoint, body)
        except AnswerTooLong as error:
            slot.failed(str(error))
            raise
        except CallRefused:
            slot.answered()
            reservation.release()
            raise
        except Overloaded as error:
            slot.refused(error.retry_after, str(error))
            reservation.release()
            raise
        except CallFailed as error:
            slot.failed(str(error), timed_out=isinstance(error, TimedOut))
            if not isinstance(error, BrokeOff):
                reservation.release()
            raise
        slot.answered(completion.input_tokens + completion.output_tokens)
        return completion

    async def _call(self, question: Question, name: str, endpoint: Endpoint, body: Body) -> Completion:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": body["model"],
            "chimera.endpoint": name,
            "chimera.role": question.role,
        }
        with span(f"chat {body['model']}", SpanKind.CLIENT, attributes) as current:
            completion = await self._pool.client.complete(endpoint, body)
            current.set_attribute("gen_ai.usage.input_tokens", completion.input_tokens)
            current.set_attribute("gen_ai.usage.output_tokens", completion.output_tokens)
            return completion

    async def _look(self, question: Question, name: str, tries: _Tries) -> None:
        """After being turned away: an endpoint that is down and never answered in this build is a mistake."""
        gate = self._pool.gate(name)
        tries.since = tries.since or time.monotonic()  # by its own time: another build may have found it down long ago
        late = gate.open_until is not None and tries.seconds >= _FIRST_ANSWER_SECONDS
        if late and not await self._ledger.answered(question.build_id, name):
            tries.refusal = tries.cause or gate.cause

    async def _judge(self, question: Question, name: str, tries: _Tries, error: CallFailed) -> None:
        """After a failure: give the question up at this endpoint, or say when it is tried again."""
        first, longest = _BACKOFF_SECONDS
        wait = min(first * 2 ** min(tries.failures - 1, 10), longest) * (0.5 + random.random())  # noqa: S311 jitter
        if isinstance(error, Overloaded):
            wait = max(wait, min(error.retry_after or 0, LONGEST_WISH_SECONDS))
        answered = await self._ledger.answered(question.build_id, name)
        patience = _PATIENCE_SECONDS if answered else _FIRST_ANSWER_SECONDS
        hopeless = tries.alone >= _MAX_ALONE or tries.broken >= _MAX_BROKEN
        if hopeless or (not answered and tries.seconds >= patience):
            tries.refusal = tries.cause
        tries.rests_until = time.monotonic() + min(wait, max(0.0, patience - tries.seconds))
