import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.build.v1 import build_pb2
from chimera_taxonomy.domain.quotas import (
    ENDPOINT_FAILURES,
    FAILING,
    FAILING_PER_SUBJECT,
    MIN_SETTLED,
    Quota,
    allotted,
    missed,
)

TARGETS = st.lists(st.integers(0, 60), min_size=1, max_size=6)


def quotas(*targets: int) -> list[Quota]:
    return [Quota(f"s{i}", target) for i, target in enumerate(targets)]


@given(TARGETS, st.integers(-5, 400))
def test_never_more_than_asked_for_and_never_beyond_a_target(targets, count):
    found = allotted(quotas(*targets), count)

    assert sum(share for _, share in found) == min(max(count, 0), sum(targets))
    assert all(0 < share <= quota.remaining for quota, share in found)


@given(TARGETS, st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_all_subjects_end_together(targets, steps):
    """At every step, how far the subjects are differs by no more than one slot."""
    opened = dict.fromkeys(range(len(targets)), 0)
    for step in steps:
        now = [Quota(f"s{i}", target, opened=opened[i]) for i, target in enumerate(targets)]
        for quota, share in allotted(now, step):
            opened[int(quota.subject[1:])] += share
        left = [((target - opened[i]) / target, 1 / target) for i, target in enumerate(targets) if target]
        assert all(mine <= other + slot + 1e-9 for mine, _ in left for other, slot in left)


def test_proportional():
    assert [(q.subject, share) for q, share in allotted(quotas(10, 30, 60), 10)] == [("s0", 1), ("s1", 3), ("s2", 6)]


def test_a_thousand_subjects_do_not_hold_up_the_loop():
    started = time.process_time()
    allotted(quotas(*[100] * 1000), 4096)

    assert time.process_time() - started < 0.25


def test_nothing_is_missed_while_nothing_is_known():
    assert missed([], 0.02) is None
    assert missed(quotas(0), 0.02) is None
    assert missed(quotas(10, 10), 0.02) is None


def test_below_the_floor():
    low = Quota("Logic", 100, accepted=0, settled=MIN_SETTLED, last_detail="the panel disagrees")
    miss = missed([Quota("Physics", 100, accepted=40, settled=80), low], 0.02)

    assert miss is not None
    assert (miss.subject, miss.reason) == ("Logic", build_pb2.STOP_REASON_ACCEPTANCE_BELOW_FLOOR)
    assert "0 of 50" in miss.detail
    assert "2.0%" in miss.detail
    assert "the panel disagrees" in miss.detail


@pytest.mark.parametrize(
    ("accepted", "settled", "floor"), [(0, 49, 0.02), (1, 50, 0.02), (0, 500, 0.0), (30, 100, 0.3)]
)
def test_not_below_the_floor(accepted, settled, floor):
    assert missed([Quota("Logic", 1000, accepted=accepted, settled=settled)], floor) is None


def test_failing_endpoints_are_told_with_their_cause():
    failing = Quota("Logic", 100, settled=4, endpoint_failures=3, last_detail="x", endpoint_detail="solver: 401")
    other = Quota("Physics", 100, settled=4, endpoint_failures=2, endpoint_detail="solver: 401")

    miss = missed([failing, other], 0.02)

    assert miss is not None
    assert (miss.subject, miss.reason, miss.detail) == ("", build_pb2.STOP_REASON_ENDPOINTS_FAILING, "solver: 401")


@pytest.mark.parametrize(("accepted", "settled"), [(1, ENDPOINT_FAILURES + 1), (0, 2 * ENDPOINT_FAILURES)])
def test_failing_endpoints_are_no_cause_once_a_sample_was_accepted_or_more_was_lost_otherwise(accepted, settled):
    quota = Quota("Logic", 100, accepted=accepted, settled=settled, endpoint_failures=ENDPOINT_FAILURES)
    assert missed([quota], 0.02) is None


def test_an_endpoint_that_goes_in_mid_build_ends_it():
    going = Quota("Logic", 1000, accepted=500, settled=620, endpoint_failures=99, endpoint_detail="solver: 401")
    assert missed([replace(going, failing=FAILING + FAILING_PER_SUBJECT - 1)], 0.0) is None

    miss = missed([replace(going, failing=FAILING + FAILING_PER_SUBJECT)], 0.0)

    assert miss is not None
    assert (miss.reason, miss.detail) == (build_pb2.STOP_REASON_ENDPOINTS_FAILING, "solver: 401")


def test_in_a_small_build_as_many_failures_as_samples_are_enough():
    assert missed([Quota("Logic", 2, settled=1, endpoint_failures=1, last_detail="x")], 0.02) is None
    assert missed([Quota("Logic", 2, settled=2, endpoint_failures=2, last_detail="x")], 0.02) is not None
