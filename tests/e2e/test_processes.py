"""Builds over separate processes: ordered by reflection, repeatable by seed, and unharmed by SIGKILL."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from e2e.cluster import IN_FLIGHT, MODELS, Cluster, cluster
from e2e.reflected import Reflected

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SUBJECTS = ("Mathematics", "Physics", "Linguistics")
SAMPLES = 40
BUILD_SECONDS = 120


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def spec(seed: int = 11, samples: int = SAMPLES) -> build_pb2.BuildSpec:
    teacher, *panel = MODELS
    return build_pb2.BuildSpec(
        name="e2e",
        samples=samples,
        seed=seed,
        subjects=[
            build_pb2.SubjectSpec(name=name, weight=weight) for name, weight in zip(SUBJECTS, (2, 1, 1), strict=True)
        ],
        roles=build_pb2.Roles(
            proposer=build_pb2.RoleSpec(endpoints=[teacher]),
            panel=[build_pb2.RoleSpec(endpoints=[name]) for name in panel],
            solver=build_pb2.RoleSpec(endpoints=[teacher]),
        ),
    )


async def submit(deployed: Cluster, order: build_pb2.BuildSpec) -> str:
    async with deployed.channel() as channel:
        request = build_service_pb2.SubmitBuildRequest(request_id=uuid.uuid4().hex, spec=order)
        build = await build_service_pb2_grpc.BuildServiceStub(channel).SubmitBuild(request, timeout=10)
        return str(build.build_id)


async def look(deployed: Cluster, build_id: str) -> build_pb2.Build:
    async with deployed.channel() as channel:
        stub = build_service_pb2_grpc.BuildServiceStub(channel)
        request = build_service_pb2.GetBuildRequest(build_id=build_id)
        return await stub.GetBuild(request, timeout=10, wait_for_ready=True)


async def until(deployed: Cluster, build_id: str, done: Any) -> build_pb2.Build:
    build = None
    try:
        async with asyncio.timeout(BUILD_SECONDS):
            while not done(build := await look(deployed, build_id)):  # noqa: ASYNC110 a build is polled
                await asyncio.sleep(0.2)
            return build
    except TimeoutError:
        deployed.dump_stacks()
        await asyncio.sleep(1)
        pytest.fail(f"the build stands at {build}\n{deployed.logs()}")


def ended(build: build_pb2.Build) -> bool:
    return build.state not in (build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_PAUSED)


async def samples(deployed: Cluster, build_id: str) -> list[sample_pb2.Sample]:
    found: list[sample_pb2.Sample] = []
    async with deployed.channel() as channel:
        stub = sample_service_pb2_grpc.SampleServiceStub(channel)
        request = sample_service_pb2.ListSamplesRequest(build_id=build_id, page_size=50)
        while True:
            page = await stub.ListSamples(request, timeout=20)
            found += page.samples
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token


def require_contract(build: build_pb2.Build, found: list[sample_pb2.Sample]) -> None:
    """Exactly the samples asked for, in the asked mix, every slot once, every attempt accounted for."""
    assert build.state == build_pb2.BUILD_STATE_SUCCEEDED, build
    assert build.progress.accepted == SAMPLES
    accepted = [s for s in found if s.outcome == sample_pb2.OUTCOME_ACCEPTED]
    assert Counter(s.ref.subject for s in accepted) == {"Mathematics": 20, "Physics": 10, "Linguistics": 10}
    assert len({(s.ref.subject, s.ref.slot) for s in accepted}) == SAMPLES
    assert len({s.ref.sample_id for s in found}) == len(found)
    assert len(found) == build.progress.accepted + build.progress.rejected + build.progress.unknown
    attempts = {(s.ref.subject, s.ref.slot, s.ref.attempt) for s in found}
    for s in accepted:
        assert {(s.ref.subject, s.ref.slot, a) for a in range(s.ref.attempt + 1)} <= attempts


async def test_a_stranger_orders_by_reflection(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.02)

    def order() -> dict[str, Any]:
        stranger = Reflected(deployed.gateway)
        try:
            assert "chimera.build.v1.BuildService" in stranger.services()
            request = {
                "request_id": "stranger-1",
                "spec": {
                    "name": "stranger",
                    "samples": "12",
                    "seed": "5",
                    "subjects": [{"name": "Mathematics"}, {"name": "Physics", "weight": 0.5}],
                    "roles": {
                        "proposer": {"endpoints": ["procedural-teacher"]},
                        "panel": [{"endpoints": ["procedural-strong"]}, {"endpoints": ["procedural-medium"]}],
                        "solver": {"endpoints": ["procedural-teacher"]},
                    },
                },
            }
            first = stranger.call("chimera.build.v1.BuildService", "SubmitBuild", request)
            again = stranger.call("chimera.build.v1.BuildService", "SubmitBuild", request)
            assert first["build_id"] == again["build_id"]
            return first
        finally:
            stranger.close()

    submitted = await asyncio.to_thread(order)
    build = await until(deployed, submitted["build_id"], ended)
    assert build.state == build_pb2.BUILD_STATE_SUCCEEDED
    assert [(s.subject, s.target, s.accepted) for s in build.progress.subjects] == [
        ("Mathematics", 8, 8),
        ("Physics", 4, 4),
    ]


async def test_the_same_seed_proposes_the_same_problems(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.02)
    first, second = [await submit(deployed, spec(seed=23)) for _ in range(2)]
    proposed = []
    for build_id in (first, second):
        await until(deployed, build_id, ended)
        found = await samples(deployed, build_id)
        proposed.append({(s.ref.subject, s.ref.slot, s.ref.attempt): s.problem.statement for s in found})
    assert proposed[0] == proposed[1]


@pytest.mark.parametrize("victim", ["generator", "verifier", "taxonomy", "gateway", "broker", "store"])
async def test_a_killed_process_costs_nothing_but_time(deployed: Cluster, victim: str) -> None:
    await deployed.dials(latency_mean_seconds=0.25)
    await deployed.reset_stats()
    build_id = await submit(deployed, spec(seed=len(victim) * 31))
    await until(deployed, build_id, lambda b: b.progress.accepted >= SAMPLES // 5)
    in_flight = (await deployed.stats())["in_flight"]
    await deployed.kill(victim)
    build = await until(deployed, build_id, ended)
    require_contract(build, await samples(deployed, build_id))
    repeats = (await deployed.stats())["repeats"]
    allowed = 0 if victim in ("broker", "store", "gateway") else min(in_flight + IN_FLIGHT, len(MODELS) * IN_FLIGHT)
    assert repeats <= allowed, f"{repeats} calls were paid twice, with {in_flight} in flight when {victim} was killed"
