"""What came of a loop: all that its report is written from."""

from collections.abc import Mapping
from dataclasses import dataclass

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.evaluation.v1 import evaluation_pb2
from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2


@dataclass(frozen=True, slots=True)
class Trained:
    """One training that ended well.

    `step` is its name in the loop file; `candidate` is what its model is called in evaluations, unique in the loop;
    `points` are what was measured while it ran; `model` is what the registry says of it, None if it was not asked.
    """

    step: str
    seed: int
    candidate: str
    training: training_pb2.Training
    points: tuple[training_pb2.Point, ...]
    model: model_pb2.Model | None = None


@dataclass(frozen=True, slots=True)
class TopicScore:
    """How a topic of the exam went: the share of right answers of the base and of the round's last models.

    `weight` is the quota weight that the topic has in the next round's build.
    """

    subject: str
    topic: str
    problems: int
    base: float
    tuned: float
    weight: float


@dataclass(frozen=True, slots=True)
class Round:
    """A build, what was trained on it, and how that did; `number` counts from 1."""

    number: int
    build: build_pb2.Build
    dataset: dataset_pb2.Dataset
    trained: tuple[Trained, ...]
    evaluation: evaluation_pb2.Evaluation
    topics: tuple[TopicScore, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A loop that has ended.

    `base` is the base model's name, `exam` the build of the problems that were measured on, None if only other
    benchmarks were. `seconds` is how long each step took in the run that wrote the report, by words such as `build`
    or `train sft-0`; steps that had been done before are absent.
    """

    loop_id: str
    trace_id: str
    name: str
    base: str
    exam: build_pb2.Build | None
    rounds: tuple[Round, ...]
    seconds: Mapping[str, float]
