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
from chimera_verifier.domain.decision import judged
from chimera_verifier.domain.shape import MAX_STATEMENT_CHARS
from chimera_verifier.grader import Grader, needs_judge

JUDGE = Prompt.load("chimera_verifier", "judge")
METHOD = "judge"
MAX_CANDIDATE_CHARS = 1_000
"""No true final answer was seen beyond that; what is longer argues with the judge."""
_NAMES = ("judge", "second_judge")
_MAX_REASON_CHARS = 500
_VERDICTS = {
    "equivalent": sample_pb2.VERDICT_CORRECT,
    "different": sample_pb2.VERDICT_INCORRECT,
    "undecided": sample_pb2.VERDICT_UNKNOWN,
}


class JudgementForm(BaseModel):
    """What a judge answers; the reason comes first, so that the verdict follows from it."""

    reason: str = Field(max_length=10_000)
    verdict: Literal["equivalent", "different", "undecided"]


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
        """Compare a response's final answer with the reference; `scope` is the build that pays for judges.

        Judges are asked in turn, each only if the one before decided. SampleFailure if one is out of reach for good.
        """
        grade = await self._grader.grade(reference, response, statement)
        if not needs_judge(grade) or not judges:
            return grade
        if too_long := _too_long(statement, grade.extracted):
            grade.reason = too_long
            return grade
        messages = JUDGE.render_quoted(
            question=statement, reference_answer=_in_words(reference), candidate_answer=grade.extracted
        )
        judgements: list[sample_pb2.Judgement] = []
        for name, judge in zip(_NAMES, judges, strict=False):
            question = Question(scope, name, judge, messages, JUDGE.sha256, identity.seed(seed, name))
            try:
                judgements.append(await self._ask(question))
            except SampleFailure as failure:
                paid = [call for judgement in judgements for call in judgement.calls]
                raise SampleFailure(failure.reason, failure.detail, [*paid, *failure.calls]) from None
            if judgements[-1].verdict == sample_pb2.VERDICT_UNKNOWN:
                break
        verdict, reason = judged(judgements)
        return sample_pb2.Grade(
            verdict=verdict,
            method=METHOD,
            extracted=grade.extracted,
            reason=reason,
            calls=[call for judgement in judgements for call in judgement.calls],
            judgements=judgements,
        )

    async def _ask(self, question: Question) -> sample_pb2.Judgement:
        """What one judge says. One that gave no judgement said nothing; one out of reach was never asked."""
        try:
            answer = await self._models.ask_structured(question, "judgement", JudgementForm)
        except SampleFailure as failure:
            if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
                raise
            return sample_pb2.Judgement(verdict=sample_pb2.VERDICT_UNKNOWN, reason=failure.detail, calls=failure.calls)
        said = answer.value
        return sample_pb2.Judgement(
            verdict=_VERDICTS[said.verdict], reason=said.reason[:_MAX_REASON_CHARS], calls=answer.calls
        )


def _too_long(statement: str, candidate: str) -> str:
    """Why no judge is asked. A text that is cut could mean another thing, so it is judged whole or not at all."""
    if len(candidate) > MAX_CANDIDATE_CHARS:
        return f"The answer has {len(candidate)} characters; a judge is shown {MAX_CANDIDATE_CHARS} at most."
    if len(statement) > MAX_STATEMENT_CHARS:
        return f"The question has {len(statement)} characters; a judge is shown {MAX_STATEMENT_CHARS} at most."
    return ""


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
