import datetime

from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.corpus.v1 import corpus_pb2 as _corpus_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Perturbation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERTURBATION_UNSPECIFIED: _ClassVar[Perturbation]
    PERTURBATION_RENAMED: _ClassVar[Perturbation]
    PERTURBATION_REORDERED: _ClassVar[Perturbation]
    PERTURBATION_DISTRACTED: _ClassVar[Perturbation]
    PERTURBATION_RENUMBERED: _ClassVar[Perturbation]

class EvaluationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVALUATION_STATE_UNSPECIFIED: _ClassVar[EvaluationState]
    EVALUATION_STATE_RUNNING: _ClassVar[EvaluationState]
    EVALUATION_STATE_SUCCEEDED: _ClassVar[EvaluationState]
    EVALUATION_STATE_FAILED: _ClassVar[EvaluationState]
    EVALUATION_STATE_CANCELLED: _ClassVar[EvaluationState]
PERTURBATION_UNSPECIFIED: Perturbation
PERTURBATION_RENAMED: Perturbation
PERTURBATION_REORDERED: Perturbation
PERTURBATION_DISTRACTED: Perturbation
PERTURBATION_RENUMBERED: Perturbation
EVALUATION_STATE_UNSPECIFIED: EvaluationState
EVALUATION_STATE_RUNNING: EvaluationState
EVALUATION_STATE_SUCCEEDED: EvaluationState
EVALUATION_STATE_FAILED: EvaluationState
EVALUATION_STATE_CANCELLED: EvaluationState

class Candidate(_message.Message):
    __slots__ = ("name", "role")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    role: _build_pb2.RoleSpec
    def __init__(self, name: _Optional[str] = ..., role: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ...) -> None: ...

