from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.sample.v1 import control_pb2 as _control_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GradeRequest(_message.Message):
    __slots__ = ("statement", "reference", "response", "judge", "second_judge", "paid_by")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    SECOND_JUDGE_FIELD_NUMBER: _ClassVar[int]
    PAID_BY_FIELD_NUMBER: _ClassVar[int]
    statement: str
    reference: _sample_pb2.Answer
    response: str
    judge: _build_pb2.RoleSpec
    second_judge: _build_pb2.RoleSpec
    paid_by: str
    def __init__(self, statement: _Optional[str] = ..., reference: _Optional[_Union[_sample_pb2.Answer, _Mapping]] = ..., response: _Optional[str] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., second_judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., paid_by: _Optional[str] = ...) -> None: ...

class VerifyRequest(_message.Message):
    __slots__ = ("statement", "reference", "panel", "judge", "seed", "second_judge")
    STATEMENT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    PANEL_FIELD_NUMBER: _ClassVar[int]
    JUDGE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    SECOND_JUDGE_FIELD_NUMBER: _ClassVar[int]
    statement: str
    reference: _sample_pb2.Answer
    panel: _containers.RepeatedCompositeFieldContainer[_build_pb2.RoleSpec]
    judge: _build_pb2.RoleSpec
    seed: int
    second_judge: _build_pb2.RoleSpec
    def __init__(self, statement: _Optional[str] = ..., reference: _Optional[_Union[_sample_pb2.Answer, _Mapping]] = ..., panel: _Optional[_Iterable[_Union[_build_pb2.RoleSpec, _Mapping]]] = ..., judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ..., seed: _Optional[int] = ..., second_judge: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ...) -> None: ...

class CheckRequest(_message.Message):
    __slots__ = ("spec", "sample", "scope")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    spec: _build_pb2.BuildSpec
    sample: _sample_pb2.Sample
    scope: str
    def __init__(self, spec: _Optional[_Union[_build_pb2.BuildSpec, _Mapping]] = ..., sample: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ..., scope: _Optional[str] = ...) -> None: ...

class PlantRequest(_message.Message):
    __slots__ = ("source", "kinds", "seed")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    source: _sample_pb2.Sample
    kinds: _containers.RepeatedScalarFieldContainer[_control_pb2.ControlKind]
    seed: int
    def __init__(self, source: _Optional[_Union[_sample_pb2.Sample, _Mapping]] = ..., kinds: _Optional[_Iterable[_Union[_control_pb2.ControlKind, str]]] = ..., seed: _Optional[int] = ...) -> None: ...

class PlantResponse(_message.Message):
    __slots__ = ("controls",)
    CONTROLS_FIELD_NUMBER: _ClassVar[int]
    controls: _containers.RepeatedCompositeFieldContainer[_control_pb2.Control]
    def __init__(self, controls: _Optional[_Iterable[_Union[_control_pb2.Control, _Mapping]]] = ...) -> None: ...
