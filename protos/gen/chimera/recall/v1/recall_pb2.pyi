import datetime

from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RecallState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RECALL_STATE_UNSPECIFIED: _ClassVar[RecallState]
    RECALL_STATE_RUNNING: _ClassVar[RecallState]
    RECALL_STATE_SUCCEEDED: _ClassVar[RecallState]
    RECALL_STATE_CANCELLED: _ClassVar[RecallState]
    RECALL_STATE_FAILED: _ClassVar[RecallState]
RECALL_STATE_UNSPECIFIED: RecallState
RECALL_STATE_RUNNING: RecallState
RECALL_STATE_SUCCEEDED: RecallState
RECALL_STATE_CANCELLED: RecallState
RECALL_STATE_FAILED: RecallState

class Recall(_message.Message):
    __slots__ = ("recall_id", "dataset_id", "build_id", "evidence", "replacements", "reason", "state", "selected", "kept", "withdrawn", "new_dataset_id", "usage", "create_time", "end_time", "endpoints", "unverified", "detail", "budget", "spending", "continues")
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    NEW_DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTS_FIELD_NUMBER: _ClassVar[int]
    UNVERIFIED_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    SPENDING_FIELD_NUMBER: _ClassVar[int]
    CONTINUES_FIELD_NUMBER: _ClassVar[int]
    recall_id: str
    dataset_id: str
    build_id: str
    evidence: _sample_pb2.EvidenceFilter
    replacements: _build_pb2.Roles
    reason: str
    state: RecallState
    selected: int
    kept: int
    withdrawn: int
    new_dataset_id: str
    usage: _sample_pb2.Usage
    create_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    endpoints: _containers.RepeatedCompositeFieldContainer[_build_pb2.EndpointStatus]
    unverified: int
    detail: str
    budget: _build_pb2.Budget
    spending: _build_pb2.Spending
    continues: str
    def __init__(self, recall_id: _Optional[str] = ..., dataset_id: _Optional[str] = ..., build_id: _Optional[str] = ..., evidence: _Optional[_Union[_sample_pb2.EvidenceFilter, _Mapping]] = ..., replacements: _Optional[_Union[_build_pb2.Roles, _Mapping]] = ..., reason: _Optional[str] = ..., state: _Optional[_Union[RecallState, str]] = ..., selected: _Optional[int] = ..., kept: _Optional[int] = ..., withdrawn: _Optional[int] = ..., new_dataset_id: _Optional[str] = ..., usage: _Optional[_Union[_sample_pb2.Usage, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., endpoints: _Optional[_Iterable[_Union[_build_pb2.EndpointStatus, _Mapping]]] = ..., unverified: _Optional[int] = ..., detail: _Optional[str] = ..., budget: _Optional[_Union[_build_pb2.Budget, _Mapping]] = ..., spending: _Optional[_Union[_build_pb2.Spending, _Mapping]] = ..., continues: _Optional[str] = ...) -> None: ...
