"""The first ctrl-C lets calls in flight end, the second does not wait for them; the next run goes on."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from e2e.cluster import MODELS
from e2e.commands import build_file, children_of, chimera, ended, started, until_accepted
from ports import free_port

pytestmark = [pytest.mark.e2e]
SAMPLES = 60
IN_FLIGHT = 4
SLOW = {"latency_mean_seconds": 0.5, "latency_sigma": 0}
"""So that the build lasts 15 s at least: it is not over when somebody sees that it has begun."""
QUICK = {"latency_mean_seconds": 0.05, "latency_sigma": 0}
HOURS = {"latency_mean_seconds": 3600, "latency_cap_seconds": 3600}
GRACE_SECONDS = 600
"""Longer than any test lasts: what ends sooner did not wait for it."""


class Teacher:
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self.session = url, session

    async def dials(self, **changes: Any) -> None:
        async with self.session.put(f"{self.url}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def stats(self) -> dict[str, Any]:
        async with self.session.get(f"{self.url}/stats") as answer:
            return dict(await answer.json())

    async def hangs(self) -> None:
        """Wait until every call in flight is one that will not end."""
        same, answered = 0, -1
        async with asyncio.timeout(120):
            while same < 20:
                stats = await self.stats()
                same = same + 1 if stats["in_flight"] and stats["answered"] == answered else 0
                answered = stats["answered"]
                await asyncio.sleep(0.05)

    def file(self, path: Path) -> Path:
        names = ("teacher", "strong", "medium")
        endpoints = {
            name: {"base_url": self.url, "model": model, "max_in_flight": IN_FLIGHT}
            for name, model in zip(names, MODELS, strict=True)
        }
        roles = {"proposer": "teacher", "panel": ["strong", "medium"], "solver": "teacher"}
        return build_file(path, samples=SAMPLES, roles=roles, endpoints=endpoints)


async def test_the_second_ctrl_c_ends_at_once_and_the_next_run_goes_on(tmp_path: Path) -> None:
    port = free_port()
    async with started("--port", port, module="chimera_inference") as server, aiohttp.ClientSession() as session:
        assert server.stdout is not None
        await asyncio.wait_for(server.stdout.readline(), 120)
        teacher = Teacher(f"http://127.0.0.1:{port}/v1", session)
        await teacher.dials(**SLOW)
        output = tmp_path / "out"
        command = ("build", "run", teacher.file(tmp_path / "b.yaml"), "--data-dir", tmp_path / "data", "-o", output,
                   "--json")  # fmt: skip

        async with started(*command, CHIMERA_GRACEFUL_TIMEOUT_SECONDS=GRACE_SECONDS) as process:
            await until_accepted(process, 3)
            await teacher.dials(**HOURS)
            await teacher.hangs()
            children = children_of(process)
            assert process.stderr is not None
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(120):
                while b"ctrl-C" not in (line := await process.stderr.readline()) and line:
                    pass
            process.send_signal(signal.SIGINT)
            stopped = await ended(process)
        assert stopped.code == 130, stopped
        assert not output.exists()
        async with asyncio.timeout(120):  # a worker that is loading its libraries looks up only then
            while any(child.is_running() for child in children):  # noqa: ASYNC110 other processes
                await asyncio.sleep(0.05)
        assert (await teacher.stats())["by_status"]["cancelled"] >= 1

        await teacher.dials(**QUICK)
        completed = await chimera(*command)
        assert (completed.code, completed.complaints) == (0, []), completed
        assert completed.build["progress"]["accepted"] == SAMPLES
        # A call that was cut off was not answered, so no answer is paid for twice.
        assert (await teacher.stats())["repeats"] == 0
