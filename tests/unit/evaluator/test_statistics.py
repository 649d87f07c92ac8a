"""Estimates are unbiased, and intervals hold what they promise."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera_evaluator.domain.statistics import mean_with_interval, paired_difference, pass_at_k


@given(st.integers(1, 9), st.data())
def test_pass_at_k_is_the_share_of_all_choices_of_k_answers_that_hold_a_right_one(answers, data):
    correct = data.draw(st.integers(0, answers))
    k = data.draw(st.integers(1, answers))
    right = range(correct)
    held = sum(any(i in right for i in chosen) for chosen in combinations(range(answers), k))
    assert pass_at_k(answers, correct, k) == pytest.approx(held / comb(answers, k))


@pytest.mark.parametrize("k", [0, 5])
def test_more_answers_than_there_are_cannot_be_chosen(k):
    with pytest.raises(ValueError, match="from 1 to the number of answers, 4"):
        pass_at_k(4, 2, k)


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(5)
    held = 0
    for trial in range(200):
        values = rng.binomial(4, 0.7, size=60) / 4
        interval = mean_with_interval(values, 0.9, seed=trial)
        held += interval.low <= 0.7 <= interval.high
    assert 0.83 <= held / 200 <= 0.96


def test_few_problems_all_solved_do_not_prove_that_all_are():
    interval = mean_with_interval(np.ones(10), 0.95, seed=0)
    assert interval.value == 1.0
    assert interval.low == pytest.approx(0.722, abs=0.002)  # Wilson, 10 of 10
    assert interval.high == 1.0
    assert mean_with_interval(np.zeros(10), 0.95, seed=0).high == pytest.approx(0.278, abs=0.002)


def test_a_value_that_all_problems_share_is_not_certain():
    interval = mean_with_interval(np.full(2, 0.875), 0.95, seed=0)
    assert interval.low < 0.4
    assert interval.high > 0.98
    alone = mean_with_interval(np.array([0.5]), 0.95, seed=0)
    assert alone.high - alone.low > 0.85


def test_the_same_seed_gives_the_same_interval():
    values = np.array([0.0, 1.0, 0.5, 1.0])
    assert mean_with_interval(values, 0.95, 3) == mean_with_interval(values, 0.95, 3)


def test_the_exact_sign_flip_test_by_hand():
    # Four problems, all better by 1: of 16 sign patterns two are as extreme.
    difference, p_value = paired_difference(np.ones(4), np.zeros(4), 0.95, seed=0)
    assert difference.value == 1.0
    assert p_value == pytest.approx(2 / 16)


def test_no_difference_is_no_difference():
    values = np.array([1.0, 0.0, 1.0])
    assert paired_difference(values, values, 0.95, 0) == ((0.0, 0.0, 0.0), 1.0)


def test_under_no_effect_small_p_values_are_as_rare_as_they_say():
    rng = np.random.default_rng(11)
    small = 0
    for trial in range(200):
        own, other = (rng.binomial(2, 0.5, size=40) / 2 for _ in range(2))
        small += paired_difference(own, other, 0.95, seed=trial)[1] <= 0.1
    assert small / 200 <= 0.16


def test_a_large_effect_on_many_problems_is_found():
    rng = np.random.default_rng(2)
    own, other = rng.binomial(1, 0.9, 200).astype(float), rng.binomial(1, 0.6, 200).astype(float)
    difference, p_value = paired_difference(own, other, 0.95, seed=1)
    assert p_value < 0.001
    assert 0 < difference.low < difference.value < difference.high
