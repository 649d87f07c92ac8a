"""The blind panel: members solve the bare statement and never see the reference."""

from collections.abc import Sequence

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.prompts import Prompt
from chimera_shared.together import all_or_failure
from chimera_verifier.referee import Referee

PANEL = Prompt.load("chimera_verifier", "panel")


class Panel:
    """Has problems solved by every member at the same time."""

    def __init__(self, models: Models, referee: Referee) -> None:
        self._models = models
        self._referee = referee

    async def vote(
        self,
        scope: str,
        seed: int,
        statement: str,
        reference: sample_pb2.Answer,
        members: Sequence[build_pb2.RoleSpec],
        judges: Sequence[build_pb2.RoleSpec],
    ) -> list[sample_pb2.Vote]:
        """One vote a member. SampleFailure if an endpoint is out of reach for good, with the calls of all members."""

        async def one(member: int) -> sample_pb2.Vote:
            role = members[member]
            own_seed = identity.seed(seed, "panel", member)
            question = Question(
                build_id=scope,
                role=f"panel[{member}]",
                spec=role,
                messages=PANEL.render(problem=statement),
                prompt_sha256=PANEL.sha256,
                seed=own_seed,
            )
            try:
                reply = await self._models.ask(question)
            except SampleFailure as failure:
                return _no_answer(member, role.weight, failure)
            try:
                grade = await self._referee.grade(scope, own_seed, statement, reference, reply.content, judges)
            except SampleFailure as failure:
                raise SampleFailure(failure.reason, failure.detail, [*reply.calls, *failure.calls]) from None
            return sample_pb2.Vote(member=member, grade=grade, calls=reply.calls, weight=role.weight)

        asked = [one(member) for member in range(len(members))]
        return await all_or_failure(asked, lambda vote: [*vote.calls, *vote.grade.calls])


def _no_answer(member: int, weight: float, failure: SampleFailure) -> sample_pb2.Vote:
    """A member whose answer was cut off or empty abstains; one whose endpoint failed was never asked."""
    if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
        raise failure
    grade = sample_pb2.Grade(verdict=sample_pb2.VERDICT_UNKNOWN, method="extraction", reason=failure.detail)
    return sample_pb2.Vote(member=member, grade=grade, calls=failure.calls, weight=weight)
