"""Watching something at a server until it has ended, across the server's restarts."""

import asyncio
import random
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Protocol, TypeVar

import grpc

from chimera_client.connection import Connection, ServerUnreachable

W_co = TypeVar("W_co", covariant=True)
W = TypeVar("W")

WATCH_SECONDS = 300.0
"""A watch is renewed after this long, so that a connection that died silently is noticed."""
PATIENCE_SECONDS = 600.0
"""How long a watch outlives its server."""

_BACKOFF_SECONDS = (0.2, 5.0)
_PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


class Call(AsyncIterable[W_co], Protocol[W_co]):
    """A call under way that answers in many parts."""

    def cancel(self) -> bool:
        """Ends it."""


async def watched(
    connection: Connection, begin: Callable[[float], Call[W]], has_ended: Callable[[W], bool], patience_seconds: float
) -> AsyncIterator[W]:
    """What `begin` sends, given its longest time in seconds, until `has_ended` of it.

    A server that goes away is awaited for `patience_seconds`; one that never answered is an error at once.
    """
    lost: float | None = None
    reached = False
    delay = _BACKOFF_SECONDS[0]
    while True:
        server = f"the {connection.server.noun} at {connection.target}"
        failure: Exception = ServerUnreachable(f"{server} ends every watch at once")
        call = begin(WATCH_SECONDS)
        try:
            async for news in call:
                reached, lost, delay = True, None, _BACKOFF_SECONDS[0]
                yield news
                if has_ended(news):
                    return
        except grpc.aio.AioRpcError as error:
            failure = connection.error(error)
            if not reached or error.code() not in _PASSING:
                raise failure from None
        finally:
            call.cancel()
        lost = lost or time.monotonic()
        if time.monotonic() - lost > patience_seconds:
            raise failure
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311
        delay = min(2 * delay, _BACKOFF_SECONDS[1])
