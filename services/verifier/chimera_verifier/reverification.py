"""Accepted samples whose evidence was recalled: everything is examined again, and only what passes again is kept."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, usage
from chimera_shared.errors import EndpointUnavailable, SampleFailure, Transient
from chimera_verifier.domain.decision import Refusal, settled
from chimera_verifier.examination import Examination
from chimera_verifier.similarity import Standing


class Reverification:
    """Examines recalled samples."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination

    async def examine(self, event: events_pb2.SampleRecalled, _: build_pb2.Build) -> events_pb2.SampleReverified:
        """What the roles of the recall find.

        Transient, and so tried again, if an endpoint is out of reach or a corpus is not there: that says nothing about
        the sample.
        """
        sample = _anew(event)
        try:
            ref = event.sample.ref
            standing = Standing(False, apart_from=ref.sample_id, beside=ref.sample_id, among=ref.build_id)
            refusal = await self._examination.problem(sample, event.spec, standing)
            if refusal is None:
                refusal = await self._examination.solution(sample, event.spec)
        except SampleFailure as failure:
            if failure.reason == sample_pb2.REASON_ENDPOINT_FAILED:
                raise EndpointUnavailable(failure.detail) from failure
            if failure.reason == sample_pb2.REASON_INTERNAL:
                raise Transient(failure.detail) from failure
            raise
        return _ended(event, sample, refusal)


def reverification_failed(event: events_pb2.SampleRecalled, failure: sample_pb2.Failure) -> events_pb2.SampleReverified:
    """The end of a sample that could not be examined again: it did not pass."""
    return _ended(event, _anew(event), (failure.reason, failure.detail), failure.calls)


def _anew(event: events_pb2.SampleRecalled) -> sample_pb2.Sample:
    """Problem and solution without what was found about them.

    The recall stands in the place of the build, which has ended: in the ledger, the budget and the questions' seeds, so
    that no old answer is handed back.
    """
    old = event.sample
    sample = sample_pb2.Sample(ref=old.ref, problem=old.problem, solution=old.solution)
    sample.ref.build_id = event.recall.recall_id
    sample.ref.seed = identity.seed("recall", event.recall.recall_id, old.ref.sample_id)
    return sample


def _ended(
    event: events_pb2.SampleRecalled,
    examined: sample_pb2.Sample,
    refusal: Refusal | None,
    extra_calls: Sequence[sample_pb2.ModelCall] = (),
) -> events_pb2.SampleReverified:
    sample = settled(examined, refusal).sample
    sample.ref.CopyFrom(event.sample.ref)
    if refusal is not None:
        name = sample_pb2.Reason.Name(sample.reason).removeprefix("REASON_").replace("_", " ").lower()
        sample.reason, sample.detail = sample_pb2.REASON_RECALLED, f"did not pass again, {name}: {sample.detail}"
    calls = [*usage.calls_of_validation(sample.validation), *sample.grade.calls, *extra_calls]
    sample.usage.CopyFrom(usage.total([event.sample.usage, usage.of_calls(calls)]))
    sample.settle_time.FromDatetime(datetime.now(UTC))
    return events_pb2.SampleReverified(recall_id=event.recall.recall_id, sample=sample)
