from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.dataset.v1 import dataset_pb2 as _dataset_pb2
from chimera.evaluation.v1 import evaluation_pb2 as _evaluation_pb2
from chimera.recall.v1 import recall_pb2 as _recall_pb2
from chimera.sample.v1 import control_pb2 as _control_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from chimera.training.v1 import training_pb2 as _training_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BuildChanged(_message.Message):
    __slots__ = ("build", "untold")
    BUILD_FIELD_NUMBER: _ClassVar[int]
    UNTOLD_FIELD_NUMBER: _ClassVar[int]
    build: _build_pb2.Build
    untold: _containers.RepeatedCompositeFieldContainer[_sample_pb2.SlotRange]
    def __init__(self, build: _Optional[_Union[_build_pb2.Build, _Mapping]] = ..., untold: _Optional[_Iterable[_Union[_sample_pb2.SlotRange, _Mapping]]] = ...) -> None: ...

class TopicsExpanded(_message.Message):
    __slots__ = ("build_id", "subject", "topics", "usage")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    build_id: str
    subject: str
    topics: int
    usage: _sample_pb2.Usage
    def __init__(self, build_id: _Optional[str] = ..., subject: _Optional[str] = ..., topics: _Optional[int] = ..., usage: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ...) -> None: ...

class QuotaMissed(_message.Message):
    __slots__ = ("build_id", "subject", "reason", "detail", "usage")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    build_id: str
    subject: str
    reason: _build_pb2.StopReason
    detail: str
    usage: _sample_pb2.Usage
    def __init__(self, build_id: _Optional[str] = ..., subject: _Optional[str] = ..., reason: _Optional[_Union[_build_pb2.StopReason, str]] = ..., detail: _Optional[str] = ..., usage: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ...) -> None: ...

class ProblemRequested(_message.Message):
    __slots__ = ("ref",)
    REF_FIELD_NUMBER: _ClassVar[int]
    ref: _sample_pb2.SampleRef
    def __init__(self, ref: _Optional[_Union[_sample_pb2.SampleRef, _Mapping]] = ...) -> None: ...

class ProblemProposed(_message.Message):
    __slots__ = ("ref", "problem", "failure")
    REF_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ref: _sample_pb2.SampleRef
    problem: _sample_pb2.Problem
    failure: _sample_pb2.Failure
    def __init__(self, ref: _Optional[_Union[_sample_pb2.SampleRef, _Mapping]] = ..., problem: _Optional[_Union[_sample_pb2.Problem, _Mapping]] = ..., failure: _Optional[_Union[_sample_pb2.Failure, _Mapping]] = ...) -> None: ...

class ProblemValidated(_message.Message):
    __slots__ = ("ref", "problem", "validation")
    REF_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    ref: _sample_pb2.SampleRef
    problem: _sample_pb2.Problem
    validation: _sample_pb2.Validation
    def __init__(self, ref: _Optional[_Union[_sample_pb2.SampleRef, _Mapping]] = ..., problem: _Optional[_Union[_sample_pb2.Problem, _Mapping]] = ..., validation: _Optional[_Union[_sample_pb2.Validation, _Mapping]] = ...) -> None: ...

class SolutionSynthesised(_message.Message):
    __slots__ = ("ref", "problem", "validation", "solution", "failure")
    REF_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    SOLUTION_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    ref: _sample_pb2.SampleRef
    problem: _sample_pb2.Problem
    validation: _sample_pb2.Validation
    solution: _sample_pb2.Solution
    failure: _sample_pb2.Failure
    def __init__(self, ref: _Optional[_Union[_sample_pb2.SampleRef, _Mapping]] = ..., problem: _Optional[_Union[_sample_pb2.Problem, _Mapping]] = ..., validation: _Optional[_Union[_sample_pb2.Validation, _Mapping]] = ..., solution: _Optional[_Union[_sample_pb2.Solution, _Mapping]] = ..., failure: _Optional[_Union[_sample_pb2.Failure, _Mapping]] = ...) -> None: ...

class SampleSettled(_message.Message):
    __slots__ = ("sample",)
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    sample: _sample_pb2.Sample
    def __init__(self, sample: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ...) -> None: ...

class DatasetPublished(_message.Message):
    __slots__ = ("dataset",)
    DATASET_FIELD_NUMBER: _ClassVar[int]
    dataset: _dataset_pb2.Dataset
    def __init__(self, dataset: _Optional[_Union[_dataset_pb2.Dataset, _Mapping]] = ...) -> None: ...

class ControlChecked(_message.Message):
    __slots__ = ("control", "beside")
    CONTROL_FIELD_NUMBER: _ClassVar[int]
    BESIDE_FIELD_NUMBER: _ClassVar[int]
    control: _control_pb2.Control
    beside: _sample_pb2.SampleRef
    def __init__(self, control: _Optional[_Union[_control_pb2.Control, _Mapping]] = ..., beside: _Optional[_Union[_sample_pb2.SampleRef, _Mapping]] = ...) -> None: ...

class SampleRecalled(_message.Message):
    __slots__ = ("recall", "sample", "spec")
    RECALL_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    recall: _recall_pb2.Recall
    sample: _sample_pb2.Sample
    spec: _build_pb2.BuildSpec
    def __init__(self, recall: _Optional[_Union[_recall_pb2.Recall, _Mapping]] = ..., sample: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ..., spec: _Optional[_Union[_build_pb2.BuildSpec, _Mapping]] = ...) -> None: ...

class SampleReverified(_message.Message):
    __slots__ = ("recall_id", "sample")
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    recall_id: str
    sample: _sample_pb2.Sample
    def __init__(self, recall_id: _Optional[str] = ..., sample: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ...) -> None: ...

class EvaluationChanged(_message.Message):
    __slots__ = ("evaluation",)
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    evaluation: _evaluation_pb2.Evaluation
    def __init__(self, evaluation: _Optional[_Union[_evaluation_pb2.Evaluation, _Mapping]] = ...) -> None: ...

class AnswerRequested(_message.Message):
    __slots__ = ("task",)
    TASK_FIELD_NUMBER: _ClassVar[int]
    task: _evaluation_pb2.Task
    def __init__(self, task: _Optional[_Union[_evaluation_pb2.Task, _Mapping]] = ...) -> None: ...

class AnswerGraded(_message.Message):
    __slots__ = ("answer",)
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    answer: _evaluation_pb2.Answer
    def __init__(self, answer: _Optional[_Union[_evaluation_pb2.Answer, _Mapping]] = ...) -> None: ...

class TrainingChanged(_message.Message):
    __slots__ = ("training",)
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    training: _training_pb2.Training
    def __init__(self, training: _Optional[_Union[_training_pb2.Training, _Mapping]] = ...) -> None: ...
