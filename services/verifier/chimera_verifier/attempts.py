"""Blind attempts at a problem: from the bare statement, graded, each of them a vote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.errors import SampleFailure
from chimera_shared.prompts import Prompt
from chimera_shared.together import all_or_failure
from chimera_verifier.referee import Referee

BLIND = Prompt.load("chimera_verifier", "panel")


@dataclass(frozen=True, slots=True)
class Task:
    """A problem, what is right, and who compares; `scope` is the build that pays."""

    scope: str
    seed: int
    statement: str
    reference: sample_pb2.Answer
    judges: Sequence[build_pb2.RoleSpec]


@dataclass(frozen=True, slots=True)
class Solver:
    """Who makes an attempt: `number` of those that are called `name`."""

    name: str
    number: int
    spec: build_pb2.RoleSpec


class Attempts:
    """Has problems solved blind."""

    def __init__(self, models: Models, referee: Referee) -> None:
        self._models = models
        self._referee = referee

    async def all(self, task: Task, solvers: Iterable[Solver]) -> list[sample_pb2.Vote]:
        """One vote a solver, all asked at the same time.

        SampleFailure if an endpoint is out of reach for good, with the calls of all solvers.
        """
        asked = [self._one(task, solver) for solver in solvers]
        return await all_or_failure(asked, lambda vote: [*vote.calls, *vote.grade.calls])

    async def _one(self, task: Task, solver: Solver) -> sample_pb2.Vote:
        seed = identity.seed(task.seed, solver.name, solver.number)
        question = Question(
            build_id=task.scope,
            role=f"{solver.name}[{solver.number}]",
            spec=solver.spec,
            messages=BLIND.render(problem=task.statement),
            prompt_sha256=BLIND.sha256,
            seed=seed,
        )
        vote = sample_pb2.Vote(member=solver.number, weight=solver.spec.weight)
        try:
            reply = await self._models.ask(question)
        except SampleFailure as failure:
            return _abstaining(vote, failure)
        try:
            grade = await self._referee.grade(
                task.scope, seed, task.statement, task.reference, reply.content, task.judges
            )
        except SampleFailure as failure:
            raise SampleFailure(failure.reason, failure.detail, [*reply.calls, *failure.calls]) from None
        vote.grade.CopyFrom(grade)
        vote.calls.extend(reply.calls)
        return vote


def _abstaining(vote: sample_pb2.Vote, failure: SampleFailure) -> sample_pb2.Vote:
    """Whose answer was cut off or empty abstains; whose endpoint failed was never asked."""
    if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
        raise failure
    vote.grade.CopyFrom(
        sample_pb2.Grade(verdict=sample_pb2.VERDICT_UNKNOWN, method="extraction", reason=failure.detail)
    )
    vote.calls.extend(failure.calls)
    return vote
