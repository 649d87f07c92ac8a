"""From a pilot's slots to the whole build, by a bootstrap over slots, stratified by subject.

The slots of the pilot are part of the build and known. What remains of a subject, `m` slots after `n`, is `m` times the
subject's consumption per accepted sample, which is a ratio of sums: rejected attempts count in what an accepted sample
costs. A replicate draws slots of each subject with replacement and forms the ratio anew. To draw k of them, with
1/k = 1/(n-1) + 1/m, gives the spread of a sum still to be drawn, not only of the mean: the usual n draws are too narrow
by a factor of n/(n-1), which matters for n = 2 or 3, and forget that the rest varies too. Where k is not whole, the
deviation from the mean is scaled by the root of what was rounded. The quantiles of all
replicates are stretched by Student's t over the normal quantile, for the spread itself is known from few slots. A
subject with fewer than two slots takes those of all subjects. Topics are asked for once, and the pilot has done it.

If nothing was rejected, resampling cannot tell how often it happens, so the upper end assumes as many rejected attempts
as are still plausible, each as dear as an accepted one.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import NormalDist

from chimera_client.estimate.measures import ACCEPTED, ATTEMPTS, Measures, Slot, add, total

LEVEL = 0.9
_LEAST_SLOTS = 2
_REPLICATES = 2_000
_SEED = 1
"""The same pilot gives the same interval."""


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with its interval at LEVEL."""

    about: float
    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether nothing is left to estimate."""
        return self.low == self.about == self.high


class Stratum:
    """A subject of which `left` more are to be filled, as the slots of `population` were."""

    def __init__(self, population: Sequence[Slot], left: int, freedom: int) -> None:
        self.left = left
        self._population = population
        self.mean = _per_accepted(total(population))
        exact = freedom * left / (freedom + left)
        self._draws = max(1, round(exact))
        self._spread = math.sqrt(self._draws / exact)

    def drawn(self, random: Random) -> Measures:
        """What an accepted sample may consume on average."""
        sums = total(random.choices(self._population, k=self._draws))
        if not sums[ACCEPTED]:
            return self.mean
        found = _per_accepted(sums)
        return {name: mean + self._spread * (found.get(name, 0.0) - mean) for name, mean in self.mean.items()}


class Forecast:
    """The whole build, as a pilot tells it: `known` is the pilot's part, `about` all of it, `left` the samples to come.

    `once` is what is consumed once, whatever the size.
    """

    def __init__(self, slots: Sequence[Slot], wanted: Mapping[str, int], once: Measures) -> None:
        by_subject: dict[str, list[Slot]] = defaultdict(list)
        for slot in slots:
            by_subject[slot.subject].append(slot)
        self._pool = list(slots)
        self.known = total(slots)
        add(self.known, once)
        self._strata = []
        freedom = 0
        for subject, count in wanted.items():
            own = by_subject[subject]
            accepted = int(total(own).get(ACCEPTED, 0))
            if (left := count - accepted) > 0:
                enough = len(own) >= _LEAST_SLOTS and accepted > 0
                self._strata.append(Stratum(own if enough else self._pool, left, len(own) - 1 if enough else 1))
                freedom += len(own) - 1 if enough else 0
        self._stretch = _stretch(freedom)
        self.left = sum(stratum.left for stratum in self._strata)
        self.about = self._whole(lambda stratum: stratum.mean)
        random = Random(_SEED)  # noqa: S311  not for secrets
        times = _REPLICATES if self.left else 0
        self._replicates = [self._whole(lambda stratum: stratum.drawn(random)) for _ in range(times)]

    @property
    def without_loss(self) -> bool:
        """Whether every attempt of the pilot was accepted."""
        known = total(self._pool)
        return known[ATTEMPTS] == known[ACCEPTED]

    @property
    def worst_loss(self) -> float:
        """How many attempts an accepted sample may take although none was lost: one over Wilson's lower bound."""
        return 1 + _quantile() ** 2 / total(self._pool)[ATTEMPTS]

    def range_of(self, value: Callable[[Measures], float]) -> Range:
        """A function of the build's sums that grows with them, with its interval."""
        about = value(self.about)
        if not self._replicates:
            return Range(about, about, about)
        found = sorted(value(replicate) for replicate in self._replicates)
        low, high = (found[round(share * (len(found) - 1))] for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
        low, high = about - (about - low) * self._stretch, about + (high - about) * self._stretch
        if self.without_loss:
            high = max(high, value(self._worst()))
        return Range(about, min(max(low, value(self.known)), about), max(high, about))

    def _worst(self) -> Measures:
        factor = self.worst_loss
        known = self.known
        return {name: known.get(name, 0.0) + factor * (v - known.get(name, 0.0)) for name, v in self.about.items()}

    def _whole(self, per_accepted: Callable[[Stratum], Measures]) -> Measures:
        """The build's sums if each subject goes on like that."""
        found = dict(self.known)
        for stratum in self._strata:
            add(found, {name: value * stratum.left for name, value in per_accepted(stratum).items()})
        return found


def _per_accepted(sums: Measures) -> Measures:
    return {name: value / sums[ACCEPTED] for name, value in sums.items()}


def _quantile() -> float:
    return NormalDist().inv_cdf((1 + LEVEL) / 2)


def _stretch(freedom: int) -> float:
    """Student's quantile over the normal one, by the expansion of Cornish and Fisher; exact to 2 % from 2 on."""
    z, n = _quantile(), max(1, freedom)
    terms = (
        (z**3 + z) / (4 * n),
        (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2),
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3),
    )
    return (z + math.fsum(terms)) / z
