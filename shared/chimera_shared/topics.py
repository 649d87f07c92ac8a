"""Every Kafka topic: name, key, message, partitions, retention. Nothing else names a topic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from chimera.events.v1 import events_pb2

E = TypeVar("E", bound=Message)

DAY_MS = 24 * 3600 * 1000
MAX_MESSAGE_BYTES = 20 * 1024 * 1024
"""A chain of thought of 100,000 tokens is about 400 kB; a sample holds at most a few of them."""
PARTITIONS = 6
"""Divides evenly over 2, 3 and 6 replicas, each with thousands of messages in flight. aiokafka's processor time grows
with the partitions it fetches: 12 instead of 3 cost a fifth of all processor time of a build."""


@dataclass(frozen=True, slots=True)
class Topic(Generic[E]):
    """One topic. `key` spreads messages; `version` tells facts of one key apart.

    `build_of` names their build, or the recall that stands in the place of one.
    """

    name: str
    message: type[E]
    key: Callable[[E], str]
    build_of: Callable[[E], str]
    description: str
    version: Callable[[E], object] = lambda _: 0
    partitions: int = PARTITIONS
    retention_ms: int = 7 * DAY_MS
    compacted: bool = False

    @property
    def event_type(self) -> str:
        """The CloudEvents type: the message's full name."""
        return str(self.message.DESCRIPTOR.full_name)

    def event_id(self, event: E) -> str:
        """The CloudEvents id: the same for every telling of the same fact."""
        return f"{self.name}/{self.key(event)}/{self.version(event)}"

    def fact(self, event: E) -> str:
        """The fact's name in the topic: its key, and what tells it apart if there are several of a key."""
        key, version = self.key(event), self.version(event)
        return f"{key}/{version}" if version else key

    def config(self) -> dict[str, str]:
        """The topic's settings in Kafka's words."""
        policy = {"cleanup.policy": "compact"} if self.compacted else {"retention.ms": str(self.retention_ms)}
        return {**policy, "max.message.bytes": str(MAX_MESSAGE_BYTES)}


