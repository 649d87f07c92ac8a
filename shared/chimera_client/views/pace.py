"""How fast a build goes, what it spends, and where that leads."""

from collections import deque
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2

WINDOW_SECONDS = 60.0
"""Long enough to be steady where samples take seconds, short enough to follow a change of pace."""
_MIN_SPAN_SECONDS = 2.0
_MIN_ACCEPTED = 5
"""Of fewer accepted samples, what one costs says little: most of what was spent is still under way."""


@dataclass(frozen=True, slots=True)
class Spend:
    """Money in thousand-millionths of a dollar, tokens in both directions together, calls."""

    nanousd: float = 0.0
    tokens: float = 0.0
    calls: float = 0.0

    def scaled(self, factor: float) -> "Spend":
        """So many times this."""
        return Spend(self.nanousd * factor, self.tokens * factor, self.calls * factor)

    def __add__(self, other: "Spend") -> "Spend":
        return Spend(self.nanousd + other.nanousd, self.tokens + other.tokens, self.calls + other.calls)

    def __sub__(self, other: "Spend") -> "Spend":
        return self + other.scaled(-1)


@dataclass(frozen=True, slots=True)
class Pace:
    """What cannot be told yet is None. `at_end` is what will have been spent if the build goes on as it does."""

    per_minute: float | None = None
    left_seconds: float | None = None
    burn_per_minute: Spend | None = None
    at_end: Spend | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    seconds: float
    accepted: int
    done: float
    spent: Spend


class PaceMeter:
    """Measures over the last minute of what it is told how fast samples are accepted and what they cost."""

    def __init__(self) -> None:
        self._seen: deque[_Look] = deque()

    def observe(self, now: float, build: build_pb2.Build) -> None:
        """Take in a build; `now` is a monotonic time in seconds."""
        self._seen.append(_Look(now, build.progress.accepted, done_of(build.progress), spent_of(build.progress)))
        while len(self._seen) > 2 and now - self._seen[1].seconds >= WINDOW_SECONDS:
            self._seen.popleft()

    def pace(self, now: float, target: int) -> Pace:
        """The pace at `now` and what it means for `target` samples."""
        if not self._seen:
            return Pace()
        first, last = self._seen[0], self._seen[-1]
        if (span := now - first.seconds) < _MIN_SPAN_SECONDS:
            return Pace()
        burn = (last.spent - first.spent).scaled(60 / span)
        if (accepted := last.accepted - first.accepted) <= 0:
            return Pace(burn_per_minute=burn)
        rate = accepted / span
        left = max(0, target - last.accepted) / rate
        if accepted < _MIN_ACCEPTED or last.done <= first.done:
            return Pace(rate * 60, left, burn)
        ahead = max(0.0, target - last.done) / (last.done - first.done)
        return Pace(rate * 60, left, burn, last.spent + (last.spent - first.spent).scaled(ahead))


def usage_of(progress: build_pb2.Progress) -> sample_pb2.Usage:
    """What the build paid for: to the call where that is told, else as far as its samples tell."""
    return max(progress.spending.spent, progress.usage, key=lambda usage: usage.calls)


def spent_of(progress: build_pb2.Progress) -> Spend:
    """What is spent for good: answered calls, and those that broke off without telling what they consumed."""
    return _spend(usage_of(progress)) + _spend(progress.spending.unaccounted)


def reserved_of(progress: build_pb2.Progress) -> Spend:
    """What calls under way may consume at most."""
    return _spend(progress.spending.reserved)


def done_of(progress: build_pb2.Progress) -> float:
    """How many samples the work that was paid for amounts to, half-done ones in part.

    Proposing, checking and solving count a third each. Of what was proposed, as large a share will be accepted as was
    of what is settled. Without this a build that has many samples under way would seem dearer than it is.
    """
    settled = progress.accepted + progress.rejected + progress.unknown
    share = progress.accepted / settled if settled else 1.0
    proposed = max(progress.proposed * share, progress.accepted)
    return (proposed + max(progress.validated, progress.accepted) + progress.accepted) / 3


def worked_seconds(build: build_pb2.Build, now: float) -> float:
    """For how long a build has worked at `now`, in seconds since 1970; time in which it was paused is not counted."""
    if not build.HasField("create_time"):
        return 0.0
    end = _last_moment(build, now)
    return max(0.0, end - build.create_time.ToNanoseconds() / 1e9 - build.paused.ToNanoseconds() / 1e9)


def _last_moment(build: build_pb2.Build, now: float) -> float:
    for name in ("end_time", "pause_time"):
        if build.HasField(name):
            return float(getattr(build, name).ToNanoseconds()) / 1e9
    return now


def _spend(usage: sample_pb2.Usage) -> Spend:
    return Spend(usage.cost_nanousd, usage.input_tokens + usage.output_tokens, usage.calls)
