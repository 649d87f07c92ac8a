import asyncio
import contextlib

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera_shared import builds
from chimera_shared.builds import BuildTable
from chimera_shared.errors import BuildHalted, Transient


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


async def test_those_that_run():
    table = BuildTable()
    for name, state in (("b1", build_pb2.BUILD_STATE_RUNNING), ("b2", build_pb2.BUILD_STATE_PAUSED)):
        await table.learn(told(1, state, name))
    await table.learn(told(1, build_id="b3"))
    await table.learn(told(2, build_pb2.BUILD_STATE_SUCCEEDED, "b3"))

    assert [build.build_id for build in table.running()] == ["b1"]


async def test_get_waits_for_a_build_not_known_yet():
    table = BuildTable()
    waiting = asyncio.create_task(table.get("b1"))
    await table.learn(told(1, build_id="b2"))
    await asyncio.sleep(0.01)
    assert not waiting.done()

    await table.learn(told(1))

    assert (await asyncio.wait_for(waiting, 20)).build_id == "b1"


async def test_get_of_a_build_nobody_tells_of_is_transient(monkeypatch):
    monkeypatch.setattr(builds, "_PATIENCE_SECONDS", 0.05)

    with pytest.raises(Transient, match="b1"):
        await BuildTable().get("b1")


PAUSED, CANCELLED = build_pb2.BUILD_STATE_PAUSED, build_pb2.BUILD_STATE_CANCELLED
HALTS = sorted({PAUSED, *builds.ENDED})


async def running(build_id="b1") -> BuildTable:
    table = BuildTable()
    await table.learn(told(1, build_id=build_id))
    return table


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def blocked(table, *, paid=False, build_id="b1"):
    """A task that is in a block for ever, and the events of its life."""
    log = []

    async def work():
        with table.going_on(build_id, paid=paid):
            log.append("in")
            await asyncio.sleep(3600)
        log.append("through")

    return asyncio.create_task(work()), log


@pytest.mark.parametrize("state", HALTS)
async def test_a_block_that_waits_ends_at_every_halt(state):
    table = await running()
    task, log = blocked(table)
    await settled()

    await table.learn(told(2, state))

    with pytest.raises(BuildHalted, match="b1"):
        await task
    assert log == ["in"]
    assert task.cancelling() == 0


@pytest.mark.parametrize("state", HALTS)
async def test_a_paid_block_is_cut_off_by_a_cancelled_build_alone(state):
    table = await running()
    task, _ = blocked(table, paid=True)
    await settled()

    await table.learn(told(2, state))
    await settled()

    assert task.done() == (state == CANCELLED)
    task.cancel()
    with pytest.raises((BuildHalted, asyncio.CancelledError)):
        await task


@pytest.mark.parametrize("state", HALTS)
async def test_a_block_of_a_build_that_is_halted_already_is_not_entered(state):
    table = await running()
    await table.learn(told(2, state))
    task, log = blocked(table)

    with pytest.raises(BuildHalted):
        await task
    assert log == []


async def test_questions_of_no_build_are_never_halted():
    table = BuildTable()
    with table.going_on(""):
        await asyncio.sleep(0)


async def test_a_build_that_becomes_known_while_a_block_runs_can_halt_it():
    table = BuildTable()
    task, _ = blocked(table)
    await settled()

    await table.learn(told(1))
    await settled()
    assert not task.done()
    await table.learn(told(2, PAUSED))

    with pytest.raises(BuildHalted):
        await task


async def test_only_blocks_of_the_halted_build_end():
    table = await running()
    await table.learn(told(1, build_id="b2"))
    tasks = [blocked(table)[0] for _ in range(3)]
    other, _ = blocked(table, build_id="b2")
    await settled()

    await table.learn(told(2, PAUSED))

    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in found] == [BuildHalted] * 3
    assert not other.done()
    other.cancel()
    await asyncio.wait([other])


async def test_a_cancelled_task_is_cancelled_and_not_halted():
    table = await running()
    task, _ = blocked(table)
    await settled()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("cancelled_first", [True, False])
async def test_a_task_that_is_cancelled_and_halted_at_once_is_cancelled(cancelled_first):
    table = await running()
    task, log = blocked(table)
    await settled()

    if cancelled_first:
        task.cancel()
    await table.learn(told(2, PAUSED))
    if not cancelled_first:
        task.cancel()

    await asyncio.wait([task])
    assert task.cancelled()
    assert log == ["in"]


