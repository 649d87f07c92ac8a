"""Pause, resume and cancel over all services in this process, with a teacher that is as slow as its dials say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from chimera.build.v1 import build_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client.client import AsyncClient
from chimera_standalone.app import Standalone

pytestmark = pytest.mark.integration
LONGEST_SECONDS = 600
SAMPLES = 100
QUICK = {"latency_mean_seconds": 0.02, "latency_sigma": 0}
HOURS = {"latency_mean_seconds": 3600, "latency_cap_seconds": 3600}


@dataclass(frozen=True)
class Scene:
    """Running services, a client, and the teacher's dials."""

    client: AsyncClient
    http: aiohttp.ClientSession
    teacher: str

    async def dials(self, **changes: Any) -> None:
        async with self.http.put(f"{self.teacher}/dials", json=changes) as answer:
            assert answer.status == 200, await answer.text()

    async def stats(self) -> dict[str, Any]:
        async with self.http.get(f"{self.teacher}/stats") as answer:
            return dict(await answer.json())

    async def when(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The teacher's figures once they are so."""
        async with asyncio.timeout(LONGEST_SECONDS):
            while not holds(stats := await self.stats()):  # noqa: ASYNC110 another server's
                await asyncio.sleep(0.02)
            return stats

    async def order(self, name: str, samples: int, proposer: str = "procedural-teacher") -> str:
        spec = build_pb2.BuildSpec(
            name=name,
            samples=samples,
            seed=len(name),
            subjects=[{"name": "Mathematics", "weight": 1}, {"name": "Physics", "weight": 1}],
            roles={
                "proposer": {"endpoints": [proposer]},
                "panel": [{"endpoints": ["procedural-strong"]}, {"endpoints": ["procedural-medium"]}],
                "solver": {"endpoints": ["procedural-teacher"]},
            },
        )
        return (await self.client.builds.submit(spec)).build_id

    async def build(self, build_id: str, done: Callable[[build_pb2.Build], bool]) -> build_pb2.Build:
        async with asyncio.timeout(LONGEST_SECONDS):
            while not done(build := await self.client.builds.get(build_id)):  # noqa: ASYNC110 a build is polled
                await asyncio.sleep(0.05)
            return build


@pytest.fixture
async def scene(tmp_path, monkeypatch, request) -> AsyncIterator[Scene]:
    monkeypatch.setenv("CHIMERA_RECONCILE_SECONDS", "1")
    monkeypatch.setenv("CHIMERA_OVERDUE_SECONDS", "2")
    monkeypatch.setenv("CHIMERA_GRACEFUL_TIMEOUT_SECONDS", "0.1")
    if slots := getattr(request, "param", None):
        monkeypatch.setenv("CHIMERA_MAX_IN_FLIGHT", str(slots))
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGODB_URI"):
        monkeypatch.delenv(name, raising=False)
    async with (
        Standalone(tmp_path, {}) as services,
        aiohttp.ClientSession() as http,
        AsyncClient(services.gateway_target) as client,
    ):
        scene = Scene(client, http, services.endpoints["procedural-teacher"].base_url)
        await scene.dials(**QUICK)
        yield scene


def accepted(build: build_pb2.Build) -> int:
    return build.progress.accepted


async def test_a_pause_takes_in_what_is_under_way_and_a_resume_pays_nothing_again(scene):
    build_id = await scene.order("paused", SAMPLES)
    await scene.build(build_id, lambda build: accepted(build) >= 5)
    await scene.dials(latency_mean_seconds=8, latency_sigma=0)  # longer than anybody needs to hear of the pause
    before = await scene.when(lambda stats: stats["in_flight"] >= 8)

    await scene.client.builds.pause(build_id)
    first_end = await scene.when(lambda stats: stats["answered"] > before["answered"] + 4 or not stats["in_flight"])
    last_end = await scene.when(lambda stats: not stats["in_flight"])

    # Every answer frees a place: a build that goes on would fill it at once, and for another 8 s.
    assert last_end["requests"] == first_end["requests"]
    assert set(last_end["by_status"]) == {"200"}
    paused = await scene.client.builds.get(build_id)
    assert paused.state == build_pb2.BUILD_STATE_PAUSED

    await scene.dials(**QUICK)
    await scene.client.builds.resume(build_id)
    build = await scene.build(build_id, lambda build: build.state != build_pb2.BUILD_STATE_RUNNING)

    assert (build.state, accepted(build)) == (build_pb2.BUILD_STATE_SUCCEEDED, SAMPLES)
    samples = [s async for s in scene.client.samples.list(build_id, sample_pb2.OUTCOME_ACCEPTED)]
    assert len({(s.ref.subject, s.ref.slot) for s in samples}) == len(samples) == SAMPLES
    assert (await scene.stats())["repeats"] == 0


async def test_a_cancelled_build_cuts_its_calls_off_and_keeps_what_was_accepted(scene):
    build_id = await scene.order("cancelled", 150)
    await scene.build(build_id, lambda build: accepted(build) >= 10)
    await scene.dials(**HOURS)
    await scene.when(lambda stats: stats["in_flight"] >= 16)

    await scene.client.builds.cancel(build_id)
    async with asyncio.timeout(60):  # about 0.1 s on an idle machine
        cut_off = await scene.when(lambda stats: not stats["in_flight"])

    assert cut_off["by_status"]["cancelled"] >= 16
    build = await scene.client.builds.get(build_id)
    assert build.state == build_pb2.BUILD_STATE_CANCELLED
    dataset = await scene.client.datasets.get(build.dataset_id)
    samples = [sample async for sample in scene.client.datasets.read(dataset.dataset_id)]
    assert dataset.partial
    assert dataset.samples == len(samples) >= 10
    assert {s.outcome for s in samples} == {sample_pb2.OUTCOME_ACCEPTED}


@pytest.mark.parametrize("scene", [4], indirect=True)
@pytest.mark.parametrize("halt", ["pause", "cancel"])
async def test_a_halted_build_gives_up_the_places_of_those_that_only_wait(scene, halt):
    """Each stage works on four messages at a time; all of the proposer's wait, for the end of a rest of ten minutes."""
    first = await scene.order("first", 200, proposer="procedural-weak")
    await scene.build(first, lambda build: accepted(build) >= 2)
    await scene.dials(models={"procedural-weak": {"rate_429": 1, "retry_after_seconds": 600}})
    await scene.when(lambda stats: stats["models"]["procedural-weak"]["by_status"].get("429", 0) >= 1)
    second = await scene.order("second", 6)
    refused = (await scene.stats())["models"]["procedural-weak"]["requests"]

    await getattr(scene.client.builds, halt)(first)

    build = await scene.build(second, lambda build: build.state != build_pb2.BUILD_STATE_RUNNING)
    assert (build.state, accepted(build)) == (build_pb2.BUILD_STATE_SUCCEEDED, 6)
    assert (await scene.stats())["models"]["procedural-weak"]["requests"] <= refused + 4