class Benchmark(_message.Message):
    __slots__ = ("corpus", "samples", "limit")
    CORPUS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    corpus: str
    samples: int
    limit: int
    def __init__(self, corpus: _Optional[str] = ..., samples: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class EvaluationSpec(_message.Message):
    __slots__ = ("name", "candidates", "baseline", "benchmarks", "perturbations", "judge", "second_judge", "seed", "confidence", "budget")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    BENCHMARKS_FIELD_NUMBER: _ClassVar[int]
    PERTURBATIONS_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    SECOND_JUDGE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    name: str
    candidates: _containers.RepeatedCompositeFieldContainer[Candidate]
    baseline: str
    benchmarks: _containers.RepeatedCompositeFieldContainer[Benchmark]
    perturbations: _containers.RepeatedScalarFieldContainer[Perturbation]
    judge: _build_pb2.RoleSpec
    second_judge: _build_pb2.RoleSpec
    seed: int
    confidence: float
    budget: _build_pb2.Budget
    def __init__(self, name: _Optional[str] = ..., candidates: _Optional[_Iterable[_Union[Candidate, _Mapping]]] = ..., baseline: _Optional[str] = ..., benchmarks: _Optional[_Iterable[_Union[Benchmark, _Mapping]]] = ..., perturbations: _Optional[_Iterable[_Union[Perturbation, str]]] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., second_judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., seed: _Optional[int] = ..., confidence: _Optional[float] = ..., budget: _Optional[_Union[_build_pb2.Budget, _Mapping]] = ...) -> None: ...

class PassAt(_message.Message):
    __slots__ = ("k", "value", "low", "high")
    K_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    k: int
    value: float
    low: float
    high: float
    def __init__(self, k: _Optional[int] = ..., value: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class Score(_message.Message):
    __slots__ = ("candidate", "benchmark", "subject", "perturbation", "problems", "correct", "incorrect", "unknown", "truncated", "pass_at", "mean_output_tokens")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PERTURBATION_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    CORRECT_FIELD_NUMBER: _ClassVar[int]
    INCORRECT_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    PASS_AT_FIELD_NUMBER: _ClassVar[int]
    MEAN_OUTPUT_TOKENS_FIELD_NUMBER: _ClassVar[int]
    candidate: str
    benchmark: str
    subject: str
    perturbation: Perturbation
    problems: int
    correct: int
    incorrect: int
    unknown: int
    truncated: int
    pass_at: _containers.RepeatedCompositeFieldContainer[PassAt]
    mean_output_tokens: float
    def __init__(self, candidate: _Optional[str] = ..., benchmark: _Optional[str] = ..., subject: _Optional[str] = ..., perturbation: _Optional[_Union[Perturbation, str]] = ..., problems: _Optional[int] = ..., correct: _Optional[int] = ..., incorrect: _Optional[int] = ..., unknown: _Optional[int] = ..., truncated: _Optional[int] = ..., pass_at: _Optional[_Iterable[_Union[PassAt, _Mapping]]] = ..., mean_output_tokens: _Optional[float] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("candidate", "baseline", "benchmark", "perturbation", "problems", "difference", "low", "high", "p_value")
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_FIELD_NUMBER: _ClassVar[int]
    PERTURBATION_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    candidate: str
    baseline: str
    benchmark: str
    perturbation: Perturbation
    problems: int
    difference: float
    low: float
    high: float
    p_value: float
    def __init__(self, candidate: _Optional[str] = ..., baseline: _Optional[str] = ..., benchmark: _Optional[str] = ..., perturbation: _Optional[_Union[Perturbation, str]] = ..., problems: _Optional[int] = ..., difference: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ..., p_value: _Optional[float] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("evaluation_id", "spec", "state", "detail", "revision", "planned", "graded", "usage", "corpora", "scores", "comparisons", "create_time", "end_time", "spending", "continues")
    EVALUATION_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    PLANNED_FIELD_NUMBER: _ClassVar[int]
    GRADED_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CORPORA_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    COMPARISONS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SPENDING_FIELD_NUMBER: _ClassVar[int]
    CONTINUES_FIELD_NUMBER: _ClassVar[int]
    evaluation_id: str
    spec: EvaluationSpec
    state: EvaluationState
    detail: str
    revision: int
    planned: int
    graded: int
    usage: _sample_pb2.Usage
    corpora: _containers.RepeatedCompositeFieldContainer[_corpus_pb2.Corpus]
    scores: _containers.RepeatedCompositeFieldContainer[Score]
    comparisons: _containers.RepeatedCompositeFieldContainer[Comparison]
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    spending: _build_pb2.Spending
    continues: str
    def __init__(self, evaluation_id: _Optional[str] = ..., spec: _Optional[_Union[EvaluationSpec, _Mapping]] = ..., state: _Optional[_Union[EvaluationState, str]] = ..., detail: _Optional[str] = ..., revision: _Optional[int] = ..., planned: _Optional[int] = ..., graded: _Optional[int] = ..., usage: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., corpora: _Optional[_Iterable[_Union[_corpus_pb2.Corpus, _Mapping]]] = ..., scores: _Optional[_Iterable[_Union[Score, _Mapping]]] = ..., comparisons: _Optional[_Iterable[_Union[Comparison, _Mapping]]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., spending: _Optional[_Union[_build_pb2.Spending, _Mapping]] = ..., continues: _Optional[str] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("task_id", "evaluation_id", "candidate", "benchmark", "item", "perturbation", "sample", "seed")
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_ID_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    PERTURBATION_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    evaluation_id: str
    candidate: int
    benchmark: int
    item: _corpus_pb2.CorpusItem
    perturbation: Perturbation
    sample: int
    seed: int
    def __init__(self, task_id: _Optional[str] = ..., evaluation_id: _Optional[str] = ..., candidate: _Optional[int] = ..., benchmark: _Optional[int] = ..., item: _Optional[_Union[_corpus_pb2.CorpusItem, _Mapping]] = ..., perturbation: _Optional[_Union[Perturbation, str]] = ..., sample: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("task", "grade", "truncated", "tail", "calls")
    TASK_FIELD_NUMBER: _ClassVar[int]
    GRADE_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    task: Task
    grade: _sample_pb2.Grade
    truncated: bool
    tail: str
    calls: _containers.RepeatedCompositeFieldContainer[_sample_pb2.ModelCall]
    def __init__(self, task: _Optional[_Union[Task, _Mapping]] = ..., grade: _Optional[_Union[_sample_pb2.Grade, _Mapping]] = ..., truncated: _Optional[bool] = ..., tail: _Optional[str] = ..., calls: _Optional[_Iterable[_Union[_sample_pb2.ModelCall, _Mapping]]] = ...) -> None: ...
