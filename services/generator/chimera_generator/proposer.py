"""Asks the proposer for one typed-answer problem about a topic."""

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_generator.domain.problems import ProblemForm, angle
from chimera_shared.endpoints.models import Models
from chimera_shared.endpoints.request import Question
from chimera_shared.prompts import Prompt

PROBLEM = Prompt.load("chimera_generator", "problem")


class Proposer:
    """Proposes problems."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def propose(self, event: events_pb2.ProblemRequested, build: build_pb2.Build) -> events_pb2.ProblemProposed:
        """A problem for the slot that asks for one."""
        problem = await self.problem(event.ref, build.spec.roles.proposer)
        return events_pb2.ProblemProposed(ref=event.ref, problem=problem)

    async def problem(self, ref: sample_pb2.SampleRef, role: build_pb2.RoleSpec) -> sample_pb2.Problem:
        """A problem about the topic of `ref`. SampleFailure if the model gives none."""
        question = Question(
            build_id=ref.build_id,
            role="proposer",
            spec=role,
            messages=PROBLEM.render(subject=ref.subject, field=ref.field, topic=ref.topic, angle=angle(ref.seed)),
            prompt_sha256=PROBLEM.sha256,
            seed=ref.seed,
        )
        answer = await self._models.ask_structured(question, "problem", ProblemForm)
        form = answer.value
        return sample_pb2.Problem(statement=form.problem.strip(), reference=form.answer.to_proto(), calls=answer.calls)


def failed(event: events_pb2.ProblemRequested, failure: sample_pb2.Failure) -> events_pb2.ProblemProposed:
    """The event that tells why there is no problem."""
    return events_pb2.ProblemProposed(ref=event.ref, failure=failure)
