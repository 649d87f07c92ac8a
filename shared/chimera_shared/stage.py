"""The one shape of every consumer: decode → already done? → decide → store → publish.

A service declares its stages in `handlers.py`; `StageRunner` gives each of them concurrency, retries, time limits,
dead letters, the gate of paused and ended builds, and telemetry.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from google.protobuf.message import Message
from opentelemetry.trace import SpanKind

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import metrics
from chimera_shared.builds import BuildTable
from chimera_shared.bus.codec import Undecodable, decode
from chimera_shared.errors import BuildHalted, SampleFailure, Transient
from chimera_shared.telemetry import extract_trace, span
from chimera_shared.topics import Topic
from chimera_shared.worklimit import WorkLimit

log = logging.getLogger(__name__)
E = TypeVar("E", bound=Message)
R = TypeVar("R")

_TRIES_OF_A_DEFECT = 3
_BACKOFF_SECONDS = (0.2, 15.0)
_LOOK_FOR_ROOM_SECONDS = 2.0
_LATE_NEWS_SECONDS = 1.0
"""Work that a resume asks for travels on other topics than the word of the resume, and may come before it; what is
older than this was asked for before the pause."""
_MAX_CAUSE_CHARS = 1_000


class Outcomes(Protocol):
    """Where a stage keeps what it decided, by the fact that it heard of; the first decision stays."""

    async def find(self, key: str) -> Message | None:
        """The event decided before, if there is one."""

    async def keep(self, key: str, event: Message) -> Message:
        """Store an event, and return it or the one that was stored before it."""


@dataclass(frozen=True)
class Decision(Generic[E]):
    """How a stage of samples comes to its one event, how a failure becomes that event, and where it is kept."""

    decide: Callable[[E, build_pb2.Build], Awaitable[Message]]
    failed: Callable[[E, sample_pb2.Failure], Message]
    outcomes: Outcomes
    concerns: Callable[[E, build_pb2.Build], bool] = lambda event, build: True
    """Whether there is anything to decide; a message that concerns the stage not is passed over."""


@dataclass(frozen=True)
class Stage(Generic[E]):
    """One consumer of one topic.

    A stage of samples has a `decision`: made once, stored, and told as often as its message comes. It passes over
    builds that are paused or have ended: what is due is asked for again on resume. Any other stage has a `reaction`,
    which stores its own effects, is safe to repeat, and yields the events that follow.
    """

    name: str
    consumes: Topic[E]
    publishes: tuple[Topic[Any], ...] = ()
    decision: "Decision[E] | None" = None
    reaction: Callable[[E], AsyncIterator[Message]] | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came, and where it lies in its topic."""

    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str]
    """As text, as far as they are text; what `raw_headers` holds is exact."""
    raw_headers: Sequence[tuple[str, bytes | None]]
    partition: int = 0
    offset: int = 0
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that a stage could not work on, and why."""

    stage: str
    topic: str
    message: Received
    cause: str


class NoRoom(Exception):
    """A stage has as many dead letters as it may have."""


class Publisher(Protocol):
    """Where events and dead letters go."""

    async def publish(self, event: Message) -> None:
        """Send an event to its topic and wait for the acknowledgement."""

    async def bury(self, letter: Refused) -> None:
        """Keep what could not be worked on with the dead letters. NoRoom when their bound is reached."""


class StageRunner(Generic[E]):
    """Runs one stage on one message at a time; the subscriber calls it concurrently."""

    def __init__(self, stage: Stage[E], bus: Publisher, builds: BuildTable, time_limit_s: float) -> None:
        self.stage = stage
        self._bus = bus
        self._builds = builds
        self._time_limit_s = time_limit_s
        self._labels = {"chimera.stage": stage.name}
        self._span = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.destination.name": stage.consumes.name,
        }
        self._burying = asyncio.Lock()  # the bound is looked at before each letter
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def __call__(self, message: Received) -> None:
        """Work on one message until its outcome is stored and published, or it is buried."""
        await self._flowing.wait()
        try:
            event = decode(self.stage.consumes, message.value, message.headers)
        except Undecodable as cause:
            await self._bury(message, str(cause))
            metrics.STAGE_OUTCOMES.add(1, {**self._labels, "chimera.outcome": "refused"})
            return
        started = time.perf_counter()
        metrics.STAGE_IN_FLIGHT.add(1, self._labels)
        try:
            with span(f"{self.stage.name}", SpanKind.CONSUMER, self._span, extract_trace(message.headers)):
                ended = await self._until_done(event, message)
        finally:
            metrics.STAGE_IN_FLIGHT.add(-1, self._labels)
        metrics.STAGE_OUTCOMES.add(1, {**self._labels, "chimera.outcome": ended})
        metrics.STAGE_SECONDS.record(time.perf_counter() - started, self._labels)

    async def _until_done(self, event: E, message: Received) -> str:
        """Try again for as long as something passing is in the way; returns how it ended."""
        delay, longest = _BACKOFF_SECONDS
        while True:
            try:
                return await self._once(event, message)
            except SampleFailure as failure:
                await self._bury(message, str(failure))
                return "refused"
            except BuildHalted:
                if self.stage.decision is None:
                    return "skipped"
                delay = _BACKOFF_SECONDS[0]  # it may have been resumed while a paid call was still taken in
            except Transient as error:
                metrics.STAGE_RETRIES.add(1, self._labels)
                log.warning("%s waits: %s", self.stage.name, error)
            await asyncio.sleep(delay * (0.5 + random.random()))  # noqa: S311 jitter
            delay = min(delay * 2, longest)

    async def _once(self, event: E, message: Received) -> str:
        if self.stage.decision is not None:
            return await self._decide(self.stage.decision, event, message)
        reaction = self.stage.reaction
        assert reaction is not None, f"{self.stage.name} has neither decision nor reaction"
        await self._limited(lambda: self._react(reaction(event)), event)
        return "done"

    async def _react(self, events: AsyncIterator[Message]) -> None:
        # Closed here and not when garbage is collected: it may hold a lock that its next try waits for.
        async with aclosing(cast("AsyncGenerator[Message, None]", events)):
            async for each in events:
                await self._bus.publish(each)

    async def _decide(self, decision: Decision[E], event: E, message: Received) -> str:
        key = self.stage.consumes.fact(event)
        news_s = max(0.0, _LATE_NEWS_SECONDS - abs(time.time() - message.timestamp_ms / 1000))
        build = await self._builds.going(self.stage.consumes.build_of(event), news_s)
        if build.state != build_pb2.BUILD_STATE_RUNNING or not decision.concerns(event, build):
            return "skipped"
        ended = "replayed"
        if (outcome := await decision.outcomes.find(key)) is None:
            try:
                decided, ended = await self._limited(lambda: decision.decide(event, build), event), "done"
            except SampleFailure as failure:
                decided, ended = decision.failed(event, failure.to_proto()), "failed"
            outcome = await decision.outcomes.keep(key, decided)
        await self._bus.publish(outcome)
        return ended

    async def _limited(self, work: Callable[[], Awaitable[R]], event: E) -> R:
        """Work within the time limit; a defect of ours gets a few tries and is then a failure like any other."""
        for left in reversed(range(_TRIES_OF_A_DEFECT)):
            try:
                async with WorkLimit(self._time_limit_s) as limit:
                    return await work()
            except (SampleFailure, Transient):
                raise
            except Exception as error:
                if isinstance(error, TimeoutError) and limit.expired:
                    detail = f"{self.stage.name} did not finish within {self._time_limit_s:g} s"
                    raise SampleFailure(sample_pb2.REASON_TIME_LIMIT, detail) from None
                log.exception("%s failed on %s", self.stage.name, self.stage.consumes.key(event))
                if not left:
                    detail = f"{self.stage.name} failed: {type(error).__name__}: {error}"
                    raise SampleFailure(sample_pb2.REASON_INTERNAL, detail[:500]) from error
        raise AssertionError("unreachable")

    async def _bury(self, message: Received, cause: str) -> None:
        cause = cause.encode(errors="backslashreplace").decode()[:_MAX_CAUSE_CHARS]
        log.error("%s cannot use a message: %s", self.stage.name, cause)
        letter = Refused(self.stage.name, self.stage.consumes.name, message, cause)
        async with self._burying:
            try:
                while not await self._buried(letter):  # noqa: ASYNC110 room is made in another process
                    await asyncio.sleep(_LOOK_FOR_ROOM_SECONDS)
            finally:
                self._go_on()

    async def _buried(self, letter: Refused) -> bool:
        try:
            await self._bus.bury(letter)
        except NoRoom as error:
            self._halt(error)
            return False
        except Transient as error:
            log.warning("%s waits: %s", self.stage.name, error)
            return False
        return True

    def _halt(self, cause: NoRoom) -> None:
        """Let no message in: with so many refused it is the code that is at fault, and it would refuse the rest too."""
        if self._flowing.is_set():
            self._flowing.clear()
            metrics.STAGE_HALTED.add(1, self._labels)
            log.critical("%s stands still: %s", self.stage.name, cause)

    def _go_on(self) -> None:
        if not self._flowing.is_set():
            self._flowing.set()
            metrics.STAGE_HALTED.add(-1, self._labels)
            log.warning("%s goes on", self.stage.name)
