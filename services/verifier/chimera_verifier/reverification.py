"""Accepted samples whose evidence was recalled: everything is examined again, and only what passes again is kept."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity, usage
from chimera_verifier.domain.decision import Refusal, settled
from chimera_verifier.examination import Examination
from chimera_verifier.similarity import Standing

_NOBODY_LOOKED = frozenset({sample_pb2.REASON_ENDPOINT_FAILED, sample_pb2.REASON_INTERNAL})


class Reverification:
    """Examines recalled samples."""

    def __init__(self, examination: Examination) -> None:
        self._examination = examination

    async def examine(self, event: events_pb2.SampleRecalled, _: build_pb2.Build) -> events_pb2.SampleReverified:
        """What the roles of the recall find. SampleFailure if it cannot be examined."""
        sample, ref = _anew(event), event.sample.ref
        standing = Standing(False, apart_from=ref.sample_id, beside=ref.sample_id, among=ref.build_id)
        refusal = await self._examination.problem(sample, event.spec, standing)
        if refusal is None:
            refusal = await self._examination.solution(sample, event.spec)
        return _ended(event, sample, refusal)


def reverification_failed(event: events_pb2.SampleRecalled, failure: sample_pb2.Failure) -> events_pb2.SampleReverified:
    """The end of a sample that could not be examined again.

    It did not pass, unless nobody looked at it: an endpoint that refuses, or a corpus that is not there, says nothing
    about a sample, which then keeps that reason.
    """
    told = _ended(event, _anew(event), (failure.reason, failure.detail), failure.calls)
    if failure.reason in _NOBODY_LOOKED:
        told.sample.reason, told.sample.detail = failure.reason, failure.detail
    return told


def _anew(event: events_pb2.SampleRecalled) -> sample_pb2.Sample:
    """Problem and solution without what was found about them.

    The recall stands in the place of the build, which has ended: in the ledger, the budget and the questions' seeds, so
    that no old answer is handed back. One that continues another asks by that one's seeds, and so finds its answers.
    """
    old = event.sample
    sample = sample_pb2.Sample(ref=old.ref, problem=old.problem, solution=old.solution)
    sample.ref.build_id = event.recall.recall_id
    sample.ref.seed = identity.seed("recall", event.recall.continues or event.recall.recall_id, old.ref.sample_id)
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
