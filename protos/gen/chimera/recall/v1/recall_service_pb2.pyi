from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.recall.v1 import recall_pb2 as _recall_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartRecallRequest(_message.Message):
    __slots__ = ("request_id", "dataset_id", "evidence", "replacements", "reason", "validate_only", "budget")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENTS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    BUDGET_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    dataset_id: str
    evidence: _sample_pb2.EvidenceFilter
    replacements: _build_pb2.Roles
    reason: str
    validate_only: bool
    budget: _build_pb2.Budget
    def __init__(self, request_id: _Optional[str] = ..., dataset_id: _Optional[str] = ..., evidence: _Optional[_Union[_sample_pb2.EvidenceFilter, _Mapping]] = ..., replacements: _Optional[_Union[_build_pb2.Roles, _Mapping]] = ..., reason: _Optional[str] = ..., validate_only: _Optional[bool] = ..., budget: _Optional[_Union[_build_pb2.Budget, _Mapping]] = ...) -> None: ...

class GetRecallRequest(_message.Message):
    __slots__ = ("recall_id",)
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    recall_id: str
    def __init__(self, recall_id: _Optional[str] = ...) -> None: ...

class ListRecallsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRecallsResponse(_message.Message):
    __slots__ = ("recalls", "next_page_token")
    RECALLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    recalls: _containers.RepeatedCompositeFieldContainer[_recall_pb2.Recall]
    next_page_token: str
    def __init__(self, recalls: _Optional[_Iterable[_Union[_recall_pb2.Recall, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchRecallRequest(_message.Message):
    __slots__ = ("recall_id",)
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    recall_id: str
    def __init__(self, recall_id: _Optional[str] = ...) -> None: ...

class CancelRecallRequest(_message.Message):
    __slots__ = ("recall_id",)
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    recall_id: str
    def __init__(self, recall_id: _Optional[str] = ...) -> None: ...
