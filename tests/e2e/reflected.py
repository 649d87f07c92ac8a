"""Calls a service knowing nothing but its address: message types come from gRPC server reflection."""

from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


class Reflected:
    """A blocking client of any service that serves reflection."""

    def __init__(self, target: str) -> None:
        self._channel = grpc.insecure_channel(target)
        self._database = ProtoReflectionDescriptorDatabase(self._channel)
        self._pool = DescriptorPool(self._database)

    def services(self) -> list[str]:
        return list(self._database.get_services())

    def call(self, service: str, method: str, request: dict[str, Any]) -> dict[str, Any]:
        described = self._pool.FindServiceByName(service).FindMethodByName(method)
        call = self._channel.unary_unary(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(described.output_type).FromString,
        )
        response = call(ParseDict(request, GetMessageClass(described.input_type)()), timeout=120)
        return dict(MessageToDict(response, preserving_proto_field_name=True))

    def close(self) -> None:
        self._channel.close()
