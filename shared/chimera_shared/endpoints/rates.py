"""What an endpoint takes in a minute: requests or tokens, exact over every window of 60 seconds."""

from collections import deque

_WINDOW_SECONDS = 60.25
"""A minute, and a little for requests that reach the server less far apart than they started."""
_BURST_SECONDS = 3.0
"""What may start at once after a pause, in seconds of the rate; servers count in short windows, too."""


class Charge:
    """What one start took."""

    __slots__ = ("amount", "at")

    def __init__(self, at: float, amount: int) -> None:
        self.at = at
        self.amount = amount


class MinuteRate:
    """At most `limit` units in any 60 seconds, spread over them by a token bucket with a burst of three seconds.

    The bucket paces and may run into debt, so that a start larger than the burst is possible; the sum over the last
    minute is what makes it exact. A start larger than the limit goes alone and counts as the whole of it.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._per_second = limit / _WINDOW_SECONDS
        self._burst = max(1.0, _BURST_SECONDS * self._per_second)
        self._level = self._burst
        self._filled_at: float | None = None
        self._charges: deque[Charge] = deque()
        self._charged = 0

    def ready_at(self, amount: int, now: float) -> float:
        """When to ask again at the earliest; `now` or before means that it may start."""
        self._pass_time(now)
        wanted = min(amount, self.limit)
        ready = now
        if self._level < (need := min(wanted, 1.0)):
            ready = now + (need - self._level) / self._per_second
        if self._charges and self._charged + wanted > self.limit:
            ready = max(ready, self._charges[0].at + _WINDOW_SECONDS)
        return ready

    def charge(self, amount: int, now: float) -> Charge:
        """Count a start; ask `ready_at` before."""
        self._pass_time(now)
        charge = Charge(now, min(amount, self.limit))
        self._add(charge)
        return charge

    def settle(self, charge: Charge, amount: int, now: float) -> None:
        """Correct an estimate: what was not used is given back where it was charged, what was used beyond is owed."""
        self._pass_time(now)
        more = amount - charge.amount
        if more > 0:
            self._add(Charge(now, more))
        elif more < 0:
            self._level = min(self._burst, self._level - more)
            if now - charge.at < _WINDOW_SECONDS:
                self._charged += more
                charge.amount = amount

    def _add(self, charge: Charge) -> None:
        self._level -= charge.amount
        self._charged += charge.amount
        self._charges.append(charge)

    def _pass_time(self, now: float) -> None:
        if self._filled_at is not None:
            self._level = min(self._burst, self._level + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        while self._charges and now - self._charges[0].at >= _WINDOW_SECONDS:
            self._charged -= self._charges.popleft().amount
