"""How many requests at a time an endpoint takes, learned from what it refuses.

A refusal says "too many" only if fewer would not have been refused: a server that refuses every twentieth request at
random is not helped by fewer. So the limit falls when the share of refusals is too large for chance, and what the
smaller limit then meets decides: if the share fell, load was the cause; if not, the limit is given back.
"""

from collections import deque
from dataclasses import dataclass
from math import ceil, sqrt

from chimera_shared.endpoints.engine import EngineLoad

START = 64
"""The first limit; from there it grows by one an answer, so it doubles in the time of one answer."""
_RANDOM_SHARE = 0.15
"""Up to so many refusals are taken for chance until the endpoint is known better."""
_SURPRISE = 2.6
"""Standard deviations above a share that chance is given: 5 % at random never reached it in two million calls."""
_FEWEST = 5
_OVERLOAD_SHARE = 0.5
"""Nobody refuses most requests at random."""
_TOTAL_SHARE = 0.9
_PLACES_BEYOND = 0.9
_PARTS_BEYOND = 0.03
"""Places, or that part of the limit if it is more, that may be refused all the time where load is what refuses.

A number and not only a share: else of two processes the one with fewer places would always be the one to give way.
"""
_SHRINK = 0.92
"""Of what was in flight when the endpoint refused more: two processes come to equal parts by giving way in parts."""
_ROUND = 50
"""Outcomes of a round at least; a round is the limit if that is more."""
_REST_PARTS = 4
_REST_PARTS_UNDER_LOAD = 2
"""A refused place rests for this part of a round, or the server would get a request each time it refuses one."""
_REST_SECONDS = (0.05, 15.0)
_FORGET = 0.9
_BUFFER = 2
_BUFFER_SHARE = 0.05
"""Requests that may wait in the engine's queue, so that it never idles between two polls."""
_FULL_CACHE = 0.95


@dataclass(slots=True)
class _Trial:
    """A limit on trial since it was cut: what it was, and the share of refusals that it met."""

    limit: int
    share: float


