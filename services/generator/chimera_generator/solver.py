"""Asks the solver for a long solution, from the bare statement."""

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.prompts import Prompt

SOLVE = Prompt.load("chimera_generator", "solve")


class Solver:
    """Solves problems."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def solve(self, event: events_pb2.ProblemValidated, build: build_pb2.Build) -> events_pb2.SolutionSynthesised:
        """A worked solution of a validated problem. SampleFailure if the model gives none."""
        question = Question(
            build_id=event.ref.build_id,
            role="solver",
            spec=build.spec.roles.solver,
            messages=SOLVE.render(problem=event.problem.statement),
            prompt_sha256=SOLVE.sha256,
            seed=identity.seed(event.ref.seed, "solver"),
        )
        reply = await self._models.ask(question)
        solution = sample_pb2.Solution(text=reply.content, reasoning=reply.reasoning, calls=reply.calls)
        return events_pb2.SolutionSynthesised(
            ref=event.ref, problem=event.problem, validation=event.validation, solution=solution
        )


def failed(event: events_pb2.ProblemValidated, failure: sample_pb2.Failure) -> events_pb2.SolutionSynthesised:
    """The event that tells why there is no solution."""
    return events_pb2.SolutionSynthesised(
        ref=event.ref, problem=event.problem, validation=event.validation, failure=failure
    )
