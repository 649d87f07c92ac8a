"""The type of an answer that came without one."""

import pytest

from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.typing import choices_of, infer, infer_type

OPTIONS = "Which organelle makes ATP?\nA) The nucleus\nB) The mitochondrion\nC) The ribosome"


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("42", "NUMBER"), ("-3.5", "NUMBER"), (r"\frac{3}{4}", "NUMBER"), ("1,234", "NUMBER"), ("5 km", "NUMBER"),
        (r"2\sqrt{3}", "NUMBER"), (r"\frac{\pi}{4}", "NUMBER"), ("50%", "NUMBER"), ("9" * 10_000, "NUMBER"),
        ("x^2+1", "EXPRESSION"), (r"\frac{mg\sin\theta}{k}", "EXPRESSION"),
        (r"\{1, 2\}", "SET"), ("1, 2", "SET"), (r"\emptyset", "SET"),
        ("[0, 1)", "INTERVAL"), (r"(-\infty, 3)", "INTERVAL"), (r"(0,1)\cup(2,3)", "INTERVAL"), ("x > 3", "INTERVAL"),
        ("(1, 2)", "TUPLE"), ("(1, 2, 3)", "TUPLE"), ("[[1,2],[3,4]]", "MATRIX"),
        ("B", "CHOICE"), ("(C)", "CHOICE"), ("mitosis", "TEXT"), ("Marie Curie", "TEXT"), ("", "TEXT"),
    ],
)  # fmt: skip
def test_from_the_answer_alone(gold: str, kind: str) -> None:
    assert sample_pb2.AnswerType.Name(infer_type(gold)) == f"ANSWER_TYPE_{kind}"


def test_the_question_tells_what_the_answer_does_not() -> None:
    assert infer_type("(1, 2)", "For which x is the inequality true?") == sample_pb2.ANSWER_TYPE_INTERVAL
    assert infer_type("[1, 2]", "Find the coordinates of the point.") == sample_pb2.ANSWER_TYPE_TUPLE
    assert infer_type("C", "Which constant is added to an antiderivative?") != sample_pb2.ANSWER_TYPE_CHOICE
    assert infer("B", OPTIONS).choices == ["The nucleus", "The mitochondrion", "The ribosome"]


def test_choices_on_one_line() -> None:
    assert choices_of("Pick one. (A) 3 (B) 4 (C) 5") == ["3", "4", "5"]
    assert choices_of("Point A. lies on the line.") == []


def test_a_reference_may_be_a_solution_that_ends_in_its_answer() -> None:
    assert infer("She sells 9 * 2 = 18.\n#### 18").value == "18"
    assert infer("Then $x = 3$, so that the answer is $\\boxed{3}$.").value == "3"
