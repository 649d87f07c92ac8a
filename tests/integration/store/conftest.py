"""A database for each test, and a store that can be away."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import pytest

from chimera_shared import mongo
from ports import free_port


class Link:
    """A TCP link to the store that can be cut, and that can lose the answer to the next write."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.lose_answer_to = b""
        self.lost = 0

    async def mend(self) -> None:
        self.port = self.port or free_port()  # while it is cut, nobody else must be given it
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream}
        doomed = asyncio.Event()

        async def forth() -> None:
            while data := await reader.read(1 << 16):
                if self.lose_answer_to and self.lose_answer_to in data:
                    self.lose_answer_to = b""
                    doomed.set()
                upstream.write(data)

        async def back() -> None:
            while data := await upstream_reader.read(1 << 16):
                if doomed.is_set():
                    self.lost += 1
                    return
                writer.write(data)

        tasks = [asyncio.create_task(forth()), asyncio.create_task(back())]
        with contextlib.suppress(OSError):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in (writer, upstream):
            each.transport.abort()
            self._writers.discard(each)


@pytest.fixture
async def database(mongodb_uri) -> AsyncIterator[mongo.Database]:
    """A database of this test's own, at a real store."""
    client = mongo.connect(mongodb_uri)
    name = f"test_{uuid.uuid4().hex[:10]}"
    yield client[name]
    await client.drop_database(name)
    client.close()


@pytest.fixture
async def link(mongodb_uri, monkeypatch) -> AsyncIterator[Link]:
    """The link behind `linked_database`."""
    monkeypatch.setattr(mongo, "_TIMEOUT_MS", 2_000)
    host, _, port = mongodb_uri.removeprefix("mongodb://").split("/")[0].partition(":")
    found = Link(host, int(port))
    await found.mend()
    yield found
    await found.cut()


@pytest.fixture
async def linked_database(link) -> AsyncIterator[mongo.Database]:
    """A database over a link that can be cut."""
    uri = f"mongodb://127.0.0.1:{link.port}/?directConnection=true&retryWrites=false&heartbeatFrequencyMS=500"
    client = mongo.connect(uri)
    yield client[f"test_{uuid.uuid4().hex[:10]}"]
    await asyncio.to_thread(client.close)  # it says goodbye over the link, which this loop serves
