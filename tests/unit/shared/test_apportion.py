import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chimera_shared.apportion import targets

WEIGHTS = st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=40)


@given(st.integers(1, 10_000_000), WEIGHTS)
def test_targets_sum_exactly_and_are_within_one_of_the_share(samples, weights):
    found = targets(samples, weights)

    assert sum(found) == samples
    assert len(found) == len(weights)
    for whole, weight in zip(found, weights, strict=True):
        share = samples * weight / math.fsum(weights)
        assert share - 1 - 1e-6 * share <= whole <= share + 1 + 1e-6 * share


@given(st.integers(1, 10_000), WEIGHTS)
def test_a_greater_weight_never_gets_less(samples, weights):
    found = targets(samples, weights)

    by_weight = sorted(zip(weights, found, strict=True))
    for (lighter, few), (heavier, many) in pairwise(by_weight):
        assert few <= many or lighter == heavier


def test_equal_weights_favour_the_first():
    assert targets(10, [1, 1, 1]) == [4, 3, 3]
    assert targets(1, [1, 1]) == [1, 0]


def test_weights_are_relative():
    assert targets(100, [1, 3]) == targets(100, [0.5, 1.5]) == [25, 75]
