import pytest

from chimera_standalone.likening import Likening


@pytest.fixture(scope="module")
def likening():
    return Likening()


STATEMENT = "How many ways are there to seat 7 guests at a round table if two of them must not sit side by side?"


@pytest.mark.parametrize(
    ("a", "b", "relation", "method"),
    [
        (STATEMENT, STATEMENT.upper(), "duplicate", "exact"),
        (STATEMENT, STATEMENT.replace("7", "9"), "variant", "minhash"),
        (STATEMENT, "Find the derivative of $x^3 \\sin x$ at $x = 0$.", "different", "embedding"),
    ],
)
async def test_a_line_is_answered_by_how_its_statements_relate(likening, a, b, relation, method):
    answer = await likening.answer({"a": a, "b": b, "id": "7"})
    assert list(answer) == ["relation", "method", "score", "ms"]
    assert (answer["relation"], answer["method"]) == (relation, method)
    assert 0 <= answer["score"] <= 1
    assert answer["ms"] > 0


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"a": STATEMENT}, "b is missing or empty"),
        ({"a": " ", "b": STATEMENT}, "a is missing or empty"),
        ({"a": {}, "b": STATEMENT}, "a must be text or a number"),
        ({"a": STATEMENT, "b": "x" * 20_001}, "b must be at most 20,000 characters, not 20,001"),
    ],
)
async def test_a_line_without_two_statements_says_why(likening, document, sentence):
    with pytest.raises(ValueError, match=sentence):
        await likening.answer(document)
