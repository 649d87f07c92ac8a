"""Measures the verifier while it works: plants a control beside a share of the samples and checks it as it checks them.

A control claims no place among the build's problems and becomes no sample. Its calls are the build's, like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Protocol

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import control_pb2, sample_pb2
from chimera_shared import identity
from chimera_shared.controls import control_id, is_planted
from chimera_shared.errors import NotFound, SampleFailure
from chimera_verifier.domain.decision import Refusal, settled
from chimera_verifier.domain.kinds import kinds_in_order
from chimera_verifier.domain.typing import infer
from chimera_verifier.examination import Examination
from chimera_verifier.planter import Planted, Planter
from chimera_verifier.similarity import Standing

_DRAWS = 3
"""Items of a corpus that are looked at: one may have no answer, or no subject."""


class Items(Protocol):
    """Where items of corpora come from."""

    async def drawn(self, name: str, seed: int) -> corpus_pb2.CorpusItem:
        """One item of a corpus, the same for the same seed. NotFound if there is no corpus of this name."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a control is made from, and its name: a sample's id, or a corpus and its item."""

    name: str
    sample: sample_pb2.Sample


class Controls:
    """Plants and checks controls. The same sample, of whatever build of one spec, has the same control beside it."""

    def __init__(self, planter: Planter, examination: Examination, items: Items) -> None:
        self._planter = planter
        self._examination = examination
        self._items = items

    def are_planted(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> bool:
        """Whether a control stands beside this sample, whose problem has passed."""
        return is_planted(event.ref, build.spec)

    async def check(self, event: events_pb2.SolutionSynthesised, build: build_pb2.Build) -> events_pb2.ControlChecked:
        """A control made beside a sample, and what the verifier makes of it."""
        seed = identity.seed(event.ref.seed, "control")
        source, planted = await self._planted(event, build.spec, seed)
        sample = _placed(planted, event.ref, source.name, seed)
        try:
            refusal = await self._examined(planted.kind, sample, build.spec, event.ref.sample_id)
            end = settled(sample, refusal)
        except SampleFailure as failure:
            end = settled(sample, (failure.reason, failure.detail), failure.calls)
        return _checked(event, source.name, planted.kind, planted.change, end.sample)

    async def _planted(
        self, event: events_pb2.SolutionSynthesised, spec: build_pb2.BuildSpec, seed: int
    ) -> tuple[Source, Planted]:
        """The first of the drawn kinds that can be made."""
        for kind in kinds_in_order(spec, Random(seed)):  # noqa: S311  not for secrets
            source = await self._source(kind, event, spec, seed)
            if source is not None and (planted := await self._planter.plant(source.sample, [kind], seed)) is not None:
                return source, planted
        raise AssertionError("a demand for a proof can be added to every statement")

    async def _source(
        self, kind: int, event: events_pb2.SolutionSynthesised, spec: build_pb2.BuildSpec, seed: int
    ) -> Source | None:
        if kind == control_pb2.CONTROL_KIND_GOOD:
            return await self._item(spec.controls.gold, seed, "" if spec.roles.screeners else event.ref.subject)
        if kind == control_pb2.CONTROL_KIND_LEAK:
            return await self._item(spec.similarity.benchmarks, seed, event.ref.subject)
        sample = sample_pb2.Sample(ref=event.ref, problem=event.problem, solution=event.solution)
        return Source(event.ref.sample_id, sample)

    async def _item(self, corpora: Sequence[str], seed: int, subject: str) -> Source | None:
        """An item with an answer, of its own subject or else the given one; None if a few draws give none."""
        for draw in range(_DRAWS):
            corpus = corpora[identity.seed(seed, "corpus", draw) % len(corpora)]
            try:
                item = await self._items.drawn(corpus, identity.seed(seed, "item", draw))
            except NotFound:
                continue  # The build's own problems say that it is missing.
            sample = sample_pb2.Sample(ref=sample_pb2.SampleRef(subject=item.subject or subject))
            sample.problem.statement = item.statement
            sample.problem.reference.CopyFrom(item.answer)
            if not sample.problem.reference.type:
                sample.problem.reference.MergeFrom(infer(item.answer.value, item.statement))
            if item.answer.value.strip() and sample.ref.subject:
                return Source(f"{corpus}/{item.item_id}", sample)
        return None

    async def _examined(
        self, kind: int, sample: sample_pb2.Sample, spec: build_pb2.BuildSpec, beside: str
    ) -> Refusal | None:
        solution = sample_pb2.Solution()
        solution.CopyFrom(sample.solution)
        sample.ClearField("solution")
        if kind != control_pb2.CONTROL_KIND_WRONG_SOLUTION:
            apart_from = "" if kind == control_pb2.CONTROL_KIND_DUPLICATE else beside
            standing = Standing(claims=False, apart_from=apart_from, beside=beside)
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
    return _checked(event, event.ref.sample_id, control_pb2.CONTROL_KIND_UNSPECIFIED, "", end)


def _placed(planted: Planted, beside: sample_pb2.SampleRef, source: str, seed: int) -> sample_pb2.Sample:
    """The control's sample with an id and a seed of its own, in the build of the sample beside it."""
    sample = sample_pb2.Sample()
    sample.CopyFrom(planted.sample)
    # A corpus' item may be drawn beside several samples.
    sample.ref.sample_id = control_id(beside.build_id, f"{beside.sample_id}/{source}", planted.kind)
    sample.ref.build_id, sample.ref.slot, sample.ref.attempt = beside.build_id, beside.slot, beside.attempt
    sample.ref.seed = seed
    return sample


def _checked(
    event: events_pb2.SolutionSynthesised,
    source: str,
    kind: "control_pb2.ControlKind",
    change: str,
    sample: sample_pb2.Sample,
) -> events_pb2.ControlChecked:
    sample.trace_id = event.ref.sample_id
    sample.settle_time.FromDatetime(datetime.now(UTC))
    control = control_pb2.Control(
        control_id=sample.ref.sample_id,
        build_id=event.ref.build_id,
        kind=kind,
        source=source,
        change=change,
        sample=sample,
    )
    if source == event.ref.sample_id and event.validation.HasField("difficulty"):
        control.difficulty.CopyFrom(event.validation.difficulty)
    return events_pb2.ControlChecked(control=control, beside=event.ref)
