"""Grades a line: `{gold, pred, question?, answer_type?}` by the grader of the verifier."""

import time
from collections.abc import Mapping
from typing import Any

from chimera.sample.v1 import sample_pb2
from chimera_standalone.line_tasks import text
from chimera_verifier.domain.typing import choices_of, infer
from chimera_verifier.grader import Grader
from chimera_verifier.symbolic import SymbolicLimits, SymbolicPool

_PREFIX = "ANSWER_TYPE_"
_NAMES = tuple(name.removeprefix(_PREFIX).lower() for name in sample_pb2.AnswerType.keys()[1:])


class Grading:
    """A grader with one symbolic worker, which starts at the first question that needs it."""

    def __init__(self) -> None:
        self._pool = SymbolicPool(SymbolicLimits(workers=1), lazy=True)
        self._grader = Grader(self._pool)

    async def start(self) -> None:
        """Make ready for lines."""
        await self._pool.start()

    async def close(self) -> None:
        """End the symbolic worker."""
        await self._pool.close()

    async def answer(self, document: Mapping[str, Any]) -> dict[str, object]:
        """The grade; ValueError if the line is none to grade."""
        reference, response = read_reference(document), text(document, "pred")
        if "pred" not in document:
            raise ValueError("pred is missing")
        start = self._clock()
        grade = await self._grader.grade(reference, response, text(document, "question"))
        return {
            "verdict": sample_pb2.Verdict.Name(grade.verdict).removeprefix("VERDICT_").lower(),
            "method": grade.method,
            "extracted": grade.extracted,
            "reason": grade.reason,
            "ms": round(1000 * (self._clock() - start), 3),
        }

    def _clock(self) -> float:
        """Stands still while the symbolic worker is being started."""
        return time.perf_counter() - self._pool.loading_seconds


def read_reference(document: Mapping[str, Any]) -> sample_pb2.Answer:
    """The right answer, its type inferred where the line names none; ValueError if there is none."""
    gold, question = text(document, "gold", required=True), text(document, "question")
    named = text(document, "answer_type").strip()
    if not named:
        return infer(gold, question)
    name = named.upper().removeprefix(_PREFIX)
    if name.lower() not in _NAMES:
        raise ValueError(f"answer_type must be one of {', '.join(_NAMES)}, not {named[:60]!r}")
    choices = choices_of(question) if name == "CHOICE" else []
    return sample_pb2.Answer(type=_PREFIX + name, value=gold, choices=choices)
