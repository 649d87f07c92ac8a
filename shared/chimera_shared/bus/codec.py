"""Events on the wire: CloudEvents in Kafka's binary mode with a protobuf message as the data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from chimera_shared import topics
from chimera_shared.telemetry import traceparent
from chimera_shared.topics import Topic

E = TypeVar("E", bound=Message)
CONTENT_TYPE = "application/protobuf"
_TRACE_ID = re.compile("[0-9a-f]{32}")


class Undecodable(Exception):
    """A message that is not the event it should be; it goes to the dead letters with this cause."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A message ready to be sent."""

    topic: Topic[Message]
    key: bytes
    value: bytes
    headers: dict[str, str]


def encode(event: Message, source: str) -> Encoded:
    """Find the event's topic and make its key, value and headers, without trace context."""
    topic = topics.BY_EVENT_TYPE[event.DESCRIPTOR.full_name]
    headers = {
        "ce_specversion": "1.0",
        "ce_id": topic.event_id(event),
        "ce_type": topic.event_type,
        "ce_source": f"/chimera/{source}",
        "ce_time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content-type": CONTENT_TYPE,
    }
    return Encoded(topic, topic.key(event).encode(), event.SerializeToString(), headers)


def decode(topic: Topic[E], value: bytes | None, headers: Mapping[str, str]) -> E:
    """The event of a message of this topic; Undecodable if it is anything else."""
    if (kind := headers.get("ce_type")) != topic.event_type:
        raise Undecodable(f"ce_type is {_told(kind)}, not {topic.event_type!r}")
    if (content := headers.get("content-type")) != CONTENT_TYPE:
        raise Undecodable(f"content-type is {_told(content)}, not {CONTENT_TYPE!r}")
    try:
        event = topic.message.FromString(value or b"")
    except DecodeError as error:
        raise Undecodable(f"the value is not a {topic.event_type}: {error}") from error
    if not topic.key(event) or not topic.build_of(event):
        raise Undecodable(f"the {topic.event_type} names no build or no sample")
    return event


def _told(header: str | None) -> str:
    return "missing" if header is None else repr(header)


def sample_trace(key: str) -> str | None:
    """The trace context of a sample that nobody recorded yet: its trace id is its id. None for other keys."""
    return traceparent(key) if _TRACE_ID.fullmatch(key) else None
