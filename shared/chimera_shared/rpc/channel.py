"""A channel to a service."""

from collections.abc import Callable
from typing import Any

import grpc

from chimera_shared.telemetry import inject_trace

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
DEADLINE_SECONDS = 10.0
"""Of a unary call that names none."""


def connect(target: str) -> grpc.aio.Channel:
    """A channel to `host:port`; it connects at the first call and again after a break.

    Unary calls hand the current trace on; streams read, and what they read began elsewhere.
    """
    return grpc.aio.insecure_channel(
        target,
        options=[
            ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
            ("grpc.max_reconnect_backoff_ms", 2_000),
            ("grpc.enable_http_proxy", 0),
        ],
        interceptors=[_Traced()],
    )


class _Traced(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        headers: dict[str, str] = {}
        inject_trace(headers)
        if headers:
            metadata = client_call_details.metadata or grpc.aio.Metadata()
            for key, value in headers.items():
                metadata.add(key, value)
            client_call_details = client_call_details._replace(metadata=metadata)
        return await continuation(client_call_details, request)
