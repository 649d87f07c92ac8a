"""Which groups are folded, kept as few ranges."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chimera_gateway.domain.groups import SLOTS_PER_GROUP, gaps, group_of, holds, joined, size_of

NUMBERS = st.lists(st.integers(0, 40), max_size=30)


@given(st.lists(NUMBERS, max_size=6))
def test_ranges_hold_what_was_joined_in_any_order_and_nothing_else(batches):
    ranges, numbers = [], set()
    for batch in batches:
        ranges = joined(ranges, batch)
        numbers |= set(batch)

    assert {n for n in range(50) if holds(ranges, n)} == numbers
    assert all(end < following for (_, end), (following, _) in pairwise(ranges))


def test_a_long_past_is_one_range():
    ranges = []
    for group in range(2000):
        ranges = joined(ranges, [group])

    assert ranges == [[0, 2000]]


@given(NUMBERS, st.integers(1, 45 * SLOTS_PER_GROUP))
def test_gaps_are_the_slots_of_all_other_groups(numbers, target):
    ranges = joined([], [n for n in numbers if n * SLOTS_PER_GROUP < target])

    found = [slot for first, end in gaps(ranges, target) for slot in range(first, end)]

    assert found == [slot for slot in range(target) if not holds(ranges, group_of(slot))]


@given(st.integers(1, 1000))
def test_the_groups_of_a_subject_have_all_its_slots(target):
    groups = {group_of(slot) for slot in range(target)}

    assert sum(size_of(group, target) for group in groups) == target
    assert all(0 < size_of(group, target) <= SLOTS_PER_GROUP for group in groups)
