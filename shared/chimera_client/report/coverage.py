"""What the samples are about: subjects as they were asked for, topics as they came."""

import math
from collections import Counter

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.report.model import Coverage, SubjectCount, TopicCount

MAX_TOPICS = 20_000
"""Topics told apart; a taxonomy has some dozens a subject, what a model may invent is bounded."""

LISTED = 12

Topic = tuple[str, str, str]
OTHER: Topic = ("", "", "all others")


class CoverageCounter:
    """Counts subjects and topics."""

    def __init__(self) -> None:
        self._tried: Counter[Topic] = Counter()
        self._accepted: Counter[Topic] = Counter()
        self._subjects_tried: Counter[str] = Counter()
        self._subjects: Counter[str] = Counter()

    def add(self, sample: sample_pb2.Sample) -> None:
        """Count one settled sample."""
        ref = sample.ref
        topic = (ref.subject, ref.field, ref.topic)
        if topic not in self._tried and len(self._tried) >= MAX_TOPICS:
            topic = OTHER
        self._tried[topic] += 1
        self._subjects_tried[ref.subject] += 1
        if sample.outcome == sample_pb2.OUTCOME_ACCEPTED:
            self._accepted[topic] += 1
            self._subjects[ref.subject] += 1

    def result(self, progress: build_pb2.Progress, *, all_tried: bool) -> Coverage:
        """The coverage; `all_tried` says whether samples that were not accepted were added too."""
        subjects = []
        for asked in progress.subjects:
            name = asked.subject
            topics = sum(1 for topic in self._accepted if topic[0] == name)
            subjects.append(
                SubjectCount(
                    subject=name,
                    asked=asked.target,
                    accepted=self._subjects[name],
                    tried=self._subjects_tried[name] if all_tried else asked.settled,
                    topics=topics,
                    topics_tried=sum(1 for topic in self._tried if topic[0] == name),
                )
            )
        ranked = sorted(self._tried, key=lambda topic: (-self._accepted[topic], -self._tried[topic], topic))
        untouched = sorted(
            (topic for topic in self._tried if not self._accepted[topic]), key=lambda t: (-self._tried[t], t)
        )
        return Coverage(
            subjects=subjects,
            topics_known=progress.topics,
            topics=len(self._accepted),
            largest=[self._topic(topic) for topic in ranked[:LISTED] if self._accepted[topic]],
            untouched=[self._topic(topic) for topic in untouched[:LISTED]],
            evenness=_evenness(self._accepted),
        )

    def _topic(self, topic: Topic) -> TopicCount:
        subject, field, name = topic
        return TopicCount(
            subject=subject, field=field, topic=name, accepted=self._accepted[topic], tried=self._tried[topic]
        )


def _evenness(counts: Counter[Topic]) -> float | None:
    """Pielou's evenness: 1 if all topics have equally many samples, near 0 if one has them all; None for one topic."""
    total = counts.total()
    if len(counts) < 2:
        return None
    entropy = -sum(n / total * math.log(n / total) for n in counts.values())
    return round(entropy / math.log(len(counts)), 4)
