"""What an evaluation asks: every candidate, every problem, in every way, so many times."""

from collections.abc import Iterator, Sequence
from random import Random

from chimera.corpus.v1 import corpus_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera_evaluator.domain.perturbation import perturbed
from chimera_shared import identity

Items = Sequence[corpus_pb2.CorpusItem]


def problems(
    spec: evaluation_pb2.EvaluationSpec, corpora: Sequence[Items]
) -> Iterator[tuple[int, "evaluation_pb2.Perturbation", corpus_pb2.CorpusItem]]:
    """Each problem as it is asked: the benchmark's position, how, and the item. `corpora` are by benchmark."""
    ways = [evaluation_pb2.PERTURBATION_UNSPECIFIED, *dict.fromkeys(spec.perturbations)]
    for at, (benchmark, items) in enumerate(zip(spec.benchmarks, corpora, strict=True)):
        for item in items[: benchmark.limit or None]:
            for how in ways:
                rng = Random(identity.seed(spec.seed, benchmark.corpus, item.item_id, how))  # noqa: S311  no secret
                if (asked := perturbed(item, how, rng)) is not None:
                    yield at, how, asked


def tasks(evaluation: evaluation_pb2.Evaluation, corpora: Sequence[Items]) -> Iterator[evaluation_pb2.Task]:
    """Every task, always the same ones in the same order.

    Candidates get the same problems with the same seeds, in turn, so that those of a cancelled evaluation compare.
    """
    spec = evaluation.spec
    for at, how, item in problems(spec, corpora):
        corpus = spec.benchmarks[at].corpus
        for sample in range(spec.benchmarks[at].samples):
            seed = identity.seed(spec.seed, corpus, item.item_id, how, sample)
            for candidate in range(len(spec.candidates)):
                parts = (evaluation.evaluation_id, candidate, at, item.item_id, how, sample)
                yield evaluation_pb2.Task(
                    task_id=identity.digest("task", *parts)[:32],
                    evaluation_id=evaluation.evaluation_id,
                    candidate=candidate,
                    benchmark=at,
                    item=item,
                    perturbation=how,
                    sample=sample,
                    seed=seed,
                )


def planned(spec: evaluation_pb2.EvaluationSpec, corpora: Sequence[Items]) -> int:
    """How many tasks there are."""
    return len(spec.candidates) * sum(spec.benchmarks[at].samples for at, _, _ in problems(spec, corpora))
