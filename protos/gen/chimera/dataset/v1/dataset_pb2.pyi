import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Dataset(_message.Message):
    __slots__ = ("dataset_id", "build_id", "name", "samples", "create_time", "partial", "version", "parent_id", "recall_id", "change")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    BUILD_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PARTIAL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    RECALL_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    build_id: str
    name: str
    samples: int
    create_time: _timestamp_pb2.Timestamp
    partial: bool
    version: int
    parent_id: str
    recall_id: str
    change: str
    def __init__(self, dataset_id: _Optional[str] = ..., build_id: _Optional[str] = ..., name: _Optional[str] = ..., samples: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., partial: _Optional[bool] = ..., version: _Optional[int] = ..., parent_id: _Optional[str] = ..., recall_id: _Optional[str] = ..., change: _Optional[str] = ...) -> None: ...
