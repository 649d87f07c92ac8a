"""The procedural teacher as a process of its own, so that its processor time is not ours."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp


class Teacher:
    """A running teacher and its dials."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession) -> None:
        self.base_url = base_url
        self._session = session

    async def dials(self, **changes: Any) -> None:
        async with self._session.put(f"{self.base_url}/dials", json=changes) as response:
            response.raise_for_status()

    async def stats(self) -> dict[str, Any]:
        async with self._session.get(f"{self.base_url}/stats") as response:
            return dict(await response.json())

    async def reset(self) -> None:
        async with self._session.delete(f"{self.base_url}/stats") as response:
            response.raise_for_status()


@contextlib.asynccontextmanager
async def teacher() -> AsyncIterator[Teacher]:
    """Start the teacher on a free loopback port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chimera_inference", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            yield Teacher(line.split()[-1], session)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
