import datetime

from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.model.v1 import model_pb2 as _model_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Method(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    METHOD_UNSPECIFIED: _ClassVar[Method]
    METHOD_SFT: _ClassVar[Method]
    METHOD_GRPO: _ClassVar[Method]
    METHOD_CISPO: _ClassVar[Method]

class Precision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRECISION_UNSPECIFIED: _ClassVar[Precision]
    PRECISION_FLOAT32: _ClassVar[Precision]
    PRECISION_BFLOAT16: _ClassVar[Precision]

class TrainingState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_STATE_UNSPECIFIED: _ClassVar[TrainingState]
    TRAINING_STATE_PENDING: _ClassVar[TrainingState]
    TRAINING_STATE_RUNNING: _ClassVar[TrainingState]
    TRAINING_STATE_SUCCEEDED: _ClassVar[TrainingState]
    TRAINING_STATE_FAILED: _ClassVar[TrainingState]
    TRAINING_STATE_CANCELLED: _ClassVar[TrainingState]
METHOD_UNSPECIFIED: Method
METHOD_SFT: Method
METHOD_GRPO: Method
METHOD_CISPO: Method
PRECISION_UNSPECIFIED: Precision
PRECISION_FLOAT32: Precision
PRECISION_BFLOAT16: Precision
TRAINING_STATE_UNSPECIFIED: TrainingState
TRAINING_STATE_PENDING: TrainingState
TRAINING_STATE_RUNNING: TrainingState
TRAINING_STATE_SUCCEEDED: TrainingState
TRAINING_STATE_FAILED: TrainingState
TRAINING_STATE_CANCELLED: TrainingState

class LoraSpec(_message.Message):
    __slots__ = ("rank", "alpha", "dropout", "modules")
    RANK_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    DROPOUT_FIELD_NUMBER: _ClassVar[int]
    MODULES_FIELD_NUMBER: _ClassVar[int]
    rank: int
    alpha: int
    dropout: float
    modules: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rank: _Optional[int] = ..., alpha: _Optional[int] = ..., dropout: _Optional[float] = ..., modules: _Optional[_Iterable[str]] = ...) -> None: ...

class OptimiserSpec(_message.Message):
    __slots__ = ("epochs", "steps", "batch_size", "micro_batch_size", "learning_rate", "warmup_share", "weight_decay", "max_grad_norm", "max_length", "packing", "precision")
    EPOCHS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    MICRO_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    WARMUP_SHARE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_DECAY_FIELD_NUMBER: _ClassVar[int]
    MAX_GRAD_NORM_FIELD_NUMBER: _ClassVar[int]
    MAX_LENGTH_FIELD_NUMBER: _ClassVar[int]
    PACKING_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    epochs: float
    steps: int
    batch_size: int
    micro_batch_size: int
    learning_rate: float
    warmup_share: float
    weight_decay: float
    max_grad_norm: float
    max_length: int
    packing: bool
    precision: Precision
    def __init__(self, epochs: _Optional[float] = ..., steps: _Optional[int] = ..., batch_size: _Optional[int] = ..., micro_batch_size: _Optional[int] = ..., learning_rate: _Optional[float] = ..., warmup_share: _Optional[float] = ..., weight_decay: _Optional[float] = ..., max_grad_norm: _Optional[float] = ..., max_length: _Optional[int] = ..., packing: _Optional[bool] = ..., precision: _Optional[_Union[Precision, str]] = ...) -> None: ...

class ReinforcementSpec(_message.Message):
    __slots__ = ("group_size", "kl_beta", "clip_low", "clip_high", "temperature", "max_completion_length", "judge")
    GROUP_SIZE_FIELD_NUMBER: _ClassVar[int]
    KL_BETA_FIELD_NUMBER: _ClassVar[int]
    CLIP_LOW_FIELD_NUMBER: _ClassVar[int]
    CLIP_HIGH_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    MAX_COMPLETION_LENGTH_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    group_size: int
    kl_beta: float
    clip_low: float
    clip_high: float
    temperature: float
    max_completion_length: int
    judge: _build_pb2.RoleSpec
    def __init__(self, group_size: _Optional[int] = ..., kl_beta: _Optional[float] = ..., clip_low: _Optional[float] = ..., clip_high: _Optional[float] = ..., temperature: _Optional[float] = ..., max_completion_length: _Optional[int] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ...) -> None: ...

