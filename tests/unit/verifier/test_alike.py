"""How well duplicates, variants and neighbours are told apart, on problems that no threshold was chosen on."""

import pytest

from alike import DIFFERENT, groups, measure
from chimera_verifier.embedder import SentenceEmbedder


@pytest.fixture(scope="module")
def held():
    return measure("held", SentenceEmbedder())


def test_there_are_enough_pairs_in_enough_languages():
    every = groups("dev") + groups("held")
    assert sum(len(group[kind]) for group in every for kind in ("same", "variant", "other")) >= 400
    languages = {how for group in every for how in group["same"] if len(how) == 2}
    assert len(languages) >= 10


def test_what_is_refused_as_a_duplicate_is_one(held):
    assert held.precision >= 0.9


def test_duplicates_are_found(held):
    assert held.recall >= 0.85


def test_variants_are_told_from_duplicates(held):
    assert held.told_apart >= 0.95


def test_problems_that_have_nothing_to_do_with_each_other_are_different(held):
    assert held.unrelated[DIFFERENT] / held.unrelated.total() >= 0.999
