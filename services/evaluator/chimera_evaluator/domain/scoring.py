"""From graded answers to scores with intervals and comparisons with the baseline."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_evaluator.domain.statistics import Values, mean_with_interval, paired_difference, pass_at_k
from chimera_shared import identity

NO_ANSWER = frozenset({"extraction"})
"""Methods that found no answer in what was answered. An unknown verdict by these is a wrong answer, not an open one."""

Set = tuple[int, "evaluation_pb2.Perturbation"]
"""Problems that are scored together: the benchmark's position, and how they were asked."""


@dataclass(slots=True)
class Tally:
    """One candidate's answers to one problem."""

    subject: str = ""
    correct: int = 0
    incorrect: int = 0
    unknown: int = 0
    truncated: int = 0
    output_tokens: int = 0

    @property
    def answers(self) -> int:
        """How many."""
        return self.correct + self.incorrect + self.unknown


Problems = dict[str, Tally]
"""By item."""


@dataclass(slots=True)
class Sheet:
    """All answers of an evaluation, counted; its size is that of the problems, not of the answers."""

    tallies: dict[tuple[int, Set], Problems] = field(default_factory=lambda: defaultdict(dict))

    def add(self, answer: evaluation_pb2.Answer) -> None:
        """Count an answer."""
        task = answer.task
        place = (task.candidate, (task.benchmark, task.perturbation))
        tally = self.tallies[place].setdefault(task.item.item_id, Tally(task.item.subject))
        verdict = answer.grade.verdict
        if verdict == sample_pb2.VERDICT_CORRECT:
            tally.correct += 1
        elif verdict == sample_pb2.VERDICT_INCORRECT or answer.grade.method in NO_ANSWER:
            tally.incorrect += 1
        else:
            tally.unknown += 1
        tally.truncated += answer.truncated
        tally.output_tokens += sum(call.usage.output_tokens for call in answer.calls)


def scores(spec: evaluation_pb2.EvaluationSpec, sheet: Sheet) -> Iterator[evaluation_pb2.Score]:
    """One score for each candidate, benchmark and way of asking, and beneath it one for each subject."""
    for (candidate, at), problems in sorted(sheet.tallies.items()):
        yield _score(spec, candidate, at, problems, "")
        subjects = sorted({tally.subject for tally in problems.values()} - {""})
        if len(subjects) > 1:
            for subject in subjects:
                part = {item: tally for item, tally in problems.items() if tally.subject == subject}
                yield _score(spec, candidate, at, part, subject)


def comparisons(spec: evaluation_pb2.EvaluationSpec, sheet: Sheet) -> Iterator[evaluation_pb2.Comparison]:
    """Every other candidate against the baseline, on the problems that both have answers to."""
    base = next(i for i, candidate in enumerate(spec.candidates) if candidate.name == spec.baseline)
    for (candidate, at), problems in sorted(sheet.tallies.items()):
        both = sorted(problems.keys() & sheet.tallies.get((base, at), {}).keys())
        if candidate == base or not both:
            continue
        own, other = (_pass_at(_picked(sheet.tallies[who, at], both), 1) for who in (candidate, base))
        interval, p_value = paired_difference(own, other, spec.confidence, _seed(spec, at, "paired", candidate))
        yield evaluation_pb2.Comparison(
            candidate=spec.candidates[candidate].name,
            baseline=spec.baseline,
            benchmark=spec.benchmarks[at[0]].corpus,
            perturbation=at[1],
            problems=len(both),
            difference=interval.value,
            low=interval.low,
            high=interval.high,
            p_value=p_value,
        )


def _score(
    spec: evaluation_pb2.EvaluationSpec, candidate: int, at: Set, problems: Mapping[str, Tally], subject: str
) -> evaluation_pb2.Score:
    tallies = [problems[item] for item in sorted(problems)]
    answers = sum(tally.answers for tally in tallies)
    score = evaluation_pb2.Score(
        candidate=spec.candidates[candidate].name,
        benchmark=spec.benchmarks[at[0]].corpus,
        subject=subject,
        perturbation=at[1],
        problems=len(tallies),
        correct=sum(tally.correct for tally in tallies),
        incorrect=sum(tally.incorrect for tally in tallies),
        unknown=sum(tally.unknown for tally in tallies),
        truncated=sum(tally.truncated for tally in tallies),
        mean_output_tokens=sum(tally.output_tokens for tally in tallies) / answers,
    )
    for k in _ks(min(tally.answers for tally in tallies)):
        seed = _seed(spec, at, "pass", k, subject)
        value, low, high = mean_with_interval(_pass_at(tallies, k), spec.confidence, seed)
        score.pass_at.add(k=k, value=value, low=low, high=high)
    return score


def _ks(most: int) -> Iterator[int]:
    k = 1
    while k <= most:
        yield k
        k *= 2


def _pass_at(tallies: Iterable[Tally], k: int) -> Values:
    return np.array([pass_at_k(tally.answers, tally.correct, k) for tally in tallies])


def _picked(problems: Problems, items: Iterable[str]) -> list[Tally]:
    return [problems[item] for item in items]


def _seed(spec: evaluation_pb2.EvaluationSpec, at: Set, *parts: object) -> int:
    return identity.seed(spec.seed, spec.benchmarks[at[0]].corpus, at[1], *parts)
