"""Measures the verifier while it works: plants a control beside a share of the samples and checks it as it checks them.

A control claims no place among the build's problems and becomes no sample. Its calls are the build's, like any other.
"""

from datetime import UTC, datetime
from random import Random

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_shared import identity
from chimera_shared.controls import control_id, is_planted
from chimera_shared.errors import SampleFailure
from chimera_verifier.domain.decision import Refusal, settled
from chimera_verifier.domain.kinds import kinds_in_order
from chimera_verifier.examination import Examination
from chimera_verifier.planter import Planted, Planter
from chimera_verifier.similarity import Standing


class Controls:
    """Plants and checks controls. The same sample, of whatever build of one spec, has the same control beside it."""

    def __init__(self, planter: Planter, examination: Examination) -> None:
        self._planter = planter
        self._examination = examination

    def are_planted(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> bool:
        """Whether a control stands beside this sample, whose problem has passed."""
        return is_planted(event.ref, build.spec)

    async def check(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> events_pb2.ControlChecked:
        """A control made from a sample, and what the verifier makes of it."""
        source = sample_pb2.Sample(ref=event.ref, problem=event.problem, solution=event.solution)
        seed = identity.seed(event.ref.seed, "control")
        kinds = kinds_in_order(build.spec, Random(seed))  # noqa: S311  not for secrets
        planted = await self._planter.plant(source, kinds, seed)
        assert planted is not None, "a demand for a proof can be added to every statement"
        sample = _placed(planted, event.ref, seed)
        try:
            refusal = await self._examined(planted.kind, sample, build.spec, event.ref.sample_id)
            end = settled(sample, refusal)
        except SampleFailure as failure:
            end = settled(sample, (failure.reason, failure.detail), failure.calls)
        return _checked(event, planted.kind, planted.change, end.sample)

    async def _examined(
        self, kind: int, sample: sample_pb2.Sample, spec: build_pb2.BuildSpec, source: str
    ) -> Refusal | None:
        solution = sample_pb2.Solution()
        solution.CopyFrom(sample.solution)
        sample.ClearField("solution")
        if kind != control_pb2.CONTROL_KIND_WRONG_SOLUTION:
            apart_from = "" if kind == control_pb2.CONTROL_KIND_DUPLICATE else source
            standing = Standing(claims=False, apart_from=apart_from)
            if refusal := await self._examination.problem(sample, spec, standing):
                return refusal
        if not solution.text:
            return None
        sample.solution.CopyFrom(solution)
        return await self._examination.solution(sample, spec)


def control_failed(event: events_pb2.SolutionSynthesised, failure: sample_pb2.Failure) -> events_pb2.ControlChecked:
    """A control that could not be made in time, of no kind; what was paid for it is told."""
    sample = sample_pb2.Sample(ref=event.ref)
    end = settled(sample, (failure.reason, failure.detail), failure.calls).sample
    return _checked(event, control_pb2.CONTROL_KIND_UNSPECIFIED, "", end)


def _placed(planted: Planted, beside: sample_pb2.SampleRef, seed: int) -> sample_pb2.Sample:
    """The control's sample with an id and a seed of its own, in its source's build."""
    sample = sample_pb2.Sample()
    sample.CopyFrom(planted.sample)
    sample.ref.sample_id = control_id(beside.build_id, beside.sample_id, planted.kind)
    sample.ref.build_id, sample.ref.slot, sample.ref.attempt = beside.build_id, beside.slot, beside.attempt
    sample.ref.seed = seed
    return sample


def _checked(
    event: events_pb2.SolutionSynthesised,
    kind: "control_pb2.ControlKind",
    change: str,
    sample: sample_pb2.Sample,
) -> events_pb2.ControlChecked:
    sample.trace_id = event.ref.sample_id
    sample.settle_time.FromDatetime(datetime.now(UTC))
    control = control_pb2.Control(
        control_id=control_id(event.ref.build_id, event.ref.sample_id, kind),
        build_id=event.ref.build_id,
        kind=kind,
        source=event.ref.sample_id,
        change=change,
        sample=sample,
    )
    if event.validation.HasField("difficulty"):
        control.difficulty.CopyFrom(event.validation.difficulty)
    return events_pb2.ControlChecked(control=control, beside=event.ref)
