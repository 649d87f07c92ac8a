"""Topics get their turns by weight."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chimera_taxonomy.domain.turns import Turns

WEIGHTS = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12)


def test_without_weights_items_come_in_turn():
    for weights in ((), (2.5, 2.5, 2.5)):
        turns = Turns("abc", weights)
        assert "".join(turns.at(n) for n in range(7)) == "abcabca"


def test_three_to_one():
    turns = Turns(["sums", "products"], [3, 1])
    assert [turns.at(n) for n in range(8)].count("products") == 2


@given(WEIGHTS, st.integers(1, 300))
def test_after_any_number_of_turns_each_has_its_share_give_or_take_less_than_two(weights, number):
    turns = Turns(range(len(weights)), weights)
    had = Counter(turns.at(n) for n in range(number))
    for i, weight in enumerate(weights):
        assert abs(had[i] - number * weight / sum(weights)) < 2


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.integers(0, 10**12))
def test_whole_shares_are_exact(weights, before):
    turns = Turns(range(len(weights)), [float(weight) for weight in weights])
    round_ = sum(weights)
    had = Counter(turns.at(n) for n in range(before * round_, (before + 1) * round_))
    assert [had[i] for i in range(len(weights))] == weights


def test_decimals_are_as_they_are_written():
    turns = Turns("abc", [0.1, 0.2, 0.7])
    assert Counter(turns.at(n) for n in range(10_000_000, 10_000_010)) == {"a": 1, "b": 2, "c": 7}


def test_a_late_turn_of_many_items_is_found_at_once():
    weights = [1.0 + n % 7 for n in range(999)] + [1e-300]
    turns = Turns(range(1000), weights)
    found = {turns.at(10**9 + n) for n in range(1000)}
    assert len(found) > 600
    assert 999 not in found
