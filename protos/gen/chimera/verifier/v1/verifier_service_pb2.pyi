from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GradeRequest(_message.Message):
    __slots__ = ("statement", "reference", "response", "judge")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    statement: str
    reference: _sample_pb2.Answer
    response: str
    judge: _build_pb2.RoleSpec
    def __init__(self, statement: _Optional[str] = ..., reference: _Optional[_Union[_sample_pb2.Answer, _Mapping]] = ..., response: _Optional[str] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("statement", "reference", "panel", "judge", "seed")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PANEL_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    statement: str
    reference: _sample_pb2.Answer
    panel: _containers.RepeatedCompositeFieldContainer[_build_pb2.RoleSpec]
    judge: _build_pb2.RoleSpec
    seed: int
    def __init__(self, statement: _Optional[str] = ..., reference: _Optional[_Union[_sample_pb2.Answer, _Mapping]] = ..., panel: _Optional[_Iterable[_Union[_build_pb2.RoleSpec, _Mapping]]] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., seed: _Optional[int] = ...) -> None: ...
