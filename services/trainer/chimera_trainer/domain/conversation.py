"""Samples as what is learned: a question as evaluations ask it, and the answer with its reasoning."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict

from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.prompts import Prompt

QUESTION = Prompt.load("chimera_trainer", "question")
Row = Mapping[str, Any]
_SHARES = 1 << identity.SEED_BITS


def row(sample: sample_pb2.Sample) -> Row:
    """A line of a job's data: `prompt` and `completion` as messages, and what a grader needs."""
    return {
        "id": sample.ref.sample_id,
        "prompt": QUESTION.render(problem=sample.problem.statement),
        "completion": [{"role": "assistant", "content": answer(sample.solution)}],
        "statement": sample.problem.statement,
        "reference": MessageToDict(sample.problem.reference, preserving_proto_field_name=True),
    }


def answer(solution: sample_pb2.Solution) -> str:
    """The reasoning between `<think>` tags and then the text, as reasoning models' chat templates have it."""
    if not solution.reasoning:
        return solution.text
    return f"<think>\n{solution.reasoning}\n</think>\n\n{solution.text}"


def is_held_out(sample_id: str, seed: int, share: float) -> bool:
    """Whether a sample is measured and not learned: it follows from its id and the seed, whatever else is there."""
    return identity.seed("held out", seed, sample_id) < share * _SHARES
