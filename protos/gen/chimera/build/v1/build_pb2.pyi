import datetime

from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BuildState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BUILD_STATE_UNSPECIFIED: _ClassVar[BuildState]
    BUILD_STATE_RUNNING: _ClassVar[BuildState]
    BUILD_STATE_PAUSED: _ClassVar[BuildState]
    BUILD_STATE_SUCCEEDED: _ClassVar[BuildState]
    BUILD_STATE_FAILED: _ClassVar[BuildState]
    BUILD_STATE_CANCELLED: _ClassVar[BuildState]

class StopReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STOP_REASON_UNSPECIFIED: _ClassVar[StopReason]
    STOP_REASON_ACCEPTANCE_BELOW_FLOOR: _ClassVar[StopReason]
    STOP_REASON_EXPANSION_FAILED: _ClassVar[StopReason]
    STOP_REASON_ENDPOINTS_FAILING: _ClassVar[StopReason]
    STOP_REASON_BUDGET_SPENT: _ClassVar[StopReason]
    STOP_REASON_TIME_LIMIT: _ClassVar[StopReason]

class PanelRule(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PANEL_RULE_UNSPECIFIED: _ClassVar[PanelRule]
    PANEL_RULE_UNANIMOUS: _ClassVar[PanelRule]
    PANEL_RULE_MAJORITY: _ClassVar[PanelRule]
    PANEL_RULE_WEIGHTED: _ClassVar[PanelRule]

class VariantPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VARIANT_POLICY_UNSPECIFIED: _ClassVar[VariantPolicy]
    VARIANT_POLICY_KEEP: _ClassVar[VariantPolicy]
    VARIANT_POLICY_REFUSE: _ClassVar[VariantPolicy]

class BreakerState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BREAKER_STATE_UNSPECIFIED: _ClassVar[BreakerState]
    BREAKER_STATE_CLOSED: _ClassVar[BreakerState]
    BREAKER_STATE_OPEN: _ClassVar[BreakerState]
    BREAKER_STATE_HALF_OPEN: _ClassVar[BreakerState]
BUILD_STATE_UNSPECIFIED: BuildState
BUILD_STATE_RUNNING: BuildState
BUILD_STATE_PAUSED: BuildState
BUILD_STATE_SUCCEEDED: BuildState
BUILD_STATE_FAILED: BuildState
BUILD_STATE_CANCELLED: BuildState
STOP_REASON_UNSPECIFIED: StopReason
STOP_REASON_ACCEPTANCE_BELOW_FLOOR: StopReason
STOP_REASON_EXPANSION_FAILED: StopReason
STOP_REASON_ENDPOINTS_FAILING: StopReason
STOP_REASON_BUDGET_SPENT: StopReason
STOP_REASON_TIME_LIMIT: StopReason
PANEL_RULE_UNSPECIFIED: PanelRule
PANEL_RULE_UNANIMOUS: PanelRule
PANEL_RULE_MAJORITY: PanelRule
PANEL_RULE_WEIGHTED: PanelRule
VARIANT_POLICY_UNSPECIFIED: VariantPolicy
VARIANT_POLICY_KEEP: VariantPolicy
VARIANT_POLICY_REFUSE: VariantPolicy
BREAKER_STATE_UNSPECIFIED: BreakerState
BREAKER_STATE_CLOSED: BreakerState
BREAKER_STATE_OPEN: BreakerState
BREAKER_STATE_HALF_OPEN: BreakerState

class SubjectSpec(_message.Message):
    __slots__ = ("name", "weight", "topics", "topic_weights")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    TOPIC_WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    weight: float
    topics: _containers.RepeatedScalarFieldContainer[str]
    topic_weights: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., weight: _Optional[float] = ..., topics: _Optional[_Iterable[str]] = ..., topic_weights: _Optional[_Iterable[float]] = ...) -> None: ...

class RoleSpec(_message.Message):
    __slots__ = ("endpoints", "temperature", "top_p", "max_tokens", "weight", "top_k", "model")
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    TOP_P_FIELD_NUMBER: _ClassVar[int]
    MAX_TOKENS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    endpoints: _containers.RepeatedScalarFieldContainer[str]
    temperature: float
    top_p: float
    max_tokens: int
    weight: float
    top_k: int
    model: str
    def __init__(self, endpoints: _Optional[_Iterable[str]] = ..., temperature: _Optional[float] = ..., top_p: _Optional[float] = ..., max_tokens: _Optional[int] = ..., weight: _Optional[float] = ..., top_k: _Optional[int] = ..., model: _Optional[str] = ...) -> None: ...

