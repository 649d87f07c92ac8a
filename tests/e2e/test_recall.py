"""A panel member turns out bad: its samples are verified again by another, whatever is killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_client import AsyncClient
from chimera_client.replacements import replacements
from e2e.accounts import Accounts
from e2e.cluster import MODELS, SPARE, Cluster, cluster
from e2e.contract import order, submit, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SAMPLES = 24
BAD = MODELS[2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


async def test_a_recall_withdraws_what_does_not_pass_again_and_nothing_else(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.02)
    build = await until(deployed, await submit(deployed, order(SAMPLES, {"Mathematics": 1.0, "Physics": 1.0}, seed=5)))
    await deployed.dials(latency_mean_seconds=0.8, latency_sigma=0.3, models={SPARE: {"accuracy": 0.6}})
    async with AsyncClient(deployed.gateway) as client:
        first = [sample async for sample in client.datasets.read(build.dataset_id)]
        answered = {sample.ref.sample_id: _bad_call(sample).time for sample in first}
        after = sorted(answered.values(), key=lambda time: time.ToNanoseconds())[SAMPLES // 3]
        late = {name for name, time in answered.items() if time.ToMilliseconds() >= after.ToMilliseconds()}
        evidence = sample_pb2.EvidenceFilter(role="panel", model=BAD, after=after)
        found = client.samples.list(build.build_id, sample_pb2.OUTCOME_ACCEPTED, evidence=evidence)
        assert {sample.ref.sample_id async for sample in found} == late

        others = replacements(build.spec.roles, [f"panel[1]={SPARE}"], "others")
        assert (await client.recalls.preview(build.dataset_id, evidence, "x", others)).selected == len(late)
        deployed.journal.forget()
        recall = await client.recalls.start(build.dataset_id, evidence, "it guessed", others)
        accounts = Accounts(deployed, recall.recall_id)
        await _asked(deployed)
        await deployed.kill_only("verifier")
        await accounts.note_death("verifier")
        await deployed.revive("verifier")
        killed = False
        async for seen in client.recalls.watch(recall.recall_id):
            recall = seen
            if not killed and recall.kept + recall.withdrawn >= len(late) // 4:
                killed = True
                await deployed.kill("gateway")
        assert killed
    await deployed.ready("gateway")

    async with AsyncClient(deployed.gateway) as client:  # the other may not have noticed yet that it is back
        assert recall.state == recall_pb2.RECALL_STATE_SUCCEEDED
        assert recall.selected == recall.kept + recall.withdrawn == len(late)
        assert 0 < recall.withdrawn < len(late)
        again = [sample async for sample in client.datasets.read(build.dataset_id)]
        assert again == first, "the first version stays exactly as it was"
        second = {s.ref.sample_id: s async for s in client.datasets.read(recall.new_dataset_id)}
        withdrawn = {
            s.ref.sample_id: s async for s in client.samples.list(build.build_id, reason=sample_pb2.REASON_RECALLED)
        }
        assert len(withdrawn) == recall.withdrawn
        assert second.keys() == answered.keys() - withdrawn.keys()
        assert withdrawn.keys() <= late
        before = {sample.ref.sample_id: sample for sample in first}
        assert all(second[name] == before[name] for name in answered.keys() - late)
        new = {name: second.get(name) or withdrawn[name] for name in late}
        assert all(_models(sample)[1] == SPARE for sample in new.values())
        assert recall.usage.calls == sum(new[name].usage.calls - before[name].usage.calls for name in late)
        purchases = await accounts.purchases()
        assert not purchases.unexplained
        assert purchases.distinct == recall.usage.calls
        history = await client.datasets.history(build.dataset_id)
        assert [(d.version, d.samples) for d in history] == [(1, SAMPLES), (2, SAMPLES - recall.withdrawn)]


async def test_a_cancelled_recall_stops_asking_at_once(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=3600, latency_cap_seconds=3600)
    async with AsyncClient(deployed.gateway) as client:
        newest = await anext(aiter(client.datasets.list()))
        evidence = sample_pb2.EvidenceFilter(role="panel")
        recall = await client.recalls.start(newest.dataset_id, evidence, "x")
        await _asked(deployed)
        await client.recalls.cancel(recall.recall_id)
        async with asyncio.timeout(120):
            while (await deployed.stats())["in_flight"]:  # noqa: ASYNC110 the teacher tells nobody
                await asyncio.sleep(0.1)
        history = await client.datasets.history(newest.dataset_id)
        assert [dataset.dataset_id for dataset in history][-1] == newest.dataset_id
        assert [s async for s in client.samples.list(newest.build_id, evidence=evidence)]


async def _asked(deployed: Cluster) -> None:
    """Wait until the teacher is asked something."""
    async with asyncio.timeout(240):
        while not (await deployed.stats())["in_flight"]:  # noqa: ASYNC110 the teacher tells nobody
            await asyncio.sleep(0.1)


def _bad_call(sample: sample_pb2.Sample) -> sample_pb2.ModelCall:
    return next(call for vote in sample.validation.votes for call in vote.calls if call.model == BAD)


def _models(sample: sample_pb2.Sample) -> list[str]:
    return [call.model for vote in sample.validation.votes for call in vote.calls]
