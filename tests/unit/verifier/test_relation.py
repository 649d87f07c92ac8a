"""How two statements relate."""

import pytest

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.likeness.relation import relate
from chimera_verifier.embedder import SentenceEmbedder

SAME, VARIANT, OTHER = sample_pb2.RELATION_DUPLICATE, sample_pb2.RELATION_VARIANT, sample_pb2.RELATION_DIFFERENT
DIVISORS = "Find the sum of all positive divisors of 360."


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    return SentenceEmbedder()


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        ("**Find** the sum of all positive divisors of $360$", SAME),
        ("Determine the total of every positive divisor of the number 360.", SAME),
        ("Berechnen Sie die Summe aller positiven Teiler von 360.", SAME),
        ("Find the sum of all positive divisors of 420.", VARIANT),
        ("Find the number of positive divisors of 360.", OTHER),
        ("A train leaves at noon with 360 people. When does it arrive?", OTHER),
    ],
)
def test_relations_in_either_order(embedder: SentenceEmbedder, other: str, relation: int) -> None:
    found = relate(DIVISORS, other, embedder)
    assert found.relation == relation
    assert relate(other, DIVISORS, embedder) == found
    assert 0 <= found.score <= 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("In which year was the Treaty of Tordesillas signed?", "Who signed the Treaty of Tordesillas?"),
        ("Who signed the Treaty of Tordesillas?", "Wo wurde der Vertrag von Tordesillas unterzeichnet?"),
        (
            "Two numbers add to 20 and multiply to 91. What is the larger?",
            "Two numbers sum to 20, their product being 91. Give the smaller one.",
        ),
    ],
)
def test_the_same_facts_asked_for_something_else_are_another_problem(
    embedder: SentenceEmbedder, one: str, other: str
) -> None:
    assert relate(one, other, embedder).relation == OTHER


def test_typography_is_no_difference(embedder: SentenceEmbedder) -> None:
    found = relate(r"Compute $\dfrac{1}{x_{1}}+\sqrt{2}$.", "Compute 1/x₁ + √2", embedder)
    assert (found.relation, found.method, found.score) == (SAME, "exact", 1.0)


def test_hostile_statements_cost_no_time(embedder: SentenceEmbedder) -> None:
    for text in ("{" * 100_000, "$" * 50_000, r"\frac{" * 20_000, "9" * 100_000, "\ud800" * 3_000, "_a" * 50_000, ""):
        relate(text, DIVISORS, embedder)
