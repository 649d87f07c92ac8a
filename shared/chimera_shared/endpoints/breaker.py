"""Holds an endpoint's starts back while it gives nothing but failures."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

_FAILURES = 5
_SECONDS_OF_FAILURES = 2.0
"""So many, for so long, with no answer between: fewer or shorter happens to a working endpoint."""
_FULL_SECONDS = 30.0
"""An endpoint that refuses while older calls are at work is full and not down, unless they take longer than this."""
_COOL_DOWN_SECONDS = (1.0, 30.0)
LONGEST_WISH_SECONDS = 60.0
"""A server that asks for hours is asked again every minute: some say so when they restart."""


class BreakerState(StrEnum):
    """Closed lets calls through, open holds them back, half-open waits for the outcome of one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Failure:
    """A call without an answer. `wish` is `Retry-After` in seconds, if the server said one."""

    number: int
    probe: bool
    refused: bool
    wish: float | None


class Breaker:
    """Opens once for a run of failures, lets one probe through after a pause, and closes at any answer.

    Calls have rising numbers in the order of their starts. `draw` gives numbers in [0, 1) for the jitter.
    """

    def __init__(self, draw: Callable[[], float]) -> None:
        self.state = BreakerState.CLOSED
        self.until = 0.0
        self._draw = draw
        self._openings = 0
        self._failures = 0
        self._since = 0.0
        self._first_younger = 0
        self._elders = 0

    def ready_at(self, now: float) -> float:
        """When a call may start at the earliest; infinity while a probe is under way."""
        if self.state is BreakerState.CLOSED:
            return now
        return self.until if self.state is BreakerState.OPEN else float("inf")

    def probes(self) -> bool:
        """Tell of a start; whether this one is the probe."""
        if self.state is BreakerState.CLOSED:
            return False
        self.state = BreakerState.HALF_OPEN
        return True

    def ended(self, number: int, probe: bool) -> None:
        """A call has ended, whatever its outcome; a probe that ended without one leaves its place to the next."""
        if number < self._first_younger and self._elders:
            self._elders -= 1
        if probe and self.state is BreakerState.HALF_OPEN:
            self.state = BreakerState.OPEN

    def answered(self, probe: bool) -> bool:
        """True if the answer to a probe ended an outage."""
        restored = probe and self.state is BreakerState.HALF_OPEN
        if restored:
            self._openings = 0
        self._failures = 0
        self.state = BreakerState.CLOSED
        return restored

    def failed(self, now: float, call: Failure, *, next_number: int, in_flight: int, usual_seconds: float) -> bool:
        """True if it opens. The failed call itself is still in flight; an answer usually takes `usual_seconds`."""
        if self.state is not BreakerState.CLOSED:
            return call.probe and self.state is BreakerState.HALF_OPEN and self._open(now, call.wish)
        if not self._failures:
            self._since, self._first_younger, self._elders = now, next_number, in_flight
        self._failures += 1
        if self._failures < _FAILURES:
            return False
        elders_at_work = self._elders > (call.number < self._first_younger)
        if call.refused and call.wish and not elders_at_work:
            return self._open(now, call.wish)
        patience = _SECONDS_OF_FAILURES
        if elders_at_work:
            patience = max(2 * usual_seconds, _FULL_SECONDS if call.refused else patience)
        return now - self._since >= patience and self._open(now, call.wish)

    def _open(self, now: float, wish: float | None) -> bool:
        first, longest = _COOL_DOWN_SECONDS
        if wish:
            pause = min(wish, LONGEST_WISH_SECONDS) * (1 + 0.1 * self._draw())
        else:
            pause = min(first * 2**self._openings, longest) * (0.75 + 0.5 * self._draw())
        self._openings = min(self._openings + 1, 16)
        self._failures = 0
        self.state = BreakerState.OPEN
        self.until = now + pause
        return True
