"""What is decided about a problem before it is solved, and about its solution after; cheap checks come first."""

from datetime import UTC, datetime

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_verifier.domain import shape
from chimera_verifier.domain.decision import Refusal, panel_refusal, settled, solution_refusal
from chimera_verifier.domain.fingerprint import fingerprint
from chimera_verifier.panel import Panel
from chimera_verifier.referee import Referee, judge_of
from chimera_verifier.store import VerifierStore


class Checks:
    """Checks problems and solutions."""

    def __init__(self, panel: Panel, referee: Referee, store: VerifierStore) -> None:
        self._panel = panel
        self._referee = referee
        self._store = store

    async def problem(self, event: events_pb2.ProblemProposed, build: build_pb2.Build) -> Message:
        """Shape, then duplicates, then the panel."""
        ref, problem = event.ref, event.problem
        if event.HasField("failure"):
            return _unsolved(sample_pb2.Sample(ref=ref), event.failure)
        sample = sample_pb2.Sample(ref=ref, problem=problem)
        mark = fingerprint(problem.statement)
        refusal = shape.check(problem.statement, problem.reference) or await self._duplicate(ref, mark)
        if refusal is not None:
            return _stamped(settled(sample, refusal))
        roles = build.spec.roles
        votes = await self._panel.vote(
            ref.build_id, ref.seed, problem.statement, problem.reference, roles.panel, judge_of(roles)
        )
        validation = sample_pb2.Validation(votes=votes, fingerprint=mark)
        if refusal := panel_refusal(votes, build.spec.panel_rule):
            sample.validation.CopyFrom(validation)
            return _stamped(settled(sample, refusal))
        return events_pb2.ProblemValidated(ref=ref, problem=problem, validation=validation)

    async def solution(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> events_pb2.SampleSettled:
        """The solution's final answer against the reference."""
        sample = sample_pb2.Sample(ref=event.ref, problem=event.problem, validation=event.validation)
        if event.HasField("failure"):
            return _unsolved(sample, event.failure)
        sample.solution.CopyFrom(event.solution)
        grade = await self._referee.grade(
            event.ref.build_id,
            identity.seed(event.ref.seed, "grade"),
            event.problem.statement,
            event.problem.reference,
            event.solution.text,
            judge_of(build.spec.roles),
        )
        sample.grade.CopyFrom(grade)
        return _stamped(settled(sample, solution_refusal(grade)))

    async def _duplicate(self, ref: sample_pb2.SampleRef, mark: str) -> Refusal | None:
        first = await self._store.claim_fingerprint(ref.build_id, mark, ref.sample_id)
        if first == ref.sample_id:
            return None
        return sample_pb2.REASON_DUPLICATE, f"the same problem as sample {first}"


def problem_failed(event: events_pb2.ProblemProposed, failure: sample_pb2.Failure) -> events_pb2.SampleSettled:
    """The end of a sample whose problem could not be checked."""
    return _unsolved(sample_pb2.Sample(ref=event.ref, problem=event.problem), failure)


def solution_failed(event: events_pb2.SolutionSynthesised, failure: sample_pb2.Failure) -> events_pb2.SampleSettled:
    """The end of a sample whose solution could not be graded."""
    sample = sample_pb2.Sample(
        ref=event.ref, problem=event.problem, validation=event.validation, solution=event.solution
    )
    return _unsolved(sample, failure)


def _unsolved(sample: sample_pb2.Sample, failure: sample_pb2.Failure) -> events_pb2.SampleSettled:
    return _stamped(settled(sample, (failure.reason, failure.detail), failure.calls))


def _stamped(event: events_pb2.SampleSettled) -> events_pb2.SampleSettled:
    event.sample.settle_time.FromDatetime(datetime.now(UTC))
    return event
