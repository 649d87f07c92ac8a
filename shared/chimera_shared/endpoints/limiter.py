"""The gate of an endpoint: who may ask it now, how many at a time, and who waits for whom."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from types import TracebackType
from typing import Self

from chimera_shared import metrics
from chimera_shared.endpoints.breaker import LONGEST_WISH_SECONDS, Breaker, BreakerState, Failure
from chimera_shared.endpoints.concurrency import Concurrency
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.engine import EngineLoad
from chimera_shared.endpoints.fair import FairQueue
from chimera_shared.endpoints.rates import Charge, MinuteRate
from chimera_shared.endpoints.streak import Streak

_MAX_REASON_CHARS = 300
_TIMER_GRAIN_SECONDS = 0.001
"""The event loop's timers may fire a little before their time."""


class TurnedAway(Exception):
    """The breaker opened while a caller waited: it may go elsewhere, or wait again."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """How an endpoint does, seen from one process. `held_for_seconds` is how long nobody may start, as far as known."""

    name: str
    limit: int
    max_in_flight: int
    in_flight: int
    waiting: int
    answered: int
    refused: int
    failed: int
    breaker: BreakerState
    held_for_seconds: float
    reason: str


class Slot:
    """A place at an endpoint for one request: `async with gate.slot(build_id) as slot`.

    Tell one outcome inside the block. The first counts; without one the place is given back and nothing is learned.
    """

    __slots__ = ("_gate", "build_id", "epoch", "number", "precedence", "probe", "request_charge", "started_at",
                 "token_charge", "tokens", "told", "waiter", "weight")  # fmt: skip

    def __init__(self, gate: "Gate", build_id: str, weight: float, tokens: int, precedence: int) -> None:
        self._gate = gate
        self.build_id = build_id
        self.weight = weight
        self.precedence = precedence
        self.tokens = tokens
        self.number = -1
        self.epoch = 0
        self.started_at = 0.0
        self.probe = self.told = False
        self.request_charge: Charge | None = None
        self.token_charge: Charge | None = None
        self.waiter: asyncio.Future[bool] | None = None

    async def __aenter__(self) -> Self:
        gate = self._gate
        if not gate.start_at_once(self):
            await gate.wait_for_turn(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._gate.leave(self)

    def answered(self, tokens: int | None = None) -> None:
        """The server works and gave an answer, be it 400; `tokens` is what it counted, None if the estimate stands."""
        if not self.told:
            self.told = True
            self._gate.answered(self, tokens)

    def refused(self, retry_after: float | None = None, cause: str = "") -> None:
        """The server takes no more at present (429, 503, 529); `retry_after` is its wish in seconds."""
        if not self.told:
            self.told = True
            self._gate.refused(self, retry_after, cause)

    def failed(self, cause: str = "", *, timed_out: bool = False) -> None:
        """No answer for another reason: no connection, a reset, 5xx, gibberish, or none in time."""
        if not self.told:
            self.told = True
            self._gate.failed(self, cause, timed_out)


class Gate:
    """Lets callers through to one endpoint: fairly by builds, within its rates, and as many at a time as it takes.

    `clock` gives seconds that never go back, `draw` numbers in [0, 1) for jitter. Waiting is the event loop's.
    """

    def __init__(
        self,
        name: str,
        endpoint: Endpoint,
        *,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.in_flight = 0
        self._clock = clock
        self._concurrency = Concurrency(endpoint.max_in_flight)
        self._breaker = Breaker(draw)
        self._streak = Streak()
        self._requests = MinuteRate(endpoint.requests_per_minute) if endpoint.requests_per_minute else None
        self._tokens = MinuteRate(endpoint.tokens_per_minute) if endpoint.tokens_per_minute else None
        self._rated = bool(self._requests or self._tokens)
        self._queue: FairQueue[Slot] = FairQueue()
        self._timer: asyncio.TimerHandle | None = None
        self._started = self._answered = self._refused = self._failed = 0
        self._limit_before_outage = self._concurrency.trusted
        self.cause = ""
        """The last failure, in one sentence."""
        metrics.watch_endpoint(self)

    def slot(self, build_id: str = "", weight: float = 1.0, tokens: int = 0, precedence: int = 0) -> Slot:
        """A place for one request of a build; builds get turns by weight, and a build's requests by precedence.

        `tokens` is what it will use, about.
        """
        if not 0 < weight < inf:
            raise ValueError(f"weight is {weight}; give a positive number")
        return Slot(self, build_id, weight, tokens, precedence)

    @property
    def limit(self) -> int:
        """Requests at a time that the endpoint is thought to take."""
        return self._concurrency.limit

    @property
    def waiting(self) -> int:
        """Callers that wait for a place."""
        return len(self._queue)

    @property
    def open_until(self) -> float | None:
        """When the breaker lets a probe through, by the gate's clock; None while calls pass."""
        return None if self._breaker.state is BreakerState.CLOSED else self._breaker.until

    @property
    def available(self) -> bool:
        """False while the endpoint takes nothing new: a caller that has another endpoint should ask that.

        Whether it takes something again is tried only by who starts at once: the others would queue behind the try.
        """
        now = self._clock()
        if self._breaker.state is BreakerState.CLOSED and not self._streak.long:
            return True
        if self._breaker.ready_at(now) > now or not self._streak.lets_try(now):
            return False
        return not len(self._queue) and self.in_flight < self._concurrency.room(now)

    @property
    def breaker(self) -> BreakerState:
        """Whether calls pass, are held back, or wait for a probe."""
        return self._breaker.state

    @property
    def answers(self) -> int:
        """Calls that it has answered."""
        return self._answered

    def report(self) -> GateReport:
        """The present state, for people."""
        now = self._clock()
        due = self._breaker.ready_at(now)
        reason = self.cause if self._breaker.state is not BreakerState.CLOSED else self._concurrency.reason
        if (head := self._queue.head()) is not None and now < (rated := self._rated_at(head, now)):
            due, reason = max(due, rated), "requests_per_minute or tokens_per_minute is reached"
        return GateReport(
            name=self.name,
            limit=self.limit,
            max_in_flight=self._concurrency.cap,
            in_flight=self.in_flight,
            waiting=len(self._queue),
            answered=self._answered,
            refused=self._refused,
            failed=self._failed,
            breaker=self._breaker.state,
            held_for_seconds=max(0.0, due - now) if due < inf else 0.0,
            reason=reason or self.cause,
        )

    def engine(self, load: EngineLoad | None) -> None:
        """What the engine says of its load; None if it says nothing any more."""
        self._concurrency.engine(load, self.in_flight)
        self._admit()

    def start_at_once(self, slot: Slot) -> bool:
        """Take a place if there is one and nobody waits."""
        now = self._clock()
        if len(self._queue) or self._ready_at(slot, now) > now:
            return False
        self._start(slot, now)
        return True

    async def wait_for_turn(self, slot: Slot) -> None:
        """Wait for a place; one that was given to a cancelled caller goes to the next. TurnedAway if it closes."""
        slot.waiter = asyncio.get_running_loop().create_future()
        self._queue.push(slot.build_id, slot.weight, slot, slot.precedence)
        try:
            self._admit()
            if not await slot.waiter:
                raise TurnedAway(self.cause)
        except BaseException:
            if not self._queue.discard(slot.build_id, slot):
                self.leave(slot)
            raise

    def leave(self, slot: Slot) -> None:
        """Give the place back."""
        if slot.number < 0:
            return
        self.in_flight -= 1
        self._breaker.ended(slot.number, slot.probe)
        if not slot.told:
            self._concurrency.withdrawn(slot.epoch)
        slot.number = -1
        if len(self._queue):
            self._admit()

    def hand_back(self, slot: Slot) -> None:
        """Give the place back before anything was asked: the rates are not charged for it."""
        now = self._clock()
        if self._requests and slot.request_charge is not None:
            self._requests.settle(slot.request_charge, 0, now)
        if self._tokens and slot.token_charge is not None:
            self._tokens.settle(slot.token_charge, 0, now)
        slot.request_charge = slot.token_charge = None
        self.leave(slot)

    def answered(self, slot: Slot, tokens: int | None) -> None:
        """For `Slot`."""
        now = self._clock()
        self._answered += 1
        self._streak.answered(slot.number)
        if self._tokens and slot.token_charge is not None and tokens is not None:
            self._tokens.settle(slot.token_charge, tokens, now)
        if self._breaker.answered(slot.probe):
            self._concurrency.restart(self._limit_before_outage)
        self._concurrency.answered(slot.epoch, self.in_flight, now - slot.started_at)
        self._limit_before_outage = self._concurrency.trusted

    def refused(self, slot: Slot, retry_after: float | None, cause: str) -> None:
        """For `Slot`."""
        self._refused += 1
        wish = retry_after if retry_after is not None and retry_after > 0 else None
        self._without_answer(slot, cause, refused=True, wish=wish, overload=True)

    def failed(self, slot: Slot, cause: str, timed_out: bool) -> None:
        """For `Slot`."""
        self._failed += 1
        self._without_answer(slot, cause, refused=False, wish=None, overload=timed_out)

    def _without_answer(self, slot: Slot, cause: str, *, refused: bool, wish: float | None, overload: bool) -> None:
        now = self._clock()
        self.cause = _told(cause, wish)
        before = self._breaker.state
        opened = self._breaker.failed(
            now,
            Failure(slot.number, slot.probe, refused, wish),
            next_number=self._started,
            in_flight=self.in_flight,
            usual_seconds=self._concurrency.usual_seconds,
        )
        if (refused and self._streak.refused(now, slot.number, self._started, wish)) or opened:
            self._turn_away()
        if not opened and before is BreakerState.CLOSED and overload:
            self._concurrency.refused(slot.epoch, self.in_flight, now)

    def _turn_away(self) -> None:
        for slot in self._queue:
            assert slot.waiter is not None
            if not slot.waiter.done():
                slot.waiter.set_result(False)

    def _start(self, slot: Slot, now: float) -> None:
        self.in_flight += 1
        slot.number, slot.started_at, slot.epoch = self._started, now, self._concurrency.started()
        self._started += 1
        self._streak.started(now)
        slot.probe = self._breaker.probes()
        if self._requests:
            slot.request_charge = self._requests.charge(1, now)
        if self._tokens:
            slot.token_charge = self._tokens.charge(slot.tokens, now)

    def _ready_at(self, slot: Slot, now: float) -> float:
        """When this caller may start at the earliest; infinity if an outcome must come first."""
        ready = self._breaker.ready_at(now)
        if self.in_flight >= self._concurrency.room(now):
            ready = max(ready, self._concurrency.rested_at() if self.in_flight < self._concurrency.limit else inf)
        return max(ready, self._rated_at(slot, now)) if self._rated else ready

    def _rated_at(self, slot: Slot, now: float) -> float:
        ready = self._requests.ready_at(1, now) if self._requests else now
        return max(ready, self._tokens.ready_at(slot.tokens, now)) if self._tokens else ready

    def _admit(self) -> None:
        """Start whoever may start now, and come back when the next may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock()
        while (slot := self._queue.head()) is not None:
            assert slot.waiter is not None
            if slot.waiter.done():
                self._queue.discard(slot.build_id, slot)
                continue
            if (ready := self._ready_at(slot, now)) > now:
                if ready < inf:
                    delay = ready - now + _TIMER_GRAIN_SECONDS
                    self._timer = asyncio.get_running_loop().call_later(delay, self._admit)
                return
            self._queue.pop()
            self._start(slot, now)
            slot.waiter.set_result(True)


def _told(cause: str, wish: float | None) -> str:
    short = cause if len(cause) <= _MAX_REASON_CHARS else f"{cause[:_MAX_REASON_CHARS]}…"
    if wish is None:
        return short
    wished = f"it asks to wait {wish:.0f} s"
    if wish > LONGEST_WISH_SECONDS:
        wished += f" and is asked again after {LONGEST_WISH_SECONDS:.0f} s"
    return f"{short} ({wished})" if short else wished
