import re

from hypothesis import given
from hypothesis import strategies as st

from chimera_shared import identity

TEXT = st.text(max_size=12)


def test_ids_are_the_same_in_every_process():
    assert identity.build_id("order-1") == "b42bc678ac164742"
    assert identity.sample_id("b1", "Physics", 3, 1) == "70f1031e12e76f7cb38a275f153d9ecb"
    assert identity.seed(7, "Physics", 3, 1) == 84851580


@given(TEXT, TEXT, st.integers(0, 10**9), st.integers(0, 10**4))
def test_a_sample_id_is_a_w3c_trace_id(build, subject, slot, attempt):
    found = identity.sample_id(build, subject, slot, attempt)

    assert re.fullmatch("[0-9a-f]{32}", found)
    assert int(found, 16)


@given(st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=5))
def test_lists_of_parts_collide_only_if_they_are_equal(left, right):
    assert (identity.digest(*left) == identity.digest(*right)) == (left == right)


def test_concatenation_does_not_collide():
    assert identity.sample_id("b", "A1", 2, 3) != identity.sample_id("b", "A", 12, 3)
    assert identity.digest("a\x1f1:b") != identity.digest("a", "b")
    assert identity.digest("1:a\x1f1:b") != identity.digest("a", "b")


def test_slots_and_attempts_have_ids_of_their_own():
    found = {identity.sample_id("b", s, i, a) for s in ("A", "B") for i in range(30) for a in range(10)}

    assert len(found) == 600


@given(st.lists(st.one_of(TEXT, st.integers()), max_size=5))
def test_seeds_fit_a_signed_32_bit_integer(parts):
    assert 0 <= identity.seed(*parts) < 2**31


def test_a_dataset_is_named_after_its_build():
    build = identity.build_id("order-1")

    assert identity.dataset_id(build) == "d" + build.removeprefix("b")
