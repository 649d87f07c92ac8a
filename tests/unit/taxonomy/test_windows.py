"""How many slots are open at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera_taxonomy.domain.windows import MAX_WINDOW, MIN_SHARE, MIN_WINDOW, window

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
