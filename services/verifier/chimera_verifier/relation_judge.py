"""The judge of two problems where no rule tells well how they relate."""

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

RELATION = Prompt.load("chimera_verifier", "relation")
_RELATIONS = {
    "same": sample_pb2.RELATION_DUPLICATE,
    "variant": sample_pb2.RELATION_VARIANT,
    "different": sample_pb2.RELATION_DIFFERENT,
    "undecided": sample_pb2.RELATION_UNSPECIFIED,
}


class RelationForm(BaseModel):
    """What the judge answers; the reason comes first, so that the relation follows from it."""

    reason: str = Field(max_length=10_000)
    relation: Literal["same", "variant", "different", "undecided"]


class RelationJudge:
    """Asks a build's judge."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def relation(
        self, ref: sample_pb2.SampleRef, judge: build_pb2.RoleSpec, statement: str, other: str
    ) -> tuple["sample_pb2.Relation", Sequence[sample_pb2.ModelCall]]:
        """How two statements relate, RELATION_UNSPECIFIED if the judge cannot tell, and what was asked for it.

        SampleFailure if the endpoint is out of reach for good.
        """
        messages = RELATION.render_quoted(problem=statement, other=other)
        seed = identity.seed(ref.seed, "relation", other)
        try:
            answer = await self._models.ask_structured(
                Question(ref.build_id, "judge", judge, messages, RELATION.sha256, seed), "relation", RelationForm
            )
        except SampleFailure as failure:
            if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
                raise
            return sample_pb2.RELATION_UNSPECIFIED, failure.calls
        return _RELATIONS[answer.value.relation], answer.calls
