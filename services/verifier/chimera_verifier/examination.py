"""All that a problem and its solution must pass; cheap checks come before dear ones.

problem: shape ─▶ similarity ─▶ screeners ─▶ panel ─▶ difficulty
solution: grade
"""

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, usage
from chimera_shared.checkers import DEFAULT_THRESHOLD, measures_difficulty
from chimera_shared.errors import SampleFailure
from chimera_verifier.difficulty import Difficulty
from chimera_verifier.domain import shape
from chimera_verifier.domain.decision import Refusal, panel_refusal, screen_refusal, solution_refusal
from chimera_verifier.panel import Panel
from chimera_verifier.referee import Referee, judges_of
from chimera_verifier.screen import Screen
from chimera_verifier.similarity import Similarity, Standing


class Examination:
    """Examines problems and solutions, of builds and of whoever asks."""

    def __init__(
        self, similarity: Similarity, screen: Screen, panel: Panel, difficulty: Difficulty, referee: Referee
    ) -> None:
        self._similarity = similarity
        self._screen = screen
        self._panel = panel
        self._difficulty = difficulty
        self._referee = referee

    async def problem(self, sample: sample_pb2.Sample, spec: build_pb2.BuildSpec, standing: Standing) -> Refusal | None:
        """Why a sample's problem is refused, None if it is not; the evidence is left in its `validation`.

        SampleFailure if an endpoint is out of reach for good. It holds all calls that were paid for by then.
        """
        problem = sample.problem
        if refusal := shape.check(problem.statement, problem.reference):
            return refusal
        validation = sample_pb2.Validation()
        try:
            refusal = await self._gather(validation, sample, spec, standing)
        except SampleFailure as failure:
            paid = usage.calls_of_validation(validation)
            raise SampleFailure(failure.reason, failure.detail, [*paid, *failure.calls]) from None
        sample.validation.CopyFrom(validation)
        return refusal

    async def solution(self, sample: sample_pb2.Sample, spec: build_pb2.BuildSpec) -> Refusal | None:
        """Why a sample's solution is refused, None if it is not; the evidence is left in its `grade`."""
        ref, problem = sample.ref, sample.problem
        grade = await self._referee.grade(
            ref.build_id,
            identity.seed(ref.seed, "grade"),
            problem.statement,
            problem.reference,
            sample.solution.text,
            judges_of(spec.roles),
        )
        sample.grade.CopyFrom(grade)
        return solution_refusal(grade)

    async def _gather(
        self,
        validation: sample_pb2.Validation,
        sample: sample_pb2.Sample,
        spec: build_pb2.BuildSpec,
        standing: Standing,
    ) -> Refusal | None:
        ref, problem, judges = sample.ref, sample.problem, judges_of(spec.roles)
        if refusal := await self._similarity.look(validation, sample, spec, standing):
            return refusal
        validation.screenings.extend(await self._screen.look(ref, problem.statement, spec.roles.screeners))
        if refusal := screen_refusal(validation.screenings):
            return refusal
        validation.votes.extend(
            await self._panel.vote(
                ref.build_id, ref.seed, problem.statement, problem.reference, spec.roles.panel, judges
            )
        )
        if refusal := panel_refusal(validation.votes, spec.panel_rule, spec.panel_threshold or DEFAULT_THRESHOLD):
            return refusal
        if measures_difficulty(spec):
            return await self._difficulty.measure(validation.difficulty, sample, spec)
        return None
