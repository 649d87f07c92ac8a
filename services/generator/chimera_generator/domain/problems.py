"""The form in which a model proposes a problem, and the problem it becomes."""

from typing import Literal

from pydantic import BaseModel, Field

from chimera.sample.v1 import sample_pb2

MAX_STATEMENT_CHARS = 20_000
MAX_ANSWER_CHARS = 2_000

ANGLES = (
    "a direct computation in several steps",
    "an inverse problem: the outcome is given, a cause or parameter is asked for",
    "a limiting or boundary case",
    "a counting or combinatorial argument",
    "an optimisation under a constraint",
    "a comparison of two competing quantities or readings",
    "an invariant, a symmetry or a conservation law",
    "a chain of inferences from given evidence",
    "an unusual but fully specified instance",
    "a hidden simplification that a careful reader finds",
    "a case in which the usual first guess is wrong",
    "a combination of two results of the field",
)
"""Told to the proposer in turn, so that models that ignore seeds do not write the same problem twice."""


class AnswerForm(BaseModel):
    """A typed answer as a model writes it."""

    type: Literal[
        "number", "expression", "polynomial", "equation", "set", "interval", "tuple", "matrix", "choice", "date",
        "chemical_formula", "text",
    ]  # fmt: skip
    value: str = Field(min_length=1, max_length=MAX_ANSWER_CHARS)
    unit: str = Field("", max_length=100)
    tolerance: float = Field(0.0, ge=0, lt=1)
    choices: list[str] = Field(default=[], max_length=26)

    def to_proto(self) -> sample_pb2.Answer:
        """The answer as events carry it."""
        return sample_pb2.Answer(
            type=f"ANSWER_TYPE_{self.type.upper()}",
            value=self.value,
            unit=self.unit,
            tolerance=self.tolerance,
            choices=self.choices,
        )


class ProblemForm(BaseModel):
    """A problem as a model writes it."""

    problem: str = Field(min_length=1, max_length=MAX_STATEMENT_CHARS)
    answer: AnswerForm


def angle(seed: int) -> str:
    """The angle that a seed chooses."""
    return ANGLES[seed % len(ANGLES)]
