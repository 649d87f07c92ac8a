"""Several builds at once share endpoints by weight, and a small one does not wait behind a huge one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from e2e.cluster import Cluster, cluster
from e2e.contract import ended, look, order, submit, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]
HUGE = 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path_factory.mktemp("fairness")) as running:
        yield running


async def test_builds_progress_by_weight_while_both_have_work(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.4)
    specs = [order(samples, {"Mathematics": 1, "Physics": 1}, seed=samples) for samples in (450, 150)]
    specs[0].weight = 3
    heavy, light = [await submit(deployed, spec) for spec in specs]

    await until(deployed, light, lambda build: build.progress.accepted >= 30)
    first = [(await look(deployed, build)).progress.accepted for build in (heavy, light)]
    await until(deployed, light, lambda build: build.progress.accepted >= 100)
    then = [(await look(deployed, build)).progress.accepted for build in (heavy, light)]

    ratio = (then[0] - first[0]) / (then[1] - first[1])
    assert 2.2 < ratio < 3.8, f"{first} and then {then}"
    for build_id, spec in zip((heavy, light), specs, strict=True):
        build = await until(deployed, build_id, ended)
        assert (build.state, build.progress.accepted) == (build_pb2.BUILD_STATE_SUCCEEDED, spec.samples)


async def test_a_small_build_ends_while_a_huge_one_has_all_endpoints_busy(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.4)
    huge = await submit(deployed, order(HUGE, {"Mathematics": 1, "Chemistry": 1}, seed=1, name="huge"))
    before = await until(deployed, huge, lambda build: build.progress.accepted >= 50)

    small = await submit(deployed, order(12, {"Physics": 1}, seed=2, name="small"))
    build = await until(deployed, small, ended)

    assert (build.state, build.progress.accepted) == (build_pb2.BUILD_STATE_SUCCEEDED, 12)
    after = await look(deployed, huge)
    assert after.state == build_pb2.BUILD_STATE_RUNNING
    assert after.progress.accepted - before.progress.accepted < 1_000
    async with deployed.channel() as channel:
        stub = build_service_pb2_grpc.BuildServiceStub(channel)
        await stub.CancelBuild(build_service_pb2.CancelBuildRequest(build_id=huge))
