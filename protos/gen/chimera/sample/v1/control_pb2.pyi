from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ControlKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTROL_KIND_UNSPECIFIED: _ClassVar[ControlKind]
    CONTROL_KIND_GOOD: _ClassVar[ControlKind]
    CONTROL_KIND_EQUIVALENT_ANSWER: _ClassVar[ControlKind]
    CONTROL_KIND_WRONG_ANSWER: _ClassVar[ControlKind]
    CONTROL_KIND_WRONG_SOLUTION: _ClassVar[ControlKind]
    CONTROL_KIND_DUPLICATE: _ClassVar[ControlKind]
    CONTROL_KIND_LEAK: _ClassVar[ControlKind]
    CONTROL_KIND_PROOF: _ClassVar[ControlKind]
    CONTROL_KIND_MULTI_PART: _ClassVar[ControlKind]
    CONTROL_KIND_ILL_POSED: _ClassVar[ControlKind]
    CONTROL_KIND_NOT_SELF_CONTAINED: _ClassVar[ControlKind]
    CONTROL_KIND_OFF_SUBJECT: _ClassVar[ControlKind]
CONTROL_KIND_UNSPECIFIED: ControlKind
CONTROL_KIND_GOOD: ControlKind
CONTROL_KIND_EQUIVALENT_ANSWER: ControlKind
CONTROL_KIND_WRONG_ANSWER: ControlKind
CONTROL_KIND_WRONG_SOLUTION: ControlKind
CONTROL_KIND_DUPLICATE: ControlKind
CONTROL_KIND_LEAK: ControlKind
CONTROL_KIND_PROOF: ControlKind
CONTROL_KIND_MULTI_PART: ControlKind
CONTROL_KIND_ILL_POSED: ControlKind
CONTROL_KIND_NOT_SELF_CONTAINED: ControlKind
CONTROL_KIND_OFF_SUBJECT: ControlKind

class Control(_message.Message):
    __slots__ = ("control_id", "build_id", "kind", "source", "change", "sample", "difficulty")
    CONTROL_ID_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    DIFFICULTY_FIELD_NUMBER: _ClassVar[int]
    control_id: str
    build_id: str
    kind: ControlKind
    source: str
    change: str
    sample: _sample_pb2.Sample
    difficulty: _sample_pb2.Difficulty
    def __init__(self, control_id: _Optional[str] = ..., build_id: _Optional[str] = ..., kind: _Optional[_Union[ControlKind, str]] = ..., source: _Optional[str] = ..., change: _Optional[str] = ..., sample: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ..., difficulty: _Optional[_Union[_sample_pb2.Difficulty, _Mapping]] = ...) -> None: ...
