"""What is decided about a problem before it is solved, and about its solution after; cheap checks come first."""

from datetime import UTC, datetime

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_verifier.domain.decision import settled
from chimera_verifier.examination import Examination
from chimera_verifier.similarity import Standing


class Checks:
    """Checks problems and solutions."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination

    async def problem(self, event: events_pb2.ProblemProposed, build: build_pb2.Build) -> Message:
        """Whether a problem is worth solving."""
        sample = sample_pb2.Sample(ref=event.ref, problem=event.problem)
        if event.HasField("failure"):
            return _unsolved(sample_pb2.Sample(ref=event.ref), event.failure)
        if refusal := await self._examination.problem(sample, build.spec, Standing()):
            return _stamped(settled(sample, refusal))
        return events_pb2.ProblemValidated(ref=event.ref, problem=event.problem, validation=sample.validation)

    async def solution(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> events_pb2.SampleSettled:
        """The solution's final answer against the reference."""
        sample = sample_pb2.Sample(ref=event.ref, problem=event.problem, validation=event.validation)
        if event.HasField("failure"):
            return _unsolved(sample, event.failure)
        sample.solution.CopyFrom(event.solution)
        return _stamped(settled(sample, await self._examination.solution(sample, build.spec)))


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
