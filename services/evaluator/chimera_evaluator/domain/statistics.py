"""Estimates over the problems of a benchmark. Problems are what is drawn at random; answers to one problem are not."""

from math import comb, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 2_000
_FLIPS = 10_000
_EXACT_PROBLEMS = 12
"""Up to so many problems all signs are tried: 4,096 of them."""
_AT_ONCE = 4_000_000
"""Numbers drawn at a time: 32 MB."""

Values = NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate with its interval."""

    value: float
    low: float
    high: float


def pass_at_k(answers: int, correct: int, k: int) -> float:
    """The unbiased estimate of the chance that one of k answers is right, from `correct` of `answers` right ones.

    Chen et al. 2021, "Evaluating Large Language Models Trained on Code". ValueError unless 1 <= k <= answers.
    """
    if not 1 <= k <= answers:
        raise ValueError(f"k must be from 1 to the number of answers, {answers}, not {k}")
    return 1.0 - comb(answers - correct, k) / comb(answers, k)


def mean_with_interval(values: Values, confidence: float, seed: int) -> Interval:
    """The mean of one value a problem, with its percentile bootstrap interval over problems.

    Where all problems have the same value, as one problem has, resampling shows no spread: there it is Wilson's
    interval, which is as wide as if each problem were either solved or not.
    """
    mean = float(values.mean())
    if values.min() == values.max():
        return Interval(mean, *_wilson(mean, len(values), confidence))
    low, high = _percentiles(_resampled_means(values, seed), confidence)
    return Interval(mean, min(low, mean), max(high, mean))


def paired_difference(values: Values, baseline: Values, confidence: float, seed: int) -> tuple[Interval, float]:
    """How much the mean of `values` is above that of `baseline` on the same problems, and the p-value of no difference.

    The interval is the percentile bootstrap's over problems; the p-value, of two sides, is a permutation test's that
    flips the sign of each problem's difference: all signs of few problems, else 10,000 drawn ones.
    """
    differences = values - baseline
    mean = float(differences.mean())
    if not differences.any():
        return Interval(0.0, 0.0, 0.0), 1.0
    low, high = _percentiles(_resampled_means(differences, seed), confidence)
    return Interval(mean, min(low, mean), max(high, mean)), _sign_flip_p(differences, seed)


def _sign_flip_p(differences: Values, seed: int) -> float:
    at_least = abs(differences.sum()) - 1e-9
    moved = differences[differences != 0.0]
    if len(moved) <= _EXACT_PROBLEMS:
        bits = np.arange(1 << len(moved))[:, None] >> np.arange(len(moved)) & 1
        sums = np.abs((1.0 - 2.0 * bits) @ moved)
        return float((sums >= at_least).mean())
    rng = np.random.default_rng(seed)
    extreme, left = 0, _FLIPS
    while left:
        rows = min(left, max(1, _AT_ONCE // len(moved)))
        signs = 1.0 - 2.0 * rng.integers(0, 2, (rows, len(moved)))
        extreme += int((np.abs(signs @ moved) >= at_least).sum())
        left -= rows
    return (extreme + 1) / (_FLIPS + 1)


def _resampled_means(values: Values, seed: int) -> Values:
    rng = np.random.default_rng(seed)
    means, left = [], _RESAMPLES
    while left:
        rows = min(left, max(1, _AT_ONCE // len(values)))
        means.append(values[rng.integers(0, len(values), (rows, len(values)))].mean(axis=1))
        left -= rows
    return np.concatenate(means)


def _percentiles(means: Values, confidence: float) -> tuple[float, float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _wilson(share: float, number: int, confidence: float) -> tuple[float, float]:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    return max(0.0, centre - half), min(1.0, centre + half)
