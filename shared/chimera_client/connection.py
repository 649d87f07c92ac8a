"""One gateway: its address, its channel, and what its failures mean."""

import contextlib
import os
import re
from collections.abc import Awaitable, Iterator
from types import TracebackType
from typing import Self, TypeVar

import grpc

from chimera_shared.errors import ChimeraError, InvalidInput, Transient
from chimera_shared.rpc.channel import DEADLINE_SECONDS, connect
from chimera_shared.rpc.status import to_error

T = TypeVar("T")

GATEWAY_VARIABLE = "CHIMERA_GATEWAY"
DEFAULT_GATEWAY = "127.0.0.1:50051"
"""Where `chimera up` serves unless told otherwise."""

_TARGET = re.compile(r"(dns:(///)?)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})")
_STATUS_DETAILS = "grpc-status-details-bin"


class GatewayUnreachable(Transient):
    """Nobody answers at the gateway's address."""


class Connection:
    """A channel to `target`, or to CHIMERA_GATEWAY, or to where `chimera up` serves. It connects at the first call."""

    def __init__(self, target: str | None = None) -> None:
        self.target = _checked(target or os.environ.get(GATEWAY_VARIABLE) or DEFAULT_GATEWAY)
        self.channel = connect(self.target)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        await self.channel.close()

    async def answer(self, call: Awaitable[T]) -> T:
        """The answer of a unary call, or the error that it tells of."""
        with self.errors():
            return await call

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turns a failed call into the error it tells of."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise self.error(error) from None

    def error(self, error: grpc.aio.AioRpcError) -> ChimeraError:
        """What a failed call means to the user of this gateway."""
        code = error.code()
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return GatewayUnreachable(
                f"the gateway at {self.target} did not answer in {DEADLINE_SECONDS:g} s: try again, or look at its log"
            )
        # With details the gateway itself speaks, of its store or bus.
        if code == grpc.StatusCode.UNAVAILABLE and not _has_details(error):
            return GatewayUnreachable(
                f"cannot reach the gateway at {self.target}: start one with `chimera up` or set {GATEWAY_VARIABLE}"
            )
        return to_error(error)


def _has_details(error: grpc.aio.AioRpcError) -> bool:
    return any(key == _STATUS_DETAILS for key, _ in error.trailing_metadata() or ())


def _checked(target: str) -> str:
    found = _TARGET.fullmatch(target)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise InvalidInput.of(
            "gateway",
            f"must be HOST:PORT such as {DEFAULT_GATEWAY}, not {target[:100]!r}; mend {GATEWAY_VARIABLE} or --gateway",
        )
    return target
