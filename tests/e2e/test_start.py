"""A process that cannot start yet can still be stopped."""

import asyncio
import signal
from pathlib import Path

import pytest

from chimera_standalone.embedded import EmbeddedStore
from e2e.cluster import Process
from ports import free_port

pytestmark = pytest.mark.e2e


async def test_a_start_that_waits_for_the_broker_ends_on_sigterm(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        reached.set()
        await reader.read()
        writer.close()

    store = EmbeddedStore(tmp_path / "store")
    await store.start()
    try:
        async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
            environment = {
                "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{silent.sockets[0].getsockname()[1]}",
                "MONGODB_URI": store.uri,
                "CHIMERA_PORT": str(free_port()),
            }
            process = Process("generator", "chimera_generator", environment, tmp_path / "generator.log")
            await process.start()
            running = process.running
            assert running is not None
            await asyncio.wait_for(reached.wait(), 120)
            running.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(running.wait(), 60) == 0, process.log.read_text()
    finally:
        await store.stop()
