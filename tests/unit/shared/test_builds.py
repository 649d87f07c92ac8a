import asyncio

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera_shared import builds
from chimera_shared.builds import BuildTable
from chimera_shared.errors import Transient


def told(revision: int, state=build_pb2.BUILD_STATE_RUNNING, build_id="b1") -> events_pb2.BuildChanged:
    spec = build_pb2.BuildSpec(name="demo", samples=3)
    return events_pb2.BuildChanged(build=build_pb2.Build(build_id=build_id, spec=spec, state=state, revision=revision))


async def test_the_newest_revision_stays():
    table = BuildTable()
    for revision in (2, 1, 3, 3, 2):
        await table.learn(told(revision))

    assert (await table.get("b1")).revision == 3


async def test_an_old_event_does_not_bring_an_ended_build_back():
    table = BuildTable()
    await table.learn(told(5, build_pb2.BUILD_STATE_CANCELLED))
    await table.learn(told(4))

    assert (await table.get("b1")).state == build_pb2.BUILD_STATE_CANCELLED


async def test_events_learnt_at_the_same_time_keep_the_newest():
    table = BuildTable()
    async with table._news:
        learning = [asyncio.create_task(table.learn(told(revision))) for revision in (9, 4)]
        await asyncio.sleep(0)
    await asyncio.gather(*learning)

    assert (await table.get("b1")).revision == 9


@pytest.mark.parametrize("state", sorted(builds.ENDED))
async def test_of_an_ended_build_only_the_state_stays(state):
    table = BuildTable()
    await table.learn(told(1))
    await table.learn(told(2, state))

    assert await table.get("b1") == build_pb2.Build(build_id="b1", state=state, revision=2)


async def test_get_waits_for_a_build_not_known_yet():
    table = BuildTable()
    waiting = asyncio.create_task(table.get("b1"))
    await table.learn(told(1, build_id="b2"))
    await asyncio.sleep(0.01)
    assert not waiting.done()

    await table.learn(told(1))

    assert (await asyncio.wait_for(waiting, 1)).build_id == "b1"


async def test_get_of_a_build_nobody_tells_of_is_transient(monkeypatch):
    monkeypatch.setattr(builds, "_PATIENCE_SECONDS", 0.05)

    with pytest.raises(Transient, match="b1"):
        await BuildTable().get("b1")
