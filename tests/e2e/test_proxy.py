"""The link that stands for the network: it passes on, and fails in each way that it is told to."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from e2e.proxy import Link

KAFKA_HEAD = 4


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """A server that repeats what it hears; gives its port."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)
        writer.close()

    async with await asyncio.start_server(repeat, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def said(link: Link, text: bytes) -> bytes:
    """What comes back over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        writer.write(text)
        return await reader.readexactly(len(text))
    finally:
        writer.close()


async def test_it_passes_on_in_both_directions(echo: int) -> None:
    async with Link(echo) as link:
        assert await said(link, b"x" * 200_000) == b"x" * 200_000
        assert link.passed == 400_000


async def test_cut_connections_are_reset_and_new_ones_work(echo: int) -> None:
    async with Link(echo) as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        await link.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        assert link.connections == 0
        assert await said(link, b"b") == b"b"


async def test_refused_until_accepted_again(echo: int) -> None:
    async with Link(echo) as link:
        port = link.port
        await link.refuse()
        with pytest.raises(ConnectionRefusedError):
            await said(link, b"a")
        await link.accept()
        assert (link.port, await said(link, b"b")) == (port, b"b")


async def test_a_hole_takes_everything_and_gives_it_back_when_it_closes(echo: int) -> None:
    async with Link(echo) as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        link.open_hole()
        writer.write(b"b")
        fresh = asyncio.create_task(said(link, b"c"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.2)
        assert not fresh.done()
        link.close_hole()
        assert (await reader.readexactly(1), await fresh) == (b"b", b"c")
        writer.close()


@pytest.mark.parametrize(("delay", "bandwidth"), [(0.1, 0.0), (0.0, 1000.0)])
async def test_a_slow_link_takes_its_time(echo: int, delay: float, bandwidth: float) -> None:
    async with Link(echo) as link:
        link.delay_seconds, link.bytes_per_second = delay, bandwidth
        began = asyncio.get_running_loop().time()
        assert await said(link, b"x" * 100) == b"x" * 100
        assert asyncio.get_running_loop().time() - began >= 0.2 * 0.99  # there and back


async def test_a_broker_is_found_behind_its_link() -> None:
    async def names_itself(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        frame = b"\x00\x09127.0.0.1" + port.to_bytes(4, "big") + b"\x00"
        whole = len(frame).to_bytes(KAFKA_HEAD, "big") + frame
        for byte in whole * 2:
            writer.write(bytes([byte]))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(names_itself, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Link(port, kafka=True) as link:
            reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
            writer.write(b"?")
            answer = await reader.read()
            writer.close()
    frame = b"\x00\x09127.0.0.1" + link.port.to_bytes(4, "big") + b"\x00"
    assert answer == (len(frame).to_bytes(KAFKA_HEAD, "big") + frame) * 2
