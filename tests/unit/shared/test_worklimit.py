import asyncio

import pytest

from chimera_shared.worklimit import WorkLimit, waiting

SHORT, LONG = 0.1, 60.0


async def work(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def test_work_beyond_its_limit_times_out():
    with pytest.raises(TimeoutError):
        async with WorkLimit(SHORT) as limit:
            await work(LONG)
    assert limit.expired


async def test_work_within_its_limit_does_not():
    async with WorkLimit(LONG) as limit:
        await work(0)
    assert not limit.expired


async def test_waiting_does_not_count():
    async with WorkLimit(SHORT) as limit:
        with waiting():
            await work(3 * SHORT)
    assert not limit.expired


async def test_after_a_wait_the_rest_of_the_time_is_left():
    async def waits_and_works() -> None:
        async with WorkLimit(SHORT):
            with waiting():
                await work(2 * SHORT)
            await work(LONG)

    with pytest.raises(TimeoutError):
        await waits_and_works()


async def test_waits_within_waits_end_with_the_outermost():
    async with WorkLimit(SHORT):
        with waiting():
            with waiting():
                await work(2 * SHORT)
            await work(2 * SHORT)


async def test_child_tasks_wait_for_their_parent():
    async def child() -> None:
        with waiting():
            await work(3 * SHORT)

    async with WorkLimit(SHORT):
        await asyncio.gather(child(), child())


async def test_the_last_child_to_have_its_turn_sets_the_limit_going():
    turn = asyncio.Event()

    async def child(*, waits: bool) -> None:
        with waiting():
            await (turn.wait() if waits else work(0))
        await work(0 if waits else 2 * SHORT)
        turn.set()
        await work(LONG if waits else 0)

    with pytest.raises(TimeoutError):
        async with WorkLimit(SHORT):
            await asyncio.gather(child(waits=True), child(waits=False))
    assert turn.is_set()


async def test_a_wait_that_fails_counts_as_ended():
    async def fails_and_works() -> None:
        async with WorkLimit(SHORT):
            try:
                with waiting():
                    raise KeyError
            except KeyError:
                await work(LONG)

    with pytest.raises(TimeoutError):
        await fails_and_works()


async def test_a_child_may_outlive_the_limit_while_it_waits():
    turn = asyncio.Event()

    async def child() -> str:
        with waiting():
            await turn.wait()
        return "fine"

    async with WorkLimit(SHORT):
        task = asyncio.create_task(child())
        await asyncio.sleep(0)
    turn.set()

    assert await task == "fine"


async def test_a_child_may_begin_to_wait_after_the_limit_is_over():
    ended = asyncio.Event()

    async def child() -> str:
        await ended.wait()
        with waiting():
            await work(0)
        return "fine"

    async with WorkLimit(SHORT):
        task = asyncio.create_task(child())
    ended.set()

    assert await task == "fine"


async def test_waiting_while_the_time_runs_out_changes_nothing():
    limit = WorkLimit(SHORT)

    async def waits_at_the_end() -> None:
        async with limit:
            try:
                await work(LONG)
            finally:
                with waiting():
                    await work(0)

    with pytest.raises(TimeoutError):
        await waits_at_the_end()
    assert limit.expired


async def test_an_outer_cancellation_stays_one_while_the_limit_stands_still():
    async def limited() -> None:
        async with WorkLimit(SHORT):
            with waiting():
                await work(LONG)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_a_limit_waiting_is_free():
    with waiting():
        await work(0)


async def test_limits_of_two_tasks_are_their_own():
    async def hurried() -> None:
        async with WorkLimit(SHORT):
            await work(LONG)

    async def patient() -> None:
        async with WorkLimit(SHORT):
            with waiting():
                await work(3 * SHORT)

    found = await asyncio.gather(hurried(), patient(), return_exceptions=True)
    assert [type(error) for error in found] == [TimeoutError, type(None)]
