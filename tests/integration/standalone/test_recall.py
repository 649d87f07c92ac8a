"""Recalls over all services in this process: how one ends that cannot be completed, and how the next continues it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from chimera.build.v1 import build_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_standalone.app import Standalone

pytestmark = pytest.mark.integration
LONGEST_SECONDS = 120
SAMPLES = 8
CALLS = 2 * SAMPLES
"""Two members of a panel look at each."""
SUCCEEDED, FAILED = recall_pb2.RECALL_STATE_SUCCEEDED, recall_pb2.RECALL_STATE_FAILED


class Scene:
    """Running services with a dataset, and the teacher's dials and figures."""

    def __init__(self, client: AsyncClient, http: aiohttp.ClientSession, teacher: str) -> None:
        self.client = client
        self._http = http
        self._teacher = teacher
        self.dataset_id = ""

    async def dials(self, **changes: Any) -> None:
        async with self._http.put(f"{self._teacher}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def answered(self) -> int:
        async with self._http.get(f"{self._teacher}/stats") as answer:
            return int((await answer.json())["answered"])

    async def build(self) -> None:
        member = {"max_tokens": 4096}
        spec = build_pb2.BuildSpec(
            name="recalled",
            samples=SAMPLES,
            seed=1,
            subjects=[{"name": "Mathematics", "weight": 1}],
            roles={
                "proposer": {"endpoints": ["procedural-teacher"]},
                "panel": [
                    {"endpoints": ["procedural-strong"], **member},
                    {"endpoints": ["procedural-medium"], **member},
                ],
                "solver": {"endpoints": ["procedural-teacher"]},
            },
        )
        async with asyncio.timeout(LONGEST_SECONDS):
            async for build in self.client.builds.watch((await self.client.builds.submit(spec)).build_id):
                self.dataset_id = build.dataset_id

    async def recall(self, budget: build_pb2.Budget | None = None) -> recall_pb2.Recall:
        """A recall of all samples, as it ended."""
        evidence = sample_pb2.EvidenceFilter(role="panel")
        ordered = await self.client.recalls.start(self.dataset_id, evidence, "it slept", budget=budget)
        async with asyncio.timeout(LONGEST_SECONDS):
            async for recall in self.client.recalls.watch(ordered.recall_id):
                last = recall
        return last

    async def spent(self, *recalls: recall_pb2.Recall) -> int:
        found = [await self.client.recalls.get(recall.recall_id) for recall in recalls]
        return sum(recall.spending.spent.calls for recall in found)

    async def versions(self) -> int:
        return len(await self.client.datasets.history(self.dataset_id))


@pytest.fixture
async def scene(tmp_path, monkeypatch) -> AsyncIterator[Scene]:
    monkeypatch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)
    async with (
        Standalone(tmp_path, {}) as services,
        aiohttp.ClientSession() as http,
        AsyncClient(services.gateway_target) as client,
    ):
        scene = Scene(client, http, services.endpoints["procedural-teacher"].base_url)
        right = {name: {"accuracy": 1.0} for name in ("procedural-strong", "procedural-medium")}
        await scene.dials(latency_mean_seconds=0.02, latency_sigma=0, models=right)
        await scene.build()
        yield scene


async def test_a_recall_that_cannot_be_completed_changes_nothing_and_the_next_pays_only_for_the_rest(scene):
    before = await scene.answered()
    short = await scene.recall(build_pb2.Budget(calls=6))

    assert short.state == FAILED
    verified = short.kept + short.withdrawn
    assert short.detail == (
        f"the budget of 6 model calls is spent: 6 were made; {verified} of {SAMPLES} samples were verified again"
    )
    assert short.spending.spent.calls == await scene.answered() - before == 6
    assert not short.spending.reserved.calls
    assert await scene.versions() == 1

    await scene.dials(models={"procedural-medium": {"status": 400}})
    refused = await scene.recall()
    assert (refused.state, refused.continues) == (FAILED, short.recall_id)
    assert 0 < refused.unverified <= SAMPLES
    assert "the first because: panel[1]: procedural-medium: " in refused.detail
    assert await scene.versions() == 1

    await scene.dials(models={"procedural-medium": {"status": None}})
    whole = await scene.recall()
    assert (whole.state, whole.continues, whole.kept) == (SUCCEEDED, short.recall_id, SAMPLES)
    assert await scene.answered() - before == CALLS, "no answer was paid for twice"
    async with asyncio.timeout(10):  # books are told every second
        while await scene.spent(short, refused, whole) != CALLS:  # noqa: ASYNC110 nobody tells of it
            await asyncio.sleep(0.2)
    assert await scene.versions() == 2
