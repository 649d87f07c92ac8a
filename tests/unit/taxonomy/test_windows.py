"""How many slots are open at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera_taxonomy.domain.quotas import Quota
from chimera_taxonomy.domain.windows import MAX_WINDOW, MIN_SHARE, MIN_WINDOW, affordable, window

CAPACITY = {"a": 100, "b": 40}


def build(name: str, weight: float = 0.0, *endpoints: str) -> build_pb2.Build:
    roles = {"solver": {"endpoints": endpoints or ("a",)}, "panel": [{"endpoints": endpoints or ("a",)}]}
    return build_pb2.Build(build_id=name, spec=build_pb2.BuildSpec(weight=weight, roles=roles))


def windows(*builds: build_pb2.Build) -> list[int]:
    return [window(each, builds, CAPACITY.__getitem__) for each in builds]


@pytest.mark.parametrize(("capacity", "opened"), [(0, MIN_WINDOW), (1, MIN_WINDOW), (100, 200), (10**6, MAX_WINDOW)])
def test_alone_it_is_twice_what_the_endpoints_take(capacity, opened):
    assert window(build("x"), [], lambda _: capacity) == opened
    assert window(build("x", 7), [build("x", 7)], lambda _: capacity) == opened


def test_by_weight():
    assert windows(build("x", 3), build("y")) == [150, 50]
    assert windows(build("x", 3), build("y", 1), build("z", 4)) == [75, 25, 100]


def test_endpoints_that_nobody_else_wants_are_not_shared():
    assert windows(build("x", 1, "a"), build("y", 1, "b")) == [200, 80]
    assert windows(build("x", 1, "a", "b"), build("y", 1, "b")) == [240, 40]


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20))
def test_all_shares_together_are_one_window_but_for_the_least(weights):
    found = windows(*(build(f"b{i}", weight) for i, weight in enumerate(weights)))

    assert all(opened >= MIN_SHARE for opened in found)
    assert sum(found) <= 200 + len(weights) * MIN_SHARE
    assert sum(found) >= 200


# Budgets


def test_no_more_is_opened_than_the_budget_can_fill():
    quotas = [Quota("a", 100, accepted=6, settled=9, calls=60, tokens=600), Quota("b", 100, accepted=4, calls=40)]
    assert affordable(build_pb2.Budget(calls=300), quotas) == 20
    assert affordable(build_pb2.Budget(calls=300, tokens=900), quotas) == 5
    assert affordable(build_pb2.Budget(cost_nanousd=1), quotas) == MAX_WINDOW, "what costs nothing fits any budget"
    assert affordable(build_pb2.Budget(), quotas) == MAX_WINDOW


def test_what_a_slot_costs_is_found_out_by_few():
    assert affordable(build_pb2.Budget(calls=10_000), [Quota("a", 100, calls=30)]) == MIN_WINDOW


def test_a_slot_is_open_to_the_end_so_that_a_spent_budget_is_noticed():
    assert affordable(build_pb2.Budget(calls=100), [Quota("a", 100, accepted=10, calls=104)]) == 1
