import asyncio
import random

import pytest

from chimera_shared.endpoints.limiter import Limiter


@pytest.mark.parametrize("limit", [1, 3, 8])
async def test_never_more_than_the_limit_and_never_less_while_work_waits(limit):
    limiter, seen = Limiter(limit), []
    draw = random.Random(1)

    async def work():
        async with limiter.slot():
            seen.append(limiter.in_flight)
            await asyncio.sleep(draw.random() / 500)

    await asyncio.gather(*(work() for _ in range(60)))

    assert max(seen) == limit
    assert limiter.in_flight == 0


async def test_failing_and_cancelled_work_gives_its_slot_back():
    limiter = Limiter(1)

    async def fails():
        async with limiter.slot():
            raise ValueError

    async def hangs():
        async with limiter.slot():
            await asyncio.sleep(30)

    await asyncio.gather(fails(), fails(), return_exceptions=True)
    holding, waiting = asyncio.create_task(hangs()), asyncio.create_task(hangs())
    await asyncio.sleep(0.01)
    waiting.cancel()
    holding.cancel()
    await asyncio.gather(holding, waiting, return_exceptions=True)

    async with asyncio.timeout(1), limiter.slot():
        assert limiter.in_flight == 1


async def test_first_come_first_served():
    limiter, order = Limiter(1), []

    async def work(number):
        async with limiter.slot():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(work(number) for number in range(10)))

    assert order == list(range(10))
