from chimera.sample.v1 import control_pb2 as _control_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSampleRequest(_message.Message):
    __slots__ = ("sample_id", "version")
    SAMPLE_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    sample_id: str
    version: int
    def __init__(self, sample_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class ListSamplesRequest(_message.Message):
    __slots__ = ("build_id", "outcome", "reason", "subject", "page_size", "page_token", "evidence", "version")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    build_id: str
    outcome: _sample_pb2.Outcome
    reason: _sample_pb2.Reason
    subject: str
    page_size: int
    page_token: str
    evidence: _sample_pb2.EvidenceFilter
    version: int
    def __init__(self, build_id: _Optional[str] = ..., outcome: _Optional[_Union[_sample_pb2.Outcome, str]] = ..., reason: _Optional[_Union[_sample_pb2.Reason, str]] = ..., subject: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., evidence: _Optional[_Union[_sample_pb2.EvidenceFilter, _Mapping]] = ..., version: _Optional[int] = ...) -> None: ...

class ListSamplesResponse(_message.Message):
    __slots__ = ("samples", "next_page_token")
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    samples: _containers.RepeatedCompositeFieldContainer[_sample_pb2.Sample]
    next_page_token: str
    def __init__(self, samples: _Optional[_Iterable[_Union[_sample_pb2.Sample, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListControlsRequest(_message.Message):
    __slots__ = ("build_id", "page_size", "page_token")
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    build_id: str
    page_size: int
    page_token: str
    def __init__(self, build_id: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListControlsResponse(_message.Message):
    __slots__ = ("controls", "next_page_token")
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    controls: _containers.RepeatedCompositeFieldContainer[_control_pb2.Control]
    next_page_token: str
    def __init__(self, controls: _Optional[_Iterable[_Union[_control_pb2.Control, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
