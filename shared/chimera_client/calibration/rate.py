"""A share that was counted, with its interval."""

import math
from dataclasses import dataclass
from statistics import NormalDist

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `of`, with Wilson's score interval at LEVEL (Wilson 1927; Newcombe 1998, method 3).

    It is no wider than it must be where `of` is small, and says something where nothing or everything was hit.
    """

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share; None if nothing was counted."""
        return self.hits / self.of if self.of else None

    @property
    def low(self) -> float:
        """The lower end; 0 if nothing was counted."""
        return 0.0 if self.hits == 0 else self._middle() - self._half_width()

    @property
    def high(self) -> float:
        """The upper end; 1 if nothing was counted."""
        return 1.0 if self.hits == self.of else self._middle() + self._half_width()

    def plain(self) -> dict[str, float | int | None]:
        """The rate for JSON."""
        return {"hits": self.hits, "of": self.of, "value": self.value, "low": self.low, "high": self.high}

    def _middle(self) -> float:
        square = _quantile() ** 2
        return (self.hits + square / 2) / (self.of + square)

    def _half_width(self) -> float:
        z = _quantile()
        spread = self.hits * (self.of - self.hits) / self.of + z**2 / 4
        return z * math.sqrt(spread) / (self.of + z**2)


def _quantile() -> float:
    return NormalDist().inv_cdf((1 + LEVEL) / 2)
