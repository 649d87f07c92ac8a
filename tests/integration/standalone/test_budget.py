"""Budgets over all services in this process: what is spent, to the call, and how a build ends by them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_shared import usage
from chimera_standalone.app import Standalone

pytestmark = pytest.mark.integration
LONGEST_SECONDS = 600


class Scene:
    """Running services, a client, and the teacher's figures."""

    def __init__(self, client: AsyncClient, http: aiohttp.ClientSession, teacher: str) -> None:
        self.client = client
        self._http = http
        self._teacher = teacher

    async def dials(self, **changes: Any) -> None:
        async with self._http.put(f"{self._teacher}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def stats(self) -> dict[str, Any]:
        async with self._http.get(f"{self._teacher}/stats") as answer:
            return dict(await answer.json())

    async def order(self, **changes: Any) -> str:
        spec = build_pb2.BuildSpec(
            name="limited",
            samples=400,
            seed=1,
            subjects=[{"name": "Mathematics", "weight": 1}, {"name": "Physics", "weight": 1}],
            roles={
                "proposer": {"endpoints": ["procedural-teacher"], "max_tokens": 4096},
                "panel": [
                    {"endpoints": ["procedural-strong"], "max_tokens": 4096},
                    {"endpoints": ["procedural-medium"], "max_tokens": 4096},
                ],
                "solver": {"endpoints": ["procedural-teacher"], "max_tokens": 4096},
            },
            **changes,
        )
        return (await self.client.builds.submit(spec)).build_id

    async def end(self, build_id: str) -> build_pb2.Build:
        async with asyncio.timeout(LONGEST_SECONDS):
            async for build in self.client.builds.watch(build_id):
                last = build
            return last


@pytest.fixture
async def scene(tmp_path, monkeypatch) -> AsyncIterator[Scene]:
    monkeypatch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
    monkeypatch.setenv("CHIMERA_MAX_IN_FLIGHT", "4")  # or every call would be a proposal: as many slots are open
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)
    async with (
        Standalone(tmp_path, {}) as services,
        aiohttp.ClientSession() as http,
        AsyncClient(services.gateway_target) as client,
    ):
        scene = Scene(client, http, services.endpoints["procedural-teacher"].base_url)
        await scene.dials(latency_mean_seconds=0.02, latency_sigma=0)
        yield scene


async def test_a_build_spends_its_calls_to_the_last_one_and_leaves_what_it_has(scene):
    build_id = await scene.order(budget={"calls": 150})
    build = await scene.end(build_id)

    assert (build.state, build.stop_reason) == (build_pb2.BUILD_STATE_FAILED, build_pb2.STOP_REASON_BUDGET_SPENT)
    assert build.detail == "the budget of 150 model calls is spent: 150 were made"
    answered = (await scene.stats())["answered"]
    spending = build.progress.spending
    assert spending.spent.calls == answered == 150
    assert (spending.reserved.calls, spending.unaccounted.calls) == (0, 0)
    dataset = await scene.client.datasets.get(build.dataset_id)
    samples = [sample async for sample in scene.client.datasets.read(build.dataset_id)]
    assert dataset.partial
    assert dataset.samples == len(samples) == build.progress.accepted > 0
    everything = [s async for s in scene.client.samples.list(build_id)]
    assert usage.total(s.usage for s in everything).calls <= build.progress.usage.calls <= 150
    assert {s.outcome for s in samples} == {sample_pb2.OUTCOME_ACCEPTED}


async def test_tokens_and_time_end_a_build_too(scene):
    by_tokens, by_time = (
        await scene.order(budget={"tokens": 400_000}),
        await scene.order(budget={"time": {"seconds": 4}}),
    )
    tokens, time = await scene.end(by_tokens), await scene.end(by_time)

    spent = tokens.progress.spending.spent
    assert tokens.stop_reason == build_pb2.STOP_REASON_BUDGET_SPENT
    assert tokens.detail.startswith("the budget of 400,000 tokens is spent: ")
    assert 300_000 < spent.input_tokens + spent.output_tokens <= 400_000
    assert time.stop_reason == build_pb2.STOP_REASON_TIME_LIMIT
    assert 4 <= time.end_time.seconds - time.create_time.seconds <= 30  # 4 or 5 on an idle machine