class Roles(_message.Message):
    __slots__ = ("proposer", "panel", "solver", "judge", "second_judge", "screeners", "weak", "strong")
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    PANEL_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    SECOND_JUDGE_FIELD_NUMBER: _ClassVar[int]
    SCREENERS_FIELD_NUMBER: _ClassVar[int]
    WEAK_FIELD_NUMBER: _ClassVar[int]
    STRONG_FIELD_NUMBER: _ClassVar[int]
    proposer: RoleSpec
    panel: _containers.RepeatedCompositeFieldContainer[RoleSpec]
    solver: RoleSpec
    judge: RoleSpec
    second_judge: RoleSpec
    screeners: _containers.RepeatedCompositeFieldContainer[RoleSpec]
    weak: RoleSpec
    strong: RoleSpec
    def __init__(self, proposer: _Optional[_Union[RoleSpec, _Mapping]] = ..., panel: _Optional[_Iterable[_Union[RoleSpec, _Mapping]]] = ..., solver: _Optional[_Union[RoleSpec, _Mapping]] = ..., judge: _Optional[_Union[RoleSpec, _Mapping]] = ..., second_judge: _Optional[_Union[RoleSpec, _Mapping]] = ..., screeners: _Optional[_Iterable[_Union[RoleSpec, _Mapping]]] = ..., weak: _Optional[_Union[RoleSpec, _Mapping]] = ..., strong: _Optional[_Union[RoleSpec, _Mapping]] = ...) -> None: ...

class DifficultySpec(_message.Message):
    __slots__ = ("solves", "max_weak_pass_rate", "min_strong_pass_rate")
    SOLVES_FIELD_NUMBER: _ClassVar[int]
    MAX_WEAK_PASS_RATE_FIELD_NUMBER: _ClassVar[int]
    MIN_STRONG_PASS_RATE_FIELD_NUMBER: _ClassVar[int]
    solves: int
    max_weak_pass_rate: float
    min_strong_pass_rate: float
    def __init__(self, solves: _Optional[int] = ..., max_weak_pass_rate: _Optional[float] = ..., min_strong_pass_rate: _Optional[float] = ...) -> None: ...

class SimilaritySpec(_message.Message):
    __slots__ = ("benchmarks", "datasets", "variants", "benchmark_variants")
    BENCHMARKS_FIELD_NUMBER: _ClassVar[int]
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    VARIANTS_FIELD_NUMBER: _ClassVar[int]
    BENCHMARK_VARIANTS_FIELD_NUMBER: _ClassVar[int]
    benchmarks: _containers.RepeatedScalarFieldContainer[str]
    datasets: _containers.RepeatedScalarFieldContainer[str]
    variants: VariantPolicy
    benchmark_variants: VariantPolicy
    def __init__(self, benchmarks: _Optional[_Iterable[str]] = ..., datasets: _Optional[_Iterable[str]] = ..., variants: _Optional[_Union[VariantPolicy, str]] = ..., benchmark_variants: _Optional[_Union[VariantPolicy, str]] = ...) -> None: ...

class ControlSpec(_message.Message):
    __slots__ = ("share", "gold")
    SHARE_FIELD_NUMBER: _ClassVar[int]
    GOLD_FIELD_NUMBER: _ClassVar[int]
    share: float
    gold: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, share: _Optional[float] = ..., gold: _Optional[_Iterable[str]] = ...) -> None: ...

class TaxonomySpec(_message.Message):
    __slots__ = ("fields_per_subject", "topics_per_field")
    FIELDS_PER_SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TOPICS_PER_FIELD_FIELD_NUMBER: _ClassVar[int]
    fields_per_subject: int
    topics_per_field: int
    def __init__(self, fields_per_subject: _Optional[int] = ..., topics_per_field: _Optional[int] = ...) -> None: ...

