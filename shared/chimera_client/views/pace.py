"""How fast a build goes and how long it will take."""

from collections import deque
from dataclasses import dataclass

from chimera.build.v1 import build_pb2

WINDOW_SECONDS = 60.0
"""Long enough to be steady where samples take seconds, short enough to follow a change of pace."""
_MIN_SPAN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_minute` and `left_seconds` are None until they can be told."""

    elapsed_seconds: float
    per_minute: float | None = None
    left_seconds: float | None = None


class PaceMeter:
    """Measures the pace of acceptance over the last minute of what it is told."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._started: float | None = None

    def observe(self, now: float, accepted: int) -> None:
        """Take in a count; `now` is a monotonic time in seconds."""
        self._started = now if self._started is None else self._started
        self._seen.append((now, accepted))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW_SECONDS:
            self._seen.popleft()

    def pace(self, now: float, target: int) -> Pace:
        """The pace at `now` and what it means for `target` samples."""
        if self._started is None or not self._seen:
            return Pace(0.0)
        (first, before), (_, accepted) = self._seen[0], self._seen[-1]
        elapsed, span = now - self._started, now - first
        if span < _MIN_SPAN_SECONDS or accepted <= before:
            return Pace(elapsed)
        rate = (accepted - before) / span
        return Pace(elapsed, rate * 60, max(0, target - accepted) / rate)


def pace_of(build: build_pb2.Build) -> Pace:
    """What a single look at a build tells: how long it took, if it has ended."""
    if build.HasField("create_time") and build.HasField("end_time"):
        return Pace(float(build.end_time.seconds - build.create_time.seconds))
    return Pace(0.0)
