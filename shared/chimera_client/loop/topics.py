"""On which topics a model is weak, and the quotas of the build that follows from it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from chimera.build.v1 import build_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.loop.outcome import TopicScore

Topic = tuple[str, str]
"""Subject and topic."""


@dataclass
class _Marks:
    """Answers of some models to a topic's problems."""

    problems: set[str] = field(default_factory=set)
    asked: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    right: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def share(self, tuned: bool) -> float:
        return self.right[tuned] / self.asked[tuned] if self.asked[tuned] else 0.0

    @property
    def weight(self) -> float:
        """The tuned models' expected share of wrong answers by Laplace's rule: never 0, however few were asked."""
        return (self.asked[True] - self.right[True] + 1) / (self.asked[True] + 2)


class Marks:
    """Counts answers by topic, of the base and of the tuned models; others' are passed over."""

    def __init__(self, base: int, tuned: Set[int]) -> None:
        """Positions of candidates in the evaluation."""
        self._base = base
        self._tuned = tuned
        self._topics: dict[Topic, _Marks] = defaultdict(_Marks)

    def add(self, answer: evaluation_pb2.Answer) -> None:
        """Count an answer to a problem of the exam, the first benchmark, as it is; one that nobody gave is none."""
        task = answer.task
        if task.benchmark or task.perturbation or not task.item.topic or answer.grade.method == "endpoint":
            return
        if task.candidate not in {self._base, *self._tuned}:
            return
        marks = self._topics[task.item.subject, task.item.topic]
        tuned = task.candidate != self._base
        marks.problems.add(task.item.item_id)
        marks.asked[tuned] += 1
        marks.right[tuned] += answer.grade.verdict == sample_pb2.VERDICT_CORRECT

    def scores(self) -> tuple[TopicScore, ...]:
        """The topics by subject, those with the most wrong answers first."""
        found = [
            TopicScore(subject, topic, len(marks.problems), marks.share(False), marks.share(True), marks.weight)
            for (subject, topic), marks in self._topics.items()
        ]
        return tuple(sorted(found, key=lambda score: (score.subject, -score.weight, score.topic)))


def weighted(spec: build_pb2.BuildSpec, scores: Sequence[TopicScore], seen: Iterable[Topic]) -> build_pb2.BuildSpec:
    """The order with quotas by weakness. `seen` are the topics of the data so far; one that was not measured counts as
    the mean of those that were. Weights that the order has itself are multiplied. Without any measured topic it stays.
    """
    changed = build_pb2.BuildSpec()
    changed.CopyFrom(spec)
    if not scores:
        return changed
    measured = {(score.subject, score.topic): score.weight for score in scores}
    mean = sum(measured.values()) / len(measured)
    topics = sorted(measured.keys() | set(seen))
    for subject in changed.subjects:
        own = {topic: measured.get((name, topic), mean) for name, topic in topics if name == subject.name}
        if not own:
            continue
        told = dict(zip(subject.topics, subject.topic_weights, strict=False))
        weights = {topic: weakness * told.get(topic, 1.0) for topic, weakness in own.items()}
        subject.topics[:] = weights
        subject.topic_weights[:] = weights.values()
        subject.weight = (subject.weight or 1.0) * sum(weights.values()) / sum(told.get(topic, 1.0) for topic in own)
    return changed