class Budget(_message.Message):
    __slots__ = ("cost_nanousd", "tokens", "calls", "time")
    COST_NANOUSD_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    cost_nanousd: int
    tokens: int
    calls: int
    time: _duration_pb2.Duration
    def __init__(self, cost_nanousd: _Optional[int] = ..., tokens: _Optional[int] = ..., calls: _Optional[int] = ..., time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class BuildSpec(_message.Message):
    __slots__ = ("name", "samples", "seed", "subjects", "roles", "taxonomy", "panel_rule", "acceptance_floor", "budget", "weight", "ledger_of", "panel_threshold", "difficulty", "similarity", "controls")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    TAXONOMY_FIELD_NUMBER: _ClassVar[int]
    PANEL_RULE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTANCE_FLOOR_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    LEDGER_OF_FIELD_NUMBER: _ClassVar[int]
    PANEL_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    name: str
    samples: int
    seed: int
    subjects: _containers.RepeatedCompositeFieldContainer[SubjectSpec]
    roles: Roles
    taxonomy: TaxonomySpec
    panel_rule: PanelRule
    acceptance_floor: float
    budget: Budget
    weight: float
    ledger_of: str
    panel_threshold: float
    difficulty: DifficultySpec
    similarity: SimilaritySpec
    controls: ControlSpec
    def __init__(self, name: _Optional[str] = ..., samples: _Optional[int] = ..., seed: _Optional[int] = ..., subjects: _Optional[_Iterable[_Union[SubjectSpec, _Mapping]]] = ..., roles: _Optional[_Union[Roles, _Mapping]] = ..., taxonomy: _Optional[_Union[TaxonomySpec, _Mapping]] = ..., panel_rule: _Optional[_Union[PanelRule, str]] = ..., acceptance_floor: _Optional[float] = ..., budget: _Optional[_Union[Budget, _Mapping]] = ..., weight: _Optional[float] = ..., ledger_of: _Optional[str] = ..., panel_threshold: _Optional[float] = ..., difficulty: _Optional[_Union[DifficultySpec, _Mapping]] = ..., similarity: _Optional[_Union[SimilaritySpec, _Mapping]] = ..., controls: _Optional[_Union[ControlSpec, _Mapping]] = ...) -> None: ...

class SubjectProgress(_message.Message):
    __slots__ = ("subject", "target", "accepted", "settled")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    subject: str
    target: int
    accepted: int
    settled: int
    def __init__(self, subject: _Optional[str] = ..., target: _Optional[int] = ..., accepted: _Optional[int] = ..., settled: _Optional[int] = ...) -> None: ...

class Spending(_message.Message):
    __slots__ = ("spent", "reserved", "unaccounted")
    SPENT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    UNACCOUNTED_FIELD_NUMBER: _ClassVar[int]
    spent: _sample_pb2.Usage
    reserved: _sample_pb2.Usage
    unaccounted: _sample_pb2.Usage
    def __init__(self, spent: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., reserved: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., unaccounted: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ...) -> None: ...

class EndpointStatus(_message.Message):
    __slots__ = ("endpoint", "limit", "in_flight", "waiting", "breaker", "reason", "held_seconds", "failures")
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    BREAKER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HELD_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    limit: int
    in_flight: int
    waiting: int
    breaker: BreakerState
    reason: str
    held_seconds: float
    failures: int
    def __init__(self, endpoint: _Optional[str] = ..., limit: _Optional[int] = ..., in_flight: _Optional[int] = ..., waiting: _Optional[int] = ..., breaker: _Optional[_Union[BreakerState, str]] = ..., reason: _Optional[str] = ..., held_seconds: _Optional[float] = ..., failures: _Optional[int] = ...) -> None: ...

class Progress(_message.Message):
    __slots__ = ("topics", "requested", "proposed", "validated", "solved", "accepted", "rejected", "unknown", "in_flight", "reasons", "subjects", "usage", "reused", "spending", "endpoints", "controls")
    class ReasonsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_FIELD_NUMBER: _ClassVar[int]
    PROPOSED_FIELD_NUMBER: _ClassVar[int]
    VALIDATED_FIELD_NUMBER: _ClassVar[int]
    SOLVED_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    SUBJECTS_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    REUSED_FIELD_NUMBER: _ClassVar[int]
    SPENDING_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    topics: int
    requested: int
    proposed: int
    validated: int
    solved: int
    accepted: int
    rejected: int
    unknown: int
    in_flight: int
    reasons: _containers.ScalarMap[str, int]
    subjects: _containers.RepeatedCompositeFieldContainer[SubjectProgress]
    usage: _sample_pb2.Usage
    reused: _sample_pb2.Usage
    spending: Spending
    endpoints: _containers.RepeatedCompositeFieldContainer[EndpointStatus]
    controls: int
    def __init__(self, topics: _Optional[int] = ..., requested: _Optional[int] = ..., proposed: _Optional[int] = ..., validated: _Optional[int] = ..., solved: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., unknown: _Optional[int] = ..., in_flight: _Optional[int] = ..., reasons: _Optional[_Mapping[str, int]] = ..., subjects: _Optional[_Iterable[_Union[SubjectProgress, _Mapping]]] = ..., usage: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., reused: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., spending: _Optional[_Union[Spending, _Mapping]] = ..., endpoints: _Optional[_Iterable[_Union[EndpointStatus, _Mapping]]] = ..., controls: _Optional[int] = ...) -> None: ...

class Build(_message.Message):
    __slots__ = ("build_id", "spec", "state", "stop_reason", "detail", "progress", "create_time", "end_time", "dataset_id", "revision", "pause_time", "paused")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STOP_REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    PAUSE_TIME_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    build_id: str
    spec: BuildSpec
    state: BuildState
    stop_reason: StopReason
    detail: str
    progress: Progress
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    dataset_id: str
    revision: int
    pause_time: _timestamp_pb2.Timestamp
    paused: _duration_pb2.Duration
    def __init__(self, build_id: _Optional[str] = ..., spec: _Optional[_Union[BuildSpec, _Mapping]] = ..., state: _Optional[_Union[BuildState, str]] = ..., stop_reason: _Optional[_Union[StopReason, str]] = ..., detail: _Optional[str] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dataset_id: _Optional[str] = ..., revision: _Optional[int] = ..., pause_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., paused: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