class Concurrency:
    """The limit of one endpoint, between 1 and `cap`. Knows no time but the `now` that it is told.

    A call remembers the `epoch` in which it started: what was started under an older limit says nothing of this one.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.limit = min(cap, START)
        self.epoch = 0
        self.usual_seconds = 0.0
        self.reason = ""
        self._started = self._answers = self._refusals = 0
        self._answered_ever = 0
        self._credit = 0
        self._usual_share = 0.0
        self._load_refuses = False
        self._ceiling: int | None = None
        self._trial: _Trial | None = None
        self._resting: deque[tuple[int, float]] = deque()
        self._queued_polls = 0
        self._allowance: int | None = None

    def room(self, now: float) -> int:
        """Places that may be taken: the limit without those that rest after a refusal."""
        while self._resting and (self._resting[0][0] <= self._answered_ever or self._resting[0][1] <= now):
            self._resting.popleft()
        return self.limit - len(self._resting)

    def rested_at(self) -> float:
        """When the next place has rested enough at the latest."""
        return self._resting[0][1] if self._resting else float("inf")

    @property
    def trusted(self) -> int:
        """The limit, or what it was before a cut that is still on trial."""
        return self._trial.limit if self._trial else self.limit

    def started(self) -> int:
        """A call starts; the epoch that it shall remember."""
        self._started += 1
        return self.epoch

    def withdrawn(self, epoch: int) -> None:
        """A call ended without an outcome."""
        if epoch == self.epoch:
            self._started -= 1

    def answered(self, epoch: int, in_flight: int, seconds: float) -> None:
        """An answer, after so long; `in_flight` counts it."""
        self.usual_seconds += (seconds - self.usual_seconds) * (0.05 if self._answered_ever else 1.0)
        self._answered_ever += 1
        if epoch == self.epoch:
            self._answers += 1
            self._weigh()
        if in_flight >= self.limit - len(self._resting):
            self._grow()

    def refused(self, epoch: int, in_flight: int, now: float) -> None:
        """A refusal, or a time-out; `in_flight` counts it."""
        used = in_flight + len(self._resting)
        self._rest(now)
        if epoch != self.epoch:
            return
        self._refusals += 1
        if self._too_many():
            self._cut(used, in_flight - 1)
        else:
            self._weigh()

    def restart(self, former: int) -> None:
        """After an outage: half of what was used before at once, and then the quick growth of a start."""
        self._become(max(1, former // 2))
        self._resting.clear()
        self._ceiling = self._trial = None

    def engine(self, load: EngineLoad | None, in_flight: int) -> None:
        """What the engine says of its queue; None if it says nothing any more."""
        if load is None:
            self._queued_polls, self._allowance = 0, None
            return
        buffer = _BUFFER + int(load.running * _BUFFER_SHARE)
        self._queued_polls = self._queued_polls + 1 if load.waiting > buffer else 0
        if load.waiting > 0 or load.cache > _FULL_CACHE:
            self._allowance = 0
            self.reason = f"the engine has {load.waiting:g} requests waiting and {load.cache:.0%} of its cache in use"
        else:
            # Growth is seen in the queue only at the next poll.
            self._allowance = max(1, self.limit // 8)
        if self._queued_polls >= 2 and in_flight:
            # What waits was sent by everybody; ours is our part of it.
            ours = min(1.0, in_flight / max(1.0, load.running + load.waiting))
            self._become(max(1, self.limit // 2, min(self.limit, in_flight) - ceil((load.waiting - buffer) * ours)))
            self._queued_polls, self._trial = 0, None

    def _round(self) -> int:
        return max(_ROUND, self.limit)

    def _rest(self, now: float) -> None:
        parts = _REST_PARTS_UNDER_LOAD if self._load_refuses else _REST_PARTS
        shortest, longest = _REST_SECONDS
        seconds = 0.25  # until it is known how long an answer takes
        if self._answered_ever:
            seconds = min(max(self.usual_seconds * max(1 / parts, 1 / (self.limit + 1)), shortest), longest)
        self._resting.append((self._answered_ever + max(1, self.limit // parts), now + seconds))

    @property
    def _share(self) -> float:
        # Refusals are quick and answers slow: what is still at work was not refused.
        return self._refusals / max(1, self._started)

    def _too_many(self) -> bool:
        if self._refusals < _FEWEST:
            return False
        usual = self._usual_share
        if self._load_refuses:
            places = max(_PLACES_BEYOND, _PARTS_BEYOND * self.limit)
            rounds = max(1.0, self._answers / self.limit)
            return self._refusals - usual * self._started > places * _REST_PARTS_UNDER_LOAD * rounds
        share = min(0.9, max(_RANDOM_SHARE, 1.25 * usual + 0.10))
        chance = _SURPRISE * sqrt(share * (1 - share) * self._started)
        return self._refusals > share * self._started + chance + 1

    def _cut(self, used: int, beside: int) -> None:
        """`used` places met refusals while `beside` were at work: those are what the endpoint takes."""
        share = self._share
        trial = self._trial or _Trial(self.limit, share)
        if self._trial and self._in_vain(share):
            self._give_back(share)
            return
        before, used = self.limit, min(used, self.limit)
        wanted = used // 2 if share > _TOTAL_SHARE else min(used - 1, ceil(beside * _SHRINK))
        self._become(max(1, used // 2, wanted))
        self._trial, self._ceiling = trial, max(1, beside)
        for _ in range(min(len(self._resting), before - self.limit)):
            self._resting.popleft()
        if before > self.limit:
            self.reason = f"limit {self.limit} instead of {before}: {share:.0%} of the requests were refused"

    def _in_vain(self, share: float) -> bool:
        """Whether the cut on trial left the share of refusals as it was."""
        trial = self._trial
        return trial is not None and 0.75 * trial.share <= share < _OVERLOAD_SHARE

    def _weigh(self) -> None:
        """Judge the trial after a round, or forget the older half of what is known."""
        outcomes, share = self._answers + self._refusals, self._share
        if self._trial:
            if outcomes < self._round():
                return
            if self._in_vain(share):
                self._give_back(share)
                return
            self._trial, self._load_refuses = None, True
            self._usual_share = share if share <= _RANDOM_SHARE else min(share, self._usual_share)
            self._started = self._answers = self._refusals = 0
        elif outcomes >= 4 * self._round():
            # Forgetting what was usual brings the next trial, should it be load after all.
            self._usual_share = min(share, self._usual_share * _FORGET)
            self._started, self._answers, self._refusals = self._started // 2, self._answers // 2, self._refusals // 2

    def _give_back(self, share: float) -> None:
        assert self._trial is not None
        self._become(max(self.limit, self._trial.limit))
        self._trial = self._ceiling = None
        self._load_refuses, self._usual_share = False, share
        self.reason = f"{share:.0%} of the requests are refused, however few there are at a time"

    def _grow(self) -> None:
        if self.limit >= self.cap or self._allowance == 0:
            return
        if self._ceiling is not None and self.limit > 1.1 * self._ceiling + 2:
            self._ceiling = None  # it takes more than it did
        self._credit += 1
        if self._ceiling is None or self._credit >= self._step():
            self._credit = 0
            self.limit += 1
            if self._allowance:
                self._allowance -= 1

    def _step(self) -> int:
        """Answers for one place more: a round, and some more where refusals are expected."""
        return self.limit if self._ceiling is None or self.limit < self._ceiling else max(self.limit, _ROUND)

    def _become(self, limit: int) -> None:
        """A new limit, of which nothing is known yet."""
        self.limit = min(limit, self.cap)
        self.epoch += 1
        self._started = self._answers = self._refusals = self._credit = 0
