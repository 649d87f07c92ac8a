"""Perturbed problems ask the same, in other words, and their answers follow."""

from random import Random

import pytest

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_evaluator.domain.perturbation import perturbed

RENAMED, REORDERED, DISTRACTED, RENUMBERED = (
    evaluation_pb2.PERTURBATION_RENAMED,
    evaluation_pb2.PERTURBATION_REORDERED,
    evaluation_pb2.PERTURBATION_DISTRACTED,
    evaluation_pb2.PERTURBATION_RENUMBERED,
)
CHOICES = ["ten", "twenty", "thirty", "forty"]
QUIZ = "How many?\n" + "\n".join(f"{letter}) {text}" for letter, text in zip("ABCD", CHOICES, strict=True))


def item(statement, answer="", kind=sample_pb2.ANSWER_TYPE_NUMBER, choices=()):
    return corpus_pb2.CorpusItem(
        item_id="i", statement=statement, answer=sample_pb2.Answer(value=answer, type=kind, choices=choices)
    )


def test_people_get_other_names_everywhere():
    before = item("Tom has 3 apples, Alice has 4. How many more than Tom's has Alice?", "1")
    after = perturbed(before, RENAMED, Random(1))
    assert "Tom" not in after.statement
    assert "Alice" not in after.statement
    assert "has 3 apples" in after.statement
    assert before.statement.startswith("Tom")
    first = after.statement.split()[0]
    assert f"{first}'s" in after.statement


def test_an_answer_that_is_a_name_is_renamed_too():
    after = perturbed(item("Tom beats Alice. Who wins?", "Tom", sample_pb2.ANSWER_TYPE_TEXT), RENAMED, Random(1))
    assert after.statement.startswith(after.answer.value)


@pytest.mark.parametrize("statement", ["What is 2 + 2?", "When was Thomas Edison born?", "Marking is hard; why?"])
def test_what_names_nobody_or_somebody_in_particular_cannot_be_renamed(statement):
    assert perturbed(item(statement, "4"), RENAMED, Random(1)) is None


@pytest.mark.parametrize("seed", range(10))
def test_choices_change_places_and_the_right_letter_with_them(seed):
    before = item(QUIZ, "C", sample_pb2.ANSWER_TYPE_CHOICE, CHOICES)
    after = perturbed(before, REORDERED, Random(seed))
    assert after.statement != before.statement
    place = "ABCD".index(after.answer.value)
    assert after.answer.choices[place] == "thirty"
    assert after.statement.splitlines()[1 + place] == f"{after.answer.value}) thirty"
    assert sorted(after.answer.choices) == sorted(CHOICES)


@pytest.mark.parametrize(
    ("statement", "answer", "kind"),
    [
        ("What is 2 + 2?", "4", sample_pb2.ANSWER_TYPE_NUMBER),
        (QUIZ, "E", sample_pb2.ANSWER_TYPE_CHOICE),
        (QUIZ.replace("forty", "all of the above"), "D", sample_pb2.ANSWER_TYPE_CHOICE),
        ("Pick.\nA) one\nC) two", "A", sample_pb2.ANSWER_TYPE_CHOICE),
    ],
)
def test_what_has_no_choices_that_may_change_places_stays_out(statement, answer, kind):
    assert perturbed(item(statement, answer, kind), REORDERED, Random(0)) is None


def test_a_distraction_is_added_and_nothing_is_taken():
    before = item("What is 2 + 2?", "4")
    after = perturbed(before, DISTRACTED, Random(0))
    assert after.statement.endswith(before.statement)
    assert len(after.statement) > len(before.statement)
    assert after.answer == before.answer


def test_other_numbers_come_with_the_answer_that_they_give():
    before = item("What is 2 + 2?", "4")
    assert perturbed(before, RENUMBERED, Random(0)) is None
    before.template.statement, before.template.answer_expression = "What is {a} + {b}?", "a + b"
    before.template.parameters.add(name="a", low=1, high=9)
    before.template.parameters.add(name="b", low=1, high=9)
    after = perturbed(before, RENUMBERED, Random(0))
    _, _, a, _, b = after.statement.rstrip("?").split()
    assert (a, b) != ("2", "2")
    assert after.answer.value == str(int(a) + int(b))
    assert after == perturbed(before, RENUMBERED, Random(0))
    assert not after.HasField("template")
    assert not perturbed(before, DISTRACTED, Random(0)).HasField("template")
