"""What the server did since the last reset: the evidence that nothing is paid twice and that it was kept busy."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")
_NOT_REFUSED = frozenset({"200", "cancelled", "reset", "garbage"})
"""Ends of requests that were let in; every other status is a refusal."""


class Tally:
    """Counts of requests and the time-weighted number in flight; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._in_flight = 0
        self.reset()

    @property
    def in_flight(self) -> int:
        """Requests being answered now."""
        return self._in_flight

    @property
    def usage(self) -> Mapping[str, int]:
        """Tokens of the requests answered in full."""
        return {name: self._usage[name] for name in _USAGE}

    @property
    def answers(self) -> int:
        """Requests answered in full with 200."""
        return self._answers.total()

    def reset(self) -> None:
        """Forgets everything but what is in flight."""
        self._requests = 0
        self._by_status: Counter[str] = Counter()
        self._answers: Counter[bytes] = Counter()
        self._usage: Counter[str] = Counter()
        self._peak = self._in_flight
        self._integral = 0.0
        self._since = self._changed = self._clock()
        self._first: float | None = None
        self._last: float | None = None

    def entered(self) -> None:
        """A request arrived."""
        self._requests += 1
        self._move(+1)
        self._first = self._changed if self._first is None else self._first
        self._peak = max(self._peak, self._in_flight)

    def left(self, status: str) -> None:
        """A request ended with this status: a number, or `reset`, `garbage`, `cancelled`."""
        self._by_status[status] += 1
        self._move(-1)
        self._last = self._changed

    def answered(self, body: bytes, usage: Mapping[str, Any]) -> None:
        """A request with this digest of its body was answered in full with 200, at this expense."""
        self._answers[body] += 1
        self._usage.update({name: usage[name] for name in _USAGE})

    def to_json(self) -> dict[str, Any]:
        """The figures; `in_flight_seconds` is the integral of requests in flight over time."""
        self._move(0)
        elapsed = self._changed - self._since
        busy = (self._last or self._changed) - self._first if self._first is not None else 0.0
        answered = self.answers
        return {
            "requests": self._requests,
            "answered": answered,
            "refused": sum(count for status, count in self._by_status.items() if status not in _NOT_REFUSED),
            "by_status": dict(self._by_status),
            "in_flight": self._in_flight,
            "peak_in_flight": self._peak,
            "distinct_bodies": len(self._answers),
            "repeats": answered - len(self._answers),
            "usage": dict(self.usage),
            "in_flight_seconds": self._integral,
            "elapsed_seconds": elapsed,
            "first_to_last_seconds": busy,
            "mean_in_flight": self._integral / busy if busy > 0 else 0.0,
            "answered_per_second": answered / busy if busy > 0 else 0.0,
        }

    def _move(self, by: int) -> None:
        now = self._clock()
        self._integral += self._in_flight * (now - self._changed)
        self._changed = now
        self._in_flight += by


class Stats:
    """The tally of all requests, and of each model's."""

    def __init__(self, clock: Callable[[], float], models: Iterable[str]) -> None:
        self.total = Tally(clock)
        self.models = {name: Tally(clock) for name in models}

    def reset(self) -> None:
        """Forgets everything but what is in flight."""
        for tally in (self.total, *self.models.values()):
            tally.reset()

    def to_json(self) -> dict[str, Any]:
        """The figures of all requests, and under `models` those of each model."""
        return {**self.total.to_json(), "models": {name: tally.to_json() for name, tally in self.models.items()}}
