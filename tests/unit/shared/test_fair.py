from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera_shared.endpoints.fair import FairQueue


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=8))
def test_builds_that_always_wait_are_served_by_their_weights(weights):
    queue, served, turns = FairQueue(), Counter(), 4000
    for number, weight in enumerate(weights):
        queue.push(str(number), weight, (number, 0))

    for turn in range(1, turns):
        number, _ = queue.pop()
        served[number] += 1
        queue.push(str(number), weights[number], (number, turn))

    for number, weight in enumerate(weights):
        share = weight / sum(weights)
        assert abs(served[number] / turns - share) <= 0.05 * share + 2 / turns


@given(st.lists(st.integers(1, 9), min_size=2, max_size=6), st.data())
def test_nobody_starves_and_a_build_is_served_in_its_order(weights, data):
    queue, left = FairQueue(), 0
    for number, weight in enumerate(weights):
        for place in range(data.draw(st.integers(1, 12))):
            queue.push(str(number), weight, (number, place))
            left += 1
    order = [queue.pop() for _ in range(left)]

    for number, weight in enumerate(weights):
        places = [place for build, place in order if build == number]
        assert places == sorted(places)
        # Between two turns of its own, nobody else gets more than its weight allows, and one for the rounding.
        assert order.index((number, 0)) <= sum(1 + other / weight for other in weights)
    assert len(queue) == 0
    assert queue.head() is None


def test_a_build_s_callers_go_by_precedence_and_builds_still_by_turns():
    queue = FairQueue()
    for place in range(3):
        queue.push("mine", 1, ("proposer", place), 0)
        queue.push("yours", 1, ("yours", place), 0)
    queue.push("mine", 1, ("solver", 0), 2)
    queue.push("mine", 1, ("panel", 0), 1)
    queue.push("mine", 1, ("solver", 1), 2)
    assert queue.discard("mine", ("solver", 0))

    order = [queue.pop() for _ in range(len(queue))]

    mine = [item for item in order if item[0] != "yours"]
    assert mine == [("solver", 1), ("panel", 0), ("proposer", 0), ("proposer", 1), ("proposer", 2)]
    assert [item[0] == "yours" for item in order[:6]] == [False, True] * 3, "nobody gains a turn by precedence"


def test_a_build_that_joins_late_gets_its_share_from_then_on_and_no_back_pay():
    queue = FairQueue()
    for turn in range(1000):
        queue.push("old", 1, turn)
    for _ in range(500):
        queue.pop()
    for turn in range(1000):
        queue.push("late", 1, -1 - turn)

    next_twenty = [queue.pop() for _ in range(20)]

    assert 9 <= sum(item < 0 for item in next_twenty) <= 11


def test_a_build_gains_nothing_by_leaving_for_a_moment():
    """One that waits with one caller at a time has the same turns as one that waits with many."""
    queue, served = FairQueue(), Counter()
    for turn in range(400):
        queue.push("many", 1, ("many", turn))
    queue.push("single", 1, ("single", -1))
    for turn in range(200):
        name, _ = queue.pop()
        served[name] += 1
        if name == "single":
            queue.push("single", 1, ("single", turn))

    assert abs(served["single"] - served["many"]) <= 2


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["push", "discard", "pop"])), max_size=300))
def test_whatever_happens_the_count_is_right(steps):
    queue, queued = FairQueue(), []
    for turn, (number, step) in enumerate(steps):
        if step == "push":
            queue.push(str(number), number + 1, (number, turn))
            queued.append((number, turn))
        elif step == "discard":
            mine = [item for item in queued if item[0] == number]
            assert queue.discard(str(number), mine[-1] if mine else (number, -1)) is bool(mine)
            if mine:
                queued.remove(mine[-1])
        elif queued:
            queued.remove(queue.pop())
        assert len(queue) == len(queued) == len(list(queue))
        assert (queue.head() in queued) if queued else queue.head() is None


def test_builds_that_have_gone_leave_nothing_behind():
    queue = FairQueue()
    for number in range(10_000):
        queue.push(f"build {number}", 1, number)
        assert queue.discard(f"build {number}", number)

    assert len(queue._flows) == len(queue._heap) < 100
    with pytest.raises(IndexError):
        queue.pop()
