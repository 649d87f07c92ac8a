"""What is learned of a sample."""

from pathlib import Path

import pytest

from chimera.sample.v1 import sample_pb2
from chimera_trainer.domain.conversation import is_held_out, row

ROOT = Path(__file__).parents[3]


def sample(reasoning=""):
    return sample_pb2.Sample(
        ref={"sample_id": "s1"},
        problem={"statement": "What is $2+2$?", "reference": {"type": sample_pb2.ANSWER_TYPE_NUMBER, "value": "4"}},
        solution={"text": r"It is \boxed{4}.", "reasoning": reasoning},
    )


def test_reasoning_stands_before_the_solution():
    (answer,) = row(sample("2 and 2"))["completion"]
    assert answer == {"role": "assistant", "content": "<think>\n2 and 2\n</think>\n\nIt is \\boxed{4}."}


def test_a_solution_without_reasoning_is_learned_as_it_is():
    found = row(sample())
    assert found["completion"][0]["content"] == r"It is \boxed{4}."
    assert found["prompt"][1] == {"role": "user", "content": "What is $2+2$?"}
    assert found["reference"] == {"type": "ANSWER_TYPE_NUMBER", "value": "4"}


def test_what_is_learned_is_asked_as_evaluations_ask_it():
    asked = ROOT / "services/evaluator/chimera_evaluator/prompts/answer.md"
    assert (ROOT / "services/trainer/chimera_trainer/prompts/question.md").read_text() == asked.read_text()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_samples_are_held_out_by_their_id(share):
    ids = [f"s{n}" for n in range(4_000)]
    held = {each for each in ids if is_held_out(each, 7, share)}
    assert abs(len(held) / len(ids) - share) < 0.03
    assert held == {each for each in reversed(ids) if is_held_out(each, 7, share)}
    assert share == 0 or held != {each for each in ids if is_held_out(each, 8, share)}
