"""Tells an endpoint that refuses whatever is new from one that refuses some."""

_LONG, _LONG_AMONG_YOUNGER = 5, 3
"""Refusals in a row; and as many of what was started since the first, and half of all that was."""
_PAUSE_SECONDS = (1.0, 60.0)
"""Between two callers that try all the same, by the endpoint's wish."""


class Streak:
    """Refusals in a row among what was started since the first of them.

    Old calls are still answered for as long as they take, so answers to them say nothing of new ones. While the streak
    is long, callers that have another endpoint go there, but for one now and then that tries whether it is over.
    Refusals come at once and answers late: of many calls under way some are refused in a row wherever a few of a
    hundred are, so most of the new ones must be.
    """

    def __init__(self) -> None:
        self.long = False
        """Whether so many were refused that whatever is new will be."""
        self._length = self._of_younger = 0
        self._first_younger = 0
        self._until = 0.0

    def refused(self, now: float, number: int, next_number: int, wish: float | None) -> bool:
        """Note a refusal of the call of this number; True if that made the streak long."""
        if not self._length:
            self._first_younger, self._of_younger = next_number, 0
        self._length += 1
        self._of_younger += number >= self._first_younger
        shortest, longest = _PAUSE_SECONDS
        self._until = max(self._until, now + min(max(wish or 0.0, shortest), longest))
        was_long, younger = self.long, next_number - self._first_younger
        enough = self._length >= _LONG and self._of_younger >= _LONG_AMONG_YOUNGER
        self.long = was_long or (enough and 2 * self._of_younger >= younger)
        return self.long and not was_long

    def answered(self, number: int) -> None:
        """Note an answer to the call of this number."""
        if number >= self._first_younger:
            self._length, self.long = 0, False

    def started(self, now: float) -> None:
        """Note that somebody tries."""
        if self.long:
            self._until = max(self._until, now + _PAUSE_SECONDS[0])

    def lets_try(self, now: float) -> bool:
        """Whether a caller that has another endpoint should ask this one all the same."""
        return not self.long or now >= self._until
