"""Templates: other numbers, and the answer that they give."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chimera.corpus.v1 import corpus_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.templates import complete, number, renumber, written

PENS = "A box holds {boxed} pens. How many boxes are filled by {pens} pens, and {pens} is shared by {boxed}?"


def item(own="", answer="", kind=sample_pb2.ANSWER_TYPE_NUMBER, **changes):
    template = {
        "statement": "Tom buys {n} books at {price} coins each. What does he pay?",
        "parameters": [{"name": "n", "low": 2, "high": 9}, {"name": "price", "values": [3, 5, 12]}],
        "answer_expression": "n * price",
        **changes,
    }
    return corpus_pb2.CorpusItem(statement=own, answer=sample_pb2.Answer(value=answer, type=kind), template=template)


OWN = "Tom buys 4 books at 7 coins each. What does he pay?"


def refused(found, words):
    with pytest.raises(ValueError, match=words):
        complete(found)


def test_an_item_that_agrees_with_its_template_stays_as_it_is():
    before, after = item(OWN, "28"), item(OWN, "28")
    complete(after)
    assert after == before


def test_an_item_without_statement_and_answer_is_given_both_always_the_same():
    first, second = item(), item()
    complete(first)
    complete(second)
    assert first == second
    assert first.statement.startswith("Tom buys ")
    assert "{" not in first.statement
    complete(first)
    assert first == second


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (item(OWN, "29"), "gives 28 for n = 4, price = 7, and the answer is '29'"),
        (item(OWN, "28 coins"), "gives 28"),
        (item(OWN.replace("Tom", "Tim"), "28"), "is not the statement with numbers left open"),
        (item(OWN.replace("4", "04"), "28"), "is not the statement"),
        (item(OWN, "A", sample_pb2.ANSWER_TYPE_CHOICE), "answer is a number"),
        (item(OWN, "28", conditions=["answer > 30"]), "its own numbers .* do not satisfy"),
        (item("", "", conditions=["n > 9"]), "no numbers were found"),
        (item(OWN, "28", conditions=["n == 4", "price == 7"]), "no other numbers were found"),
        (item(OWN, "28", answer_expression="n * cost"), "'cost' is no parameter; there are n, price"),
        (item(OWN, "28", answer_expression="answer * n"), "'answer' is no parameter"),
        (item(OWN, "28", answer_expression="n price"), "is no arithmetic"),
        (item(OWN, "28", answer_expression="n == 1"), "is no number"),
        (item(OWN, "28", conditions=["n"]), "is no condition"),
        (item(OWN, "28", conditions=["n > 0"] * 21), "at most 20 conditions"),
        (item(OWN, "28", parameters=[]), "1 to 50 parameters"),
        (item(OWN, "28", parameters=[{"name": "n", "high": 9}] * 2), "a parameter twice"),
        (item(OWN, "28", parameters=[{"name": "m", "high": 9}]), r"parameter m has no place \{m\}"),
        (item(OWN, "28", parameters=[{"name": "n", "low": 3, "high": 2}]), "a range that is not empty"),
        (item(OWN, "28", parameters=[{"name": "n", "high": 10**13}]), "must be from -"),
        (item(OWN, "28", parameters=[{"name": "n", "values": range(2000)}]), "1 to 1000 values"),
        (item(OWN, "28", parameters=[{"name": "answer", "high": 9}]), "not 'answer'"),
        (item(OWN, "28", parameters=[{"name": "n.*", "high": 9}]), "letters, digits and _"),
        (item(OWN, "28", statement=""), "1 to 20000 characters, not 0"),
        (item(OWN, "28", statement="{n}{price}" * 3_000), "1 to 20000 characters"),
    ],
)
def test_what_cannot_be_used_says_why(found, words):
    refused(found, words)
    renumber(found, Random(0))  # what came in by another way ends no evaluation


@pytest.mark.parametrize("seed", range(20))
def test_other_numbers_give_their_own_answer(seed):
    found = item(OWN, "28", conditions=["answer % 2 == 0"])
    assert renumber(found, Random(seed))
    _, _, n, _, _, price, *_ = found.statement.split()
    assert int(found.answer.value) == int(n) * int(price)
    assert int(found.answer.value) % 2 == 0
    assert found.statement != OWN
    assert int(price) in (3, 5, 12)
    assert 2 <= int(n) <= 9
    again = item(OWN, "28", conditions=["answer % 2 == 0"])
    assert renumber(again, Random(seed))
    assert again == found
    assert found.answer.type == sample_pb2.ANSWER_TYPE_NUMBER


def test_a_number_in_several_places_is_the_same_in_all():
    found = item(
        "A box holds 6 pens. How many boxes are filled by 48 pens, and 48 is shared by 6?",
        "8",
        statement=PENS,
        parameters=[{"name": "boxed", "low": 2, "high": 12}, {"name": "pens", "low": 20, "high": 90}],
        answer_expression="pens / boxed",
        conditions=["pens % boxed == 0"],
    )
    complete(found)
    assert renumber(found, Random(3))
    boxed, pens = (int(found.statement.split()[at]) for at in (3, 11))
    assert found.statement == PENS.format(boxed=boxed, pens=pens)
    assert found.answer.value == str(pens // boxed)
    refused(item("A box holds 6 pens. How many boxes are filled by 48 pens, and 49 is shared by 6?", "8"), "not the")


def test_braces_of_latex_are_text():
    found = item(
        r"What is $\frac{3}{4} + \mathbf{x}_{1}$?",
        "3/4",
        statement=r"What is $\frac{{a}}{{b}} + \mathbf{x}_{1}$?",
        parameters=[{"name": "a", "low": 1, "high": 9}, {"name": "b", "low": 2, "high": 9}],
        answer_expression="a / b",
    )
    complete(found)
    assert renumber(found, Random(1))
    assert r"+ \mathbf{x}_{1}$?" in found.statement
    assert "{a}" not in found.statement


def test_an_item_without_a_template_has_no_other_numbers():
    assert renumber(corpus_pb2.CorpusItem(statement=OWN), Random(0)) is False


@pytest.mark.parametrize(
    "changes",
    [
        {"answer_expression": "+".join(["n"] * 99), "conditions": ["n < 0"] * 20},
        {"conditions": ["n ** 64 ** 64 == 1"]},
        {"parameters": [{"name": "n", "low": 0, "high": 10**12}, {"name": "price", "low": 0, "high": 10**12}]}
        | {"conditions": ["n * price == 999999999989 * 2"]},
    ],
)
def test_a_search_without_end_ends(changes):
    # Without bounds on steps and on powers this would run on for hours.
    assert renumber(item(OWN, "28", **changes), Random(0)) is False


def test_a_statement_made_to_be_slow_to_compare_is_not():
    # With backtracking over 50 places this would never end.
    places = "".join(f"{{p{i}}}1" for i in range(50))
    found = item(
        "1" * 19_000,
        statement=places,
        parameters=[{"name": f"p{i}", "high": 9} for i in range(50)],
        answer_expression="p0",
    )
    refused(found, "is not the statement")


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        ("7", "", "7"),
        ("-7", "3", "-7"),
        ("7/2", "3", "7/2"),
        ("7/2", "0.5", "3.5"),
        ("-7/2", "0.50", "-3.50"),
        ("1/8", "0.5", "0.125"),
        ("-1/8", "0.5", "-0.125"),
        ("3", "2.50", "3.00"),
        ("1/3", "2.50", "1/3"),
        ("3", "1/3", "3"),
    ],
)
def test_answers_are_written_exactly_and_alike(value, like, text):
    assert written(number(value), like) == text
    assert number(text) == number(value)


@given(st.fractions(), st.sampled_from(["", "1", "1.5", "1.25", "2/3"]))
def test_what_is_written_is_the_same_number(value, like):
    assert number(written(value, like)) == value


@pytest.mark.parametrize(
    ("text", "value"), [("1,200", 1200), ("-1,234,567.50", -1234567.5), ("3 ", 3), ("1,2", None), ("x", None)]
)
def test_numbers_as_they_are_given(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "1/0", "1e5", "--1", "9" * 200, "1.", "½"])
def test_what_is_no_number(text):
    assert number(text) is None
