"""A TCP proxy that stands between two processes and behaves like a bad network."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self

from ports import free_port

_CHUNK_BYTES = 64 * 1024
_HOST = b"127.0.0.1"


class Link:
    """A loopback address that leads to another one, for as long as the dials below let it.

    A hole takes what is sent and passes nothing on, until it is closed: then everything arrives late, as after
    retransmissions. What is refused or cut is reset.
    """

    def __init__(self, upstream_port: int, *, kafka: bool = False) -> None:
        """`kafka` puts this address in place of the broker's own wherever the broker names it."""
        self._upstream_port = upstream_port
        self._rewrite: Callable[[bytes], bytes] | None = self._readdressed if kafka else None
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.port = 0
        self.delay_seconds = 0.0
        """Of every piece that is passed on."""
        self.bytes_per_second = 0.0
        """In each direction of each connection; 0 is no limit."""
        self.passed = 0
        """Bytes passed on, in both directions."""

    @property
    def connections(self) -> int:
        """Connections that are there now."""
        return len(self._connections)

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.refuse()

    async def accept(self) -> None:
        """Listen: on a free port the first time, later on the same, which nobody else is given meanwhile."""
        if self._server is None:
            self.port = self.port or free_port()
            self._server = await asyncio.start_server(self._connected, _HOST.decode(), self.port, reuse_address=True)

    async def refuse(self) -> None:
        """Cut everything, and refuse what tries to connect."""
        if self._server is not None:
            self._server.close()
            self._server = None
        await self.cut()

    async def cut(self) -> None:
        """Reset all connections; new ones are accepted."""
        for task, writer in list(self._connections.items()):
            writer.transport.abort()
            task.cancel()
        if self._connections:
            await asyncio.wait(list(self._connections))

    def open_hole(self) -> None:
        """Accept and take everything, and pass nothing on."""
        self._flowing.clear()

    def close_hole(self) -> None:
        """Pass on what was taken, and everything from here on."""
        self._flowing.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # whoever cut it reset both sides
        finally:
            writer.transport.abort()
            del self._connections[task]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        upstream, up = await asyncio.open_connection(_HOST.decode(), self._upstream_port)
        try:
            pumps = [
                asyncio.create_task(self._pump(reader, up, None)),
                asyncio.create_task(self._pump(upstream, writer, self._rewrite)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            up.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, rewrite: Callable[[bytes], bytes] | None
    ) -> None:
        while piece := await (_kafka_frame(source) if rewrite else source.read(_CHUNK_BYTES)):
            await self._hinder(len(piece))
            sink.write(rewrite(piece) if rewrite else piece)
            await sink.drain()
            self.passed += len(piece)

    async def _hinder(self, size: int) -> None:
        await self._flowing.wait()
        slow = self.delay_seconds + (size / self.bytes_per_second if self.bytes_per_second else 0.0)
        if slow:
            await asyncio.sleep(slow)

    def _readdressed(self, frame: bytes) -> bytes:
        """Kafka writes an address as the host's text and the port in four bytes: both addresses are equally long."""
        theirs, ours = (_HOST + port.to_bytes(4, "big") for port in (self._upstream_port, self.port))
        return frame.replace(theirs, ours)


async def _kafka_frame(source: asyncio.StreamReader) -> bytes:
    """One response with the length before it; empty at the end of the connection."""
    with contextlib.suppress(asyncio.IncompleteReadError):
        head = await source.readexactly(4)
        return head + await source.readexactly(int.from_bytes(head, "big"))
    return b""
