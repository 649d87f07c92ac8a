"""Messages as JSON documents for other programs.

As protobuf's own JSON mapping with snake-case names and every field, but 64-bit integers are numbers: as text they
would compare wrongly in jq and its like.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def to_plain(message: Message) -> dict[str, Any]:
    """The message as JSON-able values; absent messages and absent optional fields are null."""
    fields = cast(Sequence[FieldDescriptor], message.DESCRIPTOR.fields)
    return {field.name: _field(message, field) for field in fields}


def _field(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {str(key): value[key] for key in sorted(value)}
    if field.is_repeated:
        return [_value(field, item) for item in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _value(field, value)


def _value(field: FieldDescriptor, value: Any) -> Any:
    if isinstance(value, Timestamp | Duration):
        return value.ToJsonString()
    if isinstance(value, Message):
        return to_plain(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known is not None else value
    return value
