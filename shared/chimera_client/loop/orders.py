"""What a loop orders. Every order follows from the file and from what came before, so running it again finds it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from copy import copy
from dataclasses import replace
from typing import Self

from chimera.build.v1 import build_pb2
from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_client.buildfile import BuildFile
from chimera_client.evaluationfile import EvaluationFile
from chimera_client.loop.file import STUDENT, LoopFile, Step
from chimera_client.loop.outcome import TopicScore, Trained
from chimera_client.loop.topics import Topic, weighted
from chimera_shared import identity

BASE = "base"
"""The candidate that all others are compared with."""


class Orders:
    """The orders of one run of a loop; `generation` tells runs of one file apart, from 1."""

    def __init__(self, file: LoopFile, generation: int = 1) -> None:
        self._file = file
        self.anew = generation > 1
        """Whether answers of earlier runs are asked for again."""
        self.loop_id = file.loop_id if generation == 1 else f"l{identity.digest(file.loop_id, generation)[:15]}"
        self.trace_id = identity.digest("loop trace", self.loop_id)[:32]
        self._root = self.loop_id

    def after_partial(self, dataset_id: str) -> Self:
        """The orders that follow if a partial dataset is used: others than those that follow from the whole one."""
        orders = copy(self)
        orders._root = f"l{identity.digest(self._root, dataset_id)[:15]}"
        return orders

    def exam(self) -> BuildFile | None:
        """The build of the problems to measure with: those of the data, from another seed."""
        if self._file.exam is None:
            return None
        spec = self._copied()
        spec.name = f"{self._file.name}-exam"
        spec.samples = self._file.exam.problems
        spec.seed = identity.seed("exam", spec.seed)
        spec.controls.share = 0
        return self._build("exam", spec)

    def corpus(self, dataset_id: str, kind: str) -> str:
        """The name of the corpus that a dataset becomes; `kind` is `exam` or `data`."""
        return f"{self._file.name}-{kind}-{identity.digest(kind, dataset_id)[:8]}"

    def data(
        self, number: int, exam: str, scores: Sequence[TopicScore], seen: Iterable[Topic], earlier: Sequence[str]
    ) -> BuildFile:
        """A round's build, kept clean of all that is measured and of earlier rounds, whose corpora are `earlier`."""
        spec = weighted(self._copied(), scores, seen)
        spec.name = f"{self._file.name}-{number}"
        if number > 1:
            spec.seed = identity.seed("round", number, spec.seed)
        measured = [exam] if exam else []
        measured += [benchmark.corpus for benchmark in self._file.evaluation.spec.benchmarks]
        spec.similarity.benchmarks.extend(name for name in measured if name not in spec.similarity.benchmarks)
        spec.similarity.datasets.extend(earlier)
        return self._build(f"data {number}", spec)

    def training(
        self, number: int, step: Step, seed: int, base: model_pb2.ModelSource, dataset_id: str
    ) -> tuple[training_pb2.TrainingSpec, str]:
        """One training and its request, without its generation."""
        spec = training_pb2.TrainingSpec()
        spec.CopyFrom(step.spec)
        spec.name = f"{self._file.name}-{step.name}"
        spec.base.CopyFrom(base)
        spec.dataset_id = dataset_id
        spec.seed = seed
        return spec, f"{self._root}-{number}-{step.name}-{seed}"

    def candidate(self, number: int, step: Step, seed: int) -> str:
        """What a model is called where it is measured."""
        return f"{step.name}-{seed}" if number == 1 else f"{step.name}-{seed}-r{number}"

    def evaluation(self, number: int, exam: str, trained: Sequence[Trained]) -> EvaluationFile:
        """The paired evaluation of the base and of these models."""
        spec = evaluation_pb2.EvaluationSpec()
        spec.CopyFrom(self._file.evaluation.spec)
        spec.name = f"{self._file.name}-{number}"
        spec.baseline = BASE
        self._add(spec, BASE, "")
        for each in trained:
            self._add(spec, each.candidate, each.training.model)
        if exam and self._file.exam is not None:
            spec.benchmarks.insert(0, evaluation_pb2.Benchmark(corpus=exam, samples=self._file.exam.samples))
        sha256 = identity.digest("evaluation", self._root, number)
        return EvaluationFile(spec, None, sha256)

    def _add(self, spec: evaluation_pb2.EvaluationSpec, name: str, model: str) -> None:
        candidate = spec.candidates.add(name=name)
        candidate.role.CopyFrom(self._file.student)
        candidate.role.model = model
        if not candidate.role.endpoints:
            candidate.role.endpoints.append(STUDENT)

    def _copied(self) -> build_pb2.BuildSpec:
        spec = build_pb2.BuildSpec()
        spec.CopyFrom(self._file.build.spec)
        return spec

    def _build(self, what: str, spec: build_pb2.BuildSpec) -> BuildFile:
        return replace(self._file.build, spec=spec, sha256=identity.digest(what, self._root))


async def items_of(samples: AsyncIterator[sample_pb2.Sample]) -> list[corpus_pb2.CorpusItem]:
    """The problems of a dataset as those of a corpus."""
    return [
        corpus_pb2.CorpusItem(
            item_id=sample.ref.sample_id,
            statement=sample.problem.statement,
            answer=sample.problem.reference,
            subject=sample.ref.subject,
            topic=sample.ref.topic,
        )
        async for sample in samples
    ]
