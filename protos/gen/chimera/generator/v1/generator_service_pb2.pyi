from chimera.build.v1 import build_pb2 as _build_pb2
from chimera.sample.v1 import sample_pb2 as _sample_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PreviewProblemRequest(_message.Message):
    __slots__ = ("subject", "field", "topic", "seed", "proposer")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PROPOSER_FIELD_NUMBER: _ClassVar[int]
    subject: str
    field: str
    topic: str
    seed: int
    proposer: _build_pb2.RoleSpec
    def __init__(self, subject: _Optional[str] = ..., field: _Optional[str] = ..., topic: _Optional[str] = ..., seed: _Optional[int] = ..., proposer: _Optional[_Union[_build_pb2.RoleSpec, _Mapping]] = ...) -> None: ...
