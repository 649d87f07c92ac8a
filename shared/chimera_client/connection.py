"""One server: its address, its channel, and what its failures mean."""

import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc

from chimera_shared.errors import ChimeraError, InvalidInput, Transient
from chimera_shared.rpc.channel import DEADLINE_SECONDS, connect
from chimera_shared.rpc.status import to_error

T = TypeVar("T")

_TARGET = re.compile(r"(dns:(///)?)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>\d{1,5})")
_STATUS_DETAILS = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server; a variable and an option name its address, and `default` is where `chimera up` serves it."""

    noun: str
    variable: str
    option: str
    default: str


GATEWAY = Server("gateway", "CHIMERA_GATEWAY", "--gateway", "127.0.0.1:50051")
VERIFIER = Server("verifier", "CHIMERA_VERIFIER", "--verifier", "127.0.0.1:50052")
EVALUATOR = Server("evaluator", "CHIMERA_EVALUATOR", "--evaluator", "127.0.0.1:50053")
TRAINER = Server("trainer", "CHIMERA_TRAINER", "--trainer", "127.0.0.1:50054")


class ServerUnreachable(Transient):
    """Nobody answers at the server's address."""


class Connection:
    """A channel to `target`, or to what the server's variable names, or to where `chimera up` serves it.

    It connects at the first call.
    """

    def __init__(self, target: str | None = None, server: Server = GATEWAY) -> None:
        self.target = _checked(target or os.environ.get(server.variable) or server.default, server)
        self.server = server
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

    async def pages(self, call: Callable[..., Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
        """Every page of a list. `request` names the first, and is changed to name the others."""
        while True:
            page = await self.answer(call(request, timeout=DEADLINE_SECONDS))
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turns a failed call into the error it tells of."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise self.error(error) from None

    def error(self, error: grpc.aio.AioRpcError) -> ChimeraError:
        """What a failed call means to the user of this server."""
        code, where = error.code(), f"the {self.server.noun} at {self.target}"
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return ServerUnreachable(f"{where} did not answer in time: try again, or look at its log")
        # With details the server itself speaks, of its store or bus.
        if code == grpc.StatusCode.UNAVAILABLE and not _has_details(error):
            return ServerUnreachable(f"cannot reach {where}: start one with `chimera up` or set {self.server.variable}")
        return to_error(error)


def _has_details(error: grpc.aio.AioRpcError) -> bool:
    return any(key == _STATUS_DETAILS for key, _ in error.trailing_metadata() or ())


def _checked(target: str, server: Server) -> str:
    found = _TARGET.fullmatch(target)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise InvalidInput.of(
            server.noun,
            f"must be HOST:PORT such as {server.default}, not {target[:100]!r};"
            f" mend {server.variable} or {server.option}",
        )
    return target
