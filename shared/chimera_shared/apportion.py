"""Whole samples in proportion to weights."""

from collections.abc import Sequence


def targets(samples: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to the weights that sum to `samples` exactly (largest remainders, Hamilton)."""
    total = sum(weights)
    exact = [samples * weight / total for weight in weights]
    whole = [int(value) for value in exact]
    by_remainder = sorted(range(len(weights)), key=lambda i: (whole[i] - exact[i], i))
    for i in by_remainder[: samples - sum(whole)]:
        whole[i] += 1
    return whole
