"""`build.yaml`: the build as a file that makes it again."""

from collections.abc import Mapping
from typing import Any

import yaml
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera_client.budget import budget_fields
from chimera_shared.endpoints.config import Endpoint

INTEGERS_OF_64_BITS = frozenset(
    {
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_SFIXED64,
    }
)

HEADER = """\
# Builds this dataset again: chimera build run build.yaml
# Seeds are kept; language models seldom give the same answer twice, so expect the same mix and not the same text.
"""

WITHOUT_ENDPOINTS = """\
# Endpoints named `procedural-…` come with Chimera; all others are the operator's configuration and not in this file.
"""


def recipe(spec: build_pb2.BuildSpec, endpoints: Mapping[str, Endpoint] | None) -> str:
    """The text of `build.yaml`."""
    document = spec_fields(spec)
    document.pop("ledger_of", None)  # that build is unknown to whoever has the file
    if spec.HasField("budget"):
        document["budget"] = budget_fields(spec.budget)
    if endpoints:
        document["endpoints"] = {name: endpoint_fields(endpoints[name]) for name in sorted(endpoints)}
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return HEADER + ("" if endpoints else WITHOUT_ENDPOINTS) + text


def spec_fields(message: Message) -> dict[str, Any]:
    """A message as plain values, enums by name and 64-bit integers as numbers, which protobuf's JSON makes strings."""
    fields: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    _restore_integers(message, fields)
    return fields


def endpoint_fields(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint's configuration as its YAML has it; the key's variable is named, no secret is in it."""
    return endpoint.model_dump(exclude_defaults=True)  # an address with credentials or a query is refused when read


def _restore_integers(message: Message, fields: dict[str, Any]) -> None:
    for descriptor, value in message.ListFields():
        name = descriptor.name
        if descriptor.type in INTEGERS_OF_64_BITS:
            fields[name] = [int(item) for item in value] if isinstance(fields[name], list) else int(value)
        elif isinstance(fields[name], list) and descriptor.message_type is not None:
            for item, item_fields in zip(value, fields[name], strict=True):
                _restore_integers(item, item_fields)
        elif isinstance(fields[name], dict) and isinstance(value, Message):
            _restore_integers(value, fields[name])
