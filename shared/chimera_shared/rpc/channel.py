"""A channel to a service."""

import grpc

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
DEADLINE_SECONDS = 10.0
"""Of a unary call that names none."""


def connect(target: str) -> grpc.aio.Channel:
    """A channel to `host:port`; it connects at the first call and again after a break."""
    return grpc.aio.insecure_channel(
        target,
        options=[
            ("grpc.max_receive_message_length", MAX_RESPONSE_BYTES),
            ("grpc.max_reconnect_backoff_ms", 2_000),
            ("grpc.enable_http_proxy", 0),
        ],
    )