class ResourceSpec(_message.Message):
    __slots__ = ("workers", "cpus_per_worker", "gpus_per_worker")
    WORKERS_FIELD_NUMBER: _ClassVar[int]
    CPUS_PER_WORKER_FIELD_NUMBER: _ClassVar[int]
    GPUS_PER_WORKER_FIELD_NUMBER: _ClassVar[int]
    workers: int
    cpus_per_worker: float
    gpus_per_worker: float
    def __init__(self, workers: _Optional[int] = ..., cpus_per_worker: _Optional[float] = ..., gpus_per_worker: _Optional[float] = ...) -> None: ...

class TrainingSpec(_message.Message):
    __slots__ = ("name", "method", "base", "dataset_id", "lora", "optimiser", "reinforcement", "resources", "seed", "checkpoint_steps", "held_out_share", "budget")
    NAME_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    LORA_FIELD_NUMBER: _ClassVar[int]
    OPTIMISER_FIELD_NUMBER: _ClassVar[int]
    REINFORCEMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_STEPS_FIELD_NUMBER: _ClassVar[int]
    HELD_OUT_SHARE_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    name: str
    method: Method
    base: _model_pb2.ModelSource
    dataset_id: str
    lora: LoraSpec
    optimiser: OptimiserSpec
    reinforcement: ReinforcementSpec
    resources: ResourceSpec
    seed: int
    checkpoint_steps: int
    held_out_share: float
    budget: _build_pb2.Budget
    def __init__(self, name: _Optional[str] = ..., method: _Optional[_Union[Method, str]] = ..., base: _Optional[_Union[_model_pb2.ModelSource, _Mapping]] = ..., dataset_id: _Optional[str] = ..., lora: _Optional[_Union[LoraSpec, _Mapping]] = ..., optimiser: _Optional[_Union[OptimiserSpec, _Mapping]] = ..., reinforcement: _Optional[_Union[ReinforcementSpec, _Mapping]] = ..., resources: _Optional[_Union[ResourceSpec, _Mapping]] = ..., seed: _Optional[int] = ..., checkpoint_steps: _Optional[int] = ..., held_out_share: _Optional[float] = ..., budget: _Optional[_Union[_build_pb2.Budget, _Mapping]] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("step", "values", "time")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    STEP_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    step: int
    values: _containers.ScalarMap[str, float]
    time: _timestamp_pb2.Timestamp
    def __init__(self, step: _Optional[int] = ..., values: _Optional[_Mapping[str, float]] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Training(_message.Message):
    __slots__ = ("training_id", "spec", "state", "detail", "revision", "step", "steps", "tokens", "left_out", "restarts", "last", "model", "create_time", "end_time", "spending")
    TRAINING_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    RESTARTS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    SPENDING_FIELD_NUMBER: _ClassVar[int]
    training_id: str
    spec: TrainingSpec
    state: TrainingState
    detail: str
    revision: int
    step: int
    steps: int
    tokens: int
    left_out: int
    restarts: int
    last: Point
    model: str
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    spending: _build_pb2.Spending
    def __init__(self, training_id: _Optional[str] = ..., spec: _Optional[_Union[TrainingSpec, _Mapping]] = ..., state: _Optional[_Union[TrainingState, str]] = ..., detail: _Optional[str] = ..., revision: _Optional[int] = ..., step: _Optional[int] = ..., steps: _Optional[int] = ..., tokens: _Optional[int] = ..., left_out: _Optional[int] = ..., restarts: _Optional[int] = ..., last: _Optional[_Union[Point, _Mapping]] = ..., model: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., spending: _Optional[_Union[_build_pb2.Spending, _Mapping]] = ...) -> None: ...
