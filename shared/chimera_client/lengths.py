"""Distributions of sizes, counted while they stream in memory that does not grow."""

from collections import Counter
from dataclasses import dataclass, field

KEPT_DIGITS = 3
"""Sizes are counted to this many significant digits: at most 900 counts for each power of ten."""

STEPS = (1, 2, 5)
"""Widths of bins that readers can reckon with, times a power of ten."""


@dataclass(frozen=True, slots=True)
class Bin:
    """How many sizes are at least `low` and below `high`; None has no upper end."""

    low: int
    high: int | None
    count: int


@dataclass(slots=True)
class Lengths:
    """A distribution of sizes: smallest, mean and largest are exact, quantiles are good to three digits."""

    count: int = 0
    total: int = 0
    smallest: int = 0
    largest: int = 0
    _buckets: Counter[int] = field(default_factory=Counter)

    def add(self, value: int) -> None:
        """Count one size."""
        self.smallest = min(self.smallest, value) if self.count else value
        self.largest = max(self.largest, value)
        self.count += 1
        self.total += value
        self._buckets[round(value, KEPT_DIGITS - len(str(value)))] += 1

    @property
    def mean(self) -> float:
        """The mean, 0 if there are none."""
        return self.total / self.count if self.count else 0.0

    def quantile(self, share: float) -> int:
        """The size that `share` of all sizes do not exceed."""
        passed = 0
        for value in sorted(self._buckets):
            passed += self._buckets[value]
            if passed >= share * self.count:
                return min(max(value, self.smallest), self.largest)
        return 0

    def histogram(self, bins: int) -> list[Bin]:
        """At most about `bins` bins of one width that hold all but the largest 1 %; the last holds what is above."""
        if not self.count:
            return []
        usual = self.quantile(0.99)
        width = _width((usual - self.smallest) / bins)
        first, last = self.smallest // width, usual // width
        counts: Counter[int] = Counter()
        for value, count in self._buckets.items():
            counts[min(max(value // width, first), last + 1)] += count
        found = [Bin(n * width, (n + 1) * width, counts[n]) for n in range(first, last + 1)]
        if counts[last + 1]:
            found.append(Bin((last + 1) * width, None, counts[last + 1]))
        return found


def _width(least: float) -> int:
    power = 1
    while True:
        for step in STEPS:
            if step * power >= least:
                return step * power
        power *= 10
