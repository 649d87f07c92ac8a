"""A gRPC server with health, reflection, limits, typed errors and trace context."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status
from opentelemetry.trace import SpanKind

from chimera_shared.errors import Configuration
from chimera_shared.rpc.channel import MAX_RESPONSE_BYTES
from chimera_shared.rpc.status import to_status
from chimera_shared.settings import ServiceSettings
from chimera_shared.telemetry import extract_trace, span

MAX_REQUEST_BYTES = 4 * 1024 * 1024
_GRACE_SECONDS = 5

Register = Callable[[grpc.aio.Server], ServiceDescriptor]
"""Adds a servicer to a server and returns the descriptor of its service."""


class RpcServer:
    """Serves until the block ends; `target` is where, from `bind` on."""

    def __init__(self, settings: ServiceSettings, register: Sequence[Register]) -> None:
        self._settings = settings
        self._register = register
        self._server: grpc.aio.Server | None = None
        self.target = ""

    def bind(self) -> None:
        """Take the port, before anything is served there. Configuration if it cannot be had. Safe to call twice."""
        if self._server is not None:
            return
        server = grpc.aio.server(
            interceptors=[_Edge()],
            options=[
                ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
                ("grpc.max_send_message_length", MAX_RESPONSE_BYTES),
                ("grpc.so_reuseport", 0),
            ],
        )
        address = f"{self._settings.host}:{self._settings.port}"
        try:
            port = server.add_insecure_port(address)
        except RuntimeError as error:
            raise Configuration(f"CHIMERA_PORT: {address} is in use or not allowed; take another port, or 0") from error
        self.target, self._server = f"{self._settings.host}:{port}", server

    async def __aenter__(self) -> Self:
        self.bind()
        server = self._server
        assert server is not None
        names = [register(server).full_name for register in self._register]
        healthy = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
        reflection.enable_server_reflection([*names, health.SERVICE_NAME, reflection.SERVICE_NAME], server)
        await server.start()
        for name in ["", *names]:
            await healthy.set(name, health_pb2.HealthCheckResponse.SERVING)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._server is not None:
            await self._server.stop(_GRACE_SECONDS)


class _Edge(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """Where calls enter: a span around each, and every error as a typed status."""

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(details)
        if handler is None or not details.method.startswith("/chimera."):
            return handler
        method, headers = details.method, dict(details.invocation_metadata or ())
        if handler.unary_stream:
            return grpc.unary_stream_rpc_method_handler(
                _streaming(method, headers, handler.unary_stream),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.stream_unary:
            return grpc.stream_unary_rpc_method_handler(
                _gathering(method, headers, handler.stream_unary),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            _unary(method, headers, handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )


def _unary(method: str, headers: dict[str, str], behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
        with _span(method, headers):
            try:
                return await behaviour(request, context)
            except Exception as error:
                await _abort(context, error)

    return call


def _gathering(method: str, headers: dict[str, str], behaviour: Callable[[Any, Any], Awaitable[Any]]) -> Any:
    async def call(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext) -> Any:
        with _span(method, headers):
            try:
                return await behaviour(requests, context)
            except Exception as error:
                async for _ in requests:  # a client that is still sending would be told of a broken stream instead
                    pass
                await _abort(context, error)

    return call


def _streaming(method: str, headers: dict[str, str], behaviour: Callable[[Any, Any], AsyncIterator[Any]]) -> Any:
    async def call(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
        with _span(method, headers):
            try:
                async for response in behaviour(request, context):
                    yield response
            except Exception as error:
                await _abort(context, error)

    return call


def _span(method: str, headers: dict[str, str]) -> contextlib.AbstractContextManager[Any]:
    return span(method.lstrip("/"), SpanKind.SERVER, {"rpc.system": "grpc"}, extract_trace(headers))


async def _abort(context: grpc.aio.ServicerContext, error: Exception) -> None:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    await context.abort_with_status(rpc_status.to_status(to_status(error)))
