"""Builds over a network that breaks between one service and the broker or the store."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from e2e.accounts import Accounts
from e2e.cluster import Cluster, cluster
from e2e.contract import Census, broken, order, samples, submit, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="module")]

SUBJECTS = {"Mathematics": 1.0, "Chemistry": 1.0}
MIX = {"Mathematics": 15, "Chemistry": 15}
SAMPLES = 30
BROKEN_SECONDS = 4.0
CASES = [
    ("generator", "broker", "cut"),
    ("generator", "store", "hole"),
    ("verifier", "broker", "hole"),
    ("verifier", "store", "cut"),
    ("taxonomy", "broker", "cut"),
    ("taxonomy", "store", "hole"),
    ("gateway", "broker", "hole"),
    ("gateway", "store", "cut"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path_factory.mktemp("cluster"), linked=True) as running:
        yield running


@pytest.mark.parametrize(("service", "server", "how"), CASES)
async def test_a_broken_network_costs_nothing_but_time(deployed: Cluster, service: str, server: str, how: str) -> None:
    await deployed.dials(latency_mean_seconds=0.25)
    deployed.journal.forget()
    spec = order(SAMPLES, SUBJECTS, seed=500 + CASES.index((service, server, how)))
    build_id = await submit(deployed, spec)
    accounts = Accounts(deployed, build_id)
    await until(deployed, build_id, lambda b: b.progress.accepted >= SAMPLES // 6)
    link = deployed.links[service, server]
    assert link.connections
    if how == "cut":
        await link.refuse()
        await asyncio.sleep(BROKEN_SECONDS)
        await link.accept()
    else:
        link.open_hole()
        await asyncio.sleep(BROKEN_SECONDS)
        link.close_hole()
    build = await until(deployed, build_id)
    assert not broken(spec, build, Census(MIX, await samples(deployed, build_id)))
    purchases = await accounts.purchases()
    assert (purchases.repeats, purchases.distinct) == (0, build.progress.usage.calls)


async def test_a_slow_network_delays_and_changes_nothing(deployed: Cluster) -> None:
    await deployed.dials(latency_mean_seconds=0.05)
    deployed.journal.forget()
    for link in deployed.links.values():
        link.delay_seconds = 0.05
    try:
        spec = order(SAMPLES, SUBJECTS, seed=499)
        build_id = await submit(deployed, spec)
        build = await until(deployed, build_id)
    finally:
        for link in deployed.links.values():
            link.delay_seconds = 0.0
    assert not broken(spec, build, Census(MIX, await samples(deployed, build_id)))
    assert (await Accounts(deployed, build_id).purchases()).repeats == 0