BUILD_CHANGED = Topic(
    "chimera.build.changed.v1",
    events_pb2.BuildChanged,
    key=lambda e: e.build.build_id,
    build_of=lambda e: e.build.build_id,
    description="The state and the spec of every build; the newest message of a key is the truth.",
    version=lambda e: e.build.revision,
    partitions=1,
    compacted=True,
)
TOPICS_EXPANDED = Topic(
    "chimera.topics.expanded.v1",
    events_pb2.TopicsExpanded,
    key=lambda e: f"{e.build_id}/{e.subject}",
    build_of=lambda e: e.build_id,
    description="A subject of a build has its topics.",
    partitions=1,
)
QUOTA_MISSED = Topic(
    "chimera.quota.missed.v1",
    events_pb2.QuotaMissed,
    key=lambda e: f"{e.build_id}/{e.subject}",
    build_of=lambda e: e.build_id,
    description="A quota cannot be filled, and why.",
    partitions=1,
)
PROBLEM_REQUESTED = Topic(
    "chimera.problem.requested.v1",
    events_pb2.ProblemRequested,
    key=lambda e: e.ref.sample_id,
    build_of=lambda e: e.ref.build_id,
    description="A slot wants a problem.",
)
PROBLEM_PROPOSED = Topic(
    "chimera.problem.proposed.v1",
    events_pb2.ProblemProposed,
    key=lambda e: e.ref.sample_id,
    build_of=lambda e: e.ref.build_id,
    description="A problem was proposed, or could not be.",
)
PROBLEM_VALIDATED = Topic(
    "chimera.problem.validated.v1",
    events_pb2.ProblemValidated,
    key=lambda e: e.ref.sample_id,
    build_of=lambda e: e.ref.build_id,
    description="A problem is worth solving.",
)
SOLUTION_SYNTHESISED = Topic(
    "chimera.solution.synthesised.v1",
    events_pb2.SolutionSynthesised,
    key=lambda e: e.ref.sample_id,
    build_of=lambda e: e.ref.build_id,
    description="A problem was solved, or could not be.",
)
SAMPLE_SETTLED = Topic(
    "chimera.sample.settled.v1",
    events_pb2.SampleSettled,
    key=lambda e: e.sample.ref.sample_id,
    build_of=lambda e: e.sample.ref.build_id,
    description="A sample was accepted, rejected or left unknown, with all its evidence.",
)
CONTROL_CHECKED = Topic(
    "chimera.control.checked.v1",
    events_pb2.ControlChecked,
    key=lambda e: e.beside.sample_id,
    build_of=lambda e: e.beside.build_id,
    description="A control, planted beside a sample to measure the verifier, was checked.",
)
SAMPLE_RECALLED = Topic(
    "chimera.sample.recalled.v1",
    events_pb2.SampleRecalled,
    key=lambda e: e.sample.ref.sample_id,
    build_of=lambda e: e.recall.recall_id,
    description="An accepted sample rests on recalled evidence and is to be verified again.",
    version=lambda e: e.recall.recall_id,
)
SAMPLE_REVERIFIED = Topic(
    "chimera.sample.reverified.v1",
    events_pb2.SampleReverified,
    key=lambda e: e.sample.ref.sample_id,
    build_of=lambda e: e.recall_id,
    description="A recalled sample was verified again: it is kept or withdrawn.",
    version=lambda e: e.recall_id,
)
DATASET_PUBLISHED = Topic(
    "chimera.dataset.published.v1",
    events_pb2.DatasetPublished,
    key=lambda e: e.dataset.dataset_id,
    build_of=lambda e: e.dataset.build_id,
    description="A build's dataset is complete and closed.",
    partitions=1,
    retention_ms=30 * DAY_MS,
)
EVALUATION_CHANGED = Topic(
    "chimera.evaluation.changed.v1",
    events_pb2.EvaluationChanged,
    key=lambda e: e.evaluation.evaluation_id,
    build_of=lambda e: e.evaluation.evaluation_id,
    description="The state of an evaluation, with its results once it has ended.",
    version=lambda e: e.evaluation.revision,
    partitions=1,
    retention_ms=30 * DAY_MS,
)
ANSWER_REQUESTED = Topic(
    "chimera.answer.requested.v1",
    events_pb2.AnswerRequested,
    key=lambda e: e.task.task_id,
    build_of=lambda e: e.task.evaluation_id,
    description="A candidate is to answer a problem.",
)
ANSWER_GRADED = Topic(
    "chimera.answer.graded.v1",
    events_pb2.AnswerGraded,
    key=lambda e: e.answer.task.task_id,
    build_of=lambda e: e.answer.task.evaluation_id,
    description="A candidate's answer was graded, or there will be none.",
)
TRAINING_CHANGED = Topic(
    "chimera.training.changed.v1",
    events_pb2.TrainingChanged,
    key=lambda e: e.training.training_id,
    build_of=lambda e: e.training.training_id,
    description="The state of a training, and the model that came of it once it has ended.",
    version=lambda e: e.training.revision,
    partitions=1,
    retention_ms=30 * DAY_MS,
)

ALL: tuple[Topic[Any], ...] = (
    BUILD_CHANGED,
    TOPICS_EXPANDED,
    QUOTA_MISSED,
    PROBLEM_REQUESTED,
    PROBLEM_PROPOSED,
    PROBLEM_VALIDATED,
    SOLUTION_SYNTHESISED,
    SAMPLE_SETTLED,
    CONTROL_CHECKED,
    SAMPLE_RECALLED,
    SAMPLE_REVERIFIED,
    DATASET_PUBLISHED,
    EVALUATION_CHANGED,
    ANSWER_REQUESTED,
    ANSWER_GRADED,
    TRAINING_CHANGED,
)

BY_EVENT_TYPE = {topic.event_type: topic for topic in ALL}
