"""The blind panel: members solve the bare statement and never see the reference."""

from collections.abc import Sequence

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.endpoints.models import Models
from chimera_verifier.attempts import Attempts, Solver, Task
from chimera_verifier.referee import Referee


class Panel:
    """Has problems solved by every member at the same time."""

    def __init__(self, models: Models, referee: Referee) -> None:
        self._attempts = Attempts(models, referee)

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
        task = Task(scope, seed, statement, reference, judges)
        return await self._attempts.all(task, [Solver("panel", i, member) for i, member in enumerate(members)])