async def test_the_last_of_two_halts_changes_nothing():
    table = await running()
    task, _ = blocked(table)
    await settled()

    await table.learn(told(2, PAUSED))
    await table.learn(told(3))
    await table.learn(told(4, CANCELLED))

    with pytest.raises(BuildHalted):
        await task
    assert task.cancelling() == 0


async def test_what_is_ready_when_the_halt_comes_is_taken_in_and_the_next_block_not_entered():
    table = await running()
    ready = asyncio.get_running_loop().create_future()
    answers = []

    async def work():
        with table.going_on("b1"):
            answers.append(await ready)
        with table.going_on("b1"):
            await asyncio.sleep(3600)

    task = asyncio.create_task(work())
    await settled()
    ready.set_result("answer")
    await table.learn(told(2, PAUSED))

    with pytest.raises(BuildHalted):
        await task
    assert answers == ["answer"]


async def test_a_block_that_ended_is_not_halted():
    table = await running()
    going_on = asyncio.Event()

    async def work():
        with table.going_on("b1"):
            pass
        await going_on.wait()
        return "fine"

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, CANCELLED))
    going_on.set()

    assert await task == "fine"


async def test_the_outer_of_nested_blocks_tells_of_the_halt():
    table = await running()
    log = []

    async def work():
        try:
            with table.going_on("b1"):
                try:
                    with table.going_on("b1"):
                        await asyncio.sleep(3600)
                except BuildHalted:
                    log.append("inner")
        except BuildHalted:
            log.append("outer")
        await asyncio.sleep(0)
        return log

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED))

    assert await task == ["outer"]
    assert task.cancelling() == 0


async def test_of_nested_blocks_of_two_builds_the_halted_one_ends():
    table = await running()
    await table.learn(told(1, build_id="b2"))
    log = []

    async def work():
        with table.going_on("b1"):
            try:
                with table.going_on("b2"):
                    await asyncio.sleep(3600)
            except BuildHalted as error:
                log.append(str(error))
            await asyncio.sleep(0)
        return log

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED, "b2"))

    assert await task == ["build b2 does not run"]


@pytest.mark.parametrize("timeout_within", [True, False])
async def test_a_time_out_around_or_within_is_told_apart_from_a_halt(timeout_within):
    table = await running()

    async def work():
        if timeout_within:
            with table.going_on("b1"):
                async with asyncio.timeout(0.01):
                    await asyncio.sleep(3600)
        else:
            async with asyncio.timeout(0.01):
                with table.going_on("b1"):
                    await asyncio.sleep(3600)

    with pytest.raises(TimeoutError):
        await asyncio.create_task(work())


async def test_an_error_of_the_clean_up_is_not_hidden_and_the_task_lives_on():
    table = await running()

    async def work():
        try:
            with table.going_on("b1"):
                try:
                    await asyncio.sleep(3600)
                finally:
                    raise KeyError("clean-up")
        except KeyError:
            await asyncio.sleep(0)
            return "lives"

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED))

    assert await task == "lives"
    assert task.cancelling() == 0


async def test_work_that_ends_in_spite_of_the_halt_keeps_its_result():
    table = await running()

    async def work():
        with table.going_on("b1"):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                return "kept"

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED))

    assert await task == "kept"
    assert task.cancelling() == 0


async def test_blocks_of_child_tasks_end_each_by_itself():
    table = await running()

    async def child():
        with table.going_on("b1"):
            await asyncio.sleep(3600)

    async def work():
        return await asyncio.gather(child(), child(), return_exceptions=True)

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED))

    assert [type(error) for error in await task] == [BuildHalted] * 2


async def test_a_block_around_child_tasks_takes_them_along():
    table = await running()
    ended = []

    async def child():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(1)

    async def work():
        with table.going_on("b1"):
            await asyncio.gather(child(), child())

    task = asyncio.create_task(work())
    await settled()
    await table.learn(told(2, PAUSED))

    with pytest.raises(BuildHalted):
        await task
    await settled()
    assert ended == [1, 1]


async def test_ended_blocks_are_forgotten():
    table = await running()
    task, _ = blocked(table)
    await settled()
    await table.learn(told(2, PAUSED))
    await asyncio.wait([task])

    assert table._going_on == {}


async def test_a_task_that_halts_its_own_build_is_not_cancelled_after_the_block():
    table = await running()

    async def work():
        with contextlib.suppress(BuildHalted), table.going_on("b1"):
            await table.learn(told(2, CANCELLED))
        await asyncio.sleep(0)
        return "lives"

    assert await asyncio.create_task(work()) == "lives"
