"""Tells an endpoint that refuses whatever is new from one that refuses some."""

_LONG = 5
_PAUSE_SECONDS = (1.0, 60.0)
"""Between two callers that try all the same, by the endpoint's wish."""


class Streak:
    """Refusals in a row among what was started since the first of them.

    Old calls are still answered for as long as they take, so answers to them say nothing of new ones. While the streak
    is long, callers that have another endpoint go there, but for one now and then that tries whether it is over.
    """

    def __init__(self) -> None:
        self._length = 0
        self._first_younger = 0
        self._until = 0.0

    def refused(self, now: float, next_number: int, wish: float | None) -> bool:
        """Note a refusal; True if that made the streak long."""
        if not self._length:
            self._first_younger = next_number
        self._length += 1
        shortest, longest = _PAUSE_SECONDS
        self._until = max(self._until, now + min(max(wish or 0.0, shortest), longest))
        return self._length == _LONG

    def answered(self, number: int) -> None:
        """Note an answer to the call of this number."""
        if number >= self._first_younger:
            self._length = 0

    def started(self, now: float) -> None:
        """Note that somebody tries."""
        if self.long:
            self._until = max(self._until, now + _PAUSE_SECONDS[0])

    @property
    def long(self) -> bool:
        """Whether so many were refused that whatever is new will be."""
        return self._length >= _LONG

    def lets_try(self, now: float) -> bool:
        """Whether a caller that has another endpoint should ask this one all the same."""
        return not self.long or now >= self._until
