"""The screeners: models that look at a problem, without its answer, before the dear checks."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.prompts import Prompt
from chimera_shared.together import all_or_failure

SCREEN = Prompt.load("chimera_verifier", "screen")
_MAX_REASON_CHARS = 500
_VERDICTS = {
    "yes": sample_pb2.VERDICT_CORRECT,
    "no": sample_pb2.VERDICT_INCORRECT,
    "unsure": sample_pb2.VERDICT_UNKNOWN,
}
_KINDS = (
    sample_pb2.SCREEN_KIND_SUBJECT,
    sample_pb2.SCREEN_KIND_SELF_CONTAINED,
    sample_pb2.SCREEN_KIND_SINGLE_ANSWER,
)


class Look(BaseModel):
    """What a screener says to one question; the reason comes first, so that the verdict follows from it."""

    reason: str = Field(max_length=10_000)
    verdict: Literal["yes", "no", "unsure"]


class ScreeningForm(BaseModel):
    """What a screener answers."""

    subject: Look
    self_contained: Look
    single_answer: Look


class Screen:
    """Has problems looked at by every screener at the same time."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def look(
        self, ref: sample_pb2.SampleRef, statement: str, screeners: Sequence[build_pb2.RoleSpec]
    ) -> list[sample_pb2.Screening]:
        """Three votes a screener. SampleFailure if an endpoint is out of reach for good, with the calls of all."""
        messages = SCREEN.render_quoted(subject=ref.subject, field=ref.field, topic=ref.topic, problem=statement)

        async def one(screener: int) -> list[sample_pb2.Screening]:
            seed = identity.seed(ref.seed, "screener", screener)
            role = f"screener[{screener}]"
            question = Question(ref.build_id, role, screeners[screener], messages, SCREEN.sha256, seed)
            try:
                answer = await self._models.ask_structured(question, "screening", ScreeningForm)
            except SampleFailure as failure:
                if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
                    raise
                nothing = (sample_pb2.VERDICT_UNKNOWN, failure.detail)
                return _votes(screener, [nothing] * len(_KINDS), failure.calls)
            form = answer.value
            looks = (form.subject, form.self_contained, form.single_answer)
            return _votes(screener, [(_VERDICTS[look.verdict], look.reason) for look in looks], answer.calls)

        asked = [one(screener) for screener in range(len(screeners))]
        votes = await all_or_failure(asked, lambda said: [call for vote in said for call in vote.calls])
        return [vote for said in votes for vote in said]


def _votes(
    screener: int, said: Sequence[tuple["sample_pb2.Verdict", str]], calls: Sequence[sample_pb2.ModelCall]
) -> list[sample_pb2.Screening]:
    votes = [
        sample_pb2.Screening(screener=screener, kind=kind, verdict=verdict, reason=reason[:_MAX_REASON_CHARS])
        for kind, (verdict, reason) in zip(_KINDS, said, strict=True)
    ]
    votes[0].calls.extend(calls)
    return votes
