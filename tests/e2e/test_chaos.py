"""A build survives what `make chaos` does to it, in short."""

from pathlib import Path

import pytest

from chaos.havoc import VICTIMS, Plan, wreak

pytestmark = pytest.mark.e2e


async def test_every_promise_holds_while_processes_are_killed(tmp_path: Path) -> None:
    plan = Plan(samples=60, kills=4, seed=21, latency_seconds=2.0, latency_cap_seconds=8.0)
    run = await wreak(tmp_path, plan)
    assert not run.broken
    assert [kill.victim for kill in run.kills] == [victim for _, victim in plan.victims()]


def test_everybody_is_killed_and_a_seed_repeats_a_plan() -> None:
    assert {victim for _, victim in Plan(kills=7, seed=5).victims()} == set(VICTIMS)
    assert Plan(seed=5).victims() == Plan(seed=5).victims() != Plan(seed=6).victims()
    moments = [moment for moment, _ in Plan(kills=30, samples=100).victims()]
    assert moments == sorted(moments)
    assert 0 < moments[0] < moments[-1] < 400
