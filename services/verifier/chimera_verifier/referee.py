"""Grades a response: by rule where a rule decides, by a judge model where none does and one is named."""

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, Field

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.prompts import Prompt
from chimera_verifier.grader import Grader, needs_judge

JUDGE = Prompt.load("chimera_verifier", "judge")
_MAX_REASON_CHARS = 500
_VERDICTS = {
    "equivalent": sample_pb2.VERDICT_CORRECT,
    "different": sample_pb2.VERDICT_INCORRECT,
    "undecided": sample_pb2.VERDICT_UNKNOWN,
}


class JudgementForm(BaseModel):
    """What a judge answers."""

    verdict: Literal["equivalent", "different", "undecided"]
    reason: str = Field(max_length=10_000)


class Referee:
    """The one grader of the platform."""

    def __init__(self, grader: Grader, models: Models) -> None:
        self._grader = grader
        self._models = models

    async def grade(
        self,
        scope: str,
        seed: int,
        statement: str,
        reference: sample_pb2.Answer,
        response: str,
        judges: Sequence[build_pb2.RoleSpec],
    ) -> sample_pb2.Grade:
        """Compare a response's final answer with the reference; `scope` is the build that pays for a judge."""
        grade = await self._grader.grade(reference, response)
        if not needs_judge(grade) or not judges:
            return grade
        question = Question(
            build_id=scope,
            role="judge",
            spec=judges[0],
            messages=JUDGE.render(question=statement, reference=_in_words(reference), candidate=grade.extracted),
            prompt_sha256=JUDGE.sha256,
            seed=identity.seed(seed, "judge"),
        )
        try:
            answer = await self._models.ask_structured(question, "judgement", JudgementForm)
        except SampleFailure as failure:
            if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
                raise
            return sample_pb2.Grade(
                verdict=sample_pb2.VERDICT_UNKNOWN,
                method="judge",
                extracted=grade.extracted,
                reason=failure.detail,
                calls=failure.calls,
            )
        return sample_pb2.Grade(
            verdict=_VERDICTS[answer.value.verdict],
            method="judge",
            extracted=grade.extracted,
            reason=answer.value.reason[:_MAX_REASON_CHARS],
            calls=answer.calls,
        )


class _Judged(Protocol):
    """What names judges."""

    @property
    def judge(self) -> build_pb2.RoleSpec: ...
    @property
    def second_judge(self) -> build_pb2.RoleSpec: ...


def judges_of(roles: _Judged) -> Sequence[build_pb2.RoleSpec]:
    """The judges that are named, in the order in which they are asked: none, one or two."""
    return [judge for judge in (roles.judge, roles.second_judge) if judge.endpoints]


def _in_words(answer: sample_pb2.Answer) -> str:
    return f"{answer.value} {answer.unit}".strip()
