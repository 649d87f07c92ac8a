"""Budgets of many purses at a real store."""

import asyncio
import contextlib
import random

import pytest

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.book import Book, Books
from chimera_shared.endpoints.budget import Purse
from chimera_shared.errors import BudgetSpent, StoreUnavailable

pytestmark = pytest.mark.integration
MOST = sample_pb2.Usage(calls=1, input_tokens=100, output_tokens=900, cost_nanousd=2_000)


async def builds(**limit) -> BuildTable:
    table = BuildTable()
    build = build_pb2.Build(build_id="b1", state=build_pb2.BUILD_STATE_RUNNING, revision=1)
    build.spec.budget.CopyFrom(build_pb2.Budget(**limit))
    await table.learn(events_pb2.BuildChanged(build=build))
    return table


class Spender:
    """A process that calls for as long as it may."""

    def __init__(self, purse: Purse, seed: int) -> None:
        self.purse = purse
        self.draw = random.Random(seed)
        self.spent = 0

    async def spend(self) -> None:
        while True:
            try:
                call = await self.purse.reserve("b1", MOST)
            except BudgetSpent:
                return
            await asyncio.sleep(self.draw.random() / 500)
            cost = self.draw.randrange(1_000, 2_000)
            call.settle(sample_pb2.Usage(calls=1, input_tokens=90, output_tokens=500, cost_nanousd=cost))
            self.spent += cost


async def told(purses, seconds=0.05) -> None:
    while True:
        for purse in purses:
            with contextlib.suppress(StoreUnavailable):
                await purse.sync()
        await asyncio.sleep(seconds)


async def found(budgets) -> Book:
    while True:
        with contextlib.suppress(StoreUnavailable):
            return await Books(budgets).find("b1")


@pytest.mark.parametrize("lossy", [False, True])
async def test_purses_use_up_a_budget_together_and_never_more(database, link, linked_database, lossy):
    limit, seen = (60_000 if lossy else 600_000), (linked_database if lossy else database)["budgets"]
    table = await builds(cost_nanousd=limit)
    spenders = [Spender(Purse(seen, f"p{i}", table), i) for i in range(3)]
    telling = asyncio.create_task(told([s.purse for s in spenders]))

    async def lose_answers() -> None:
        while link.lost < 3:
            link.lose_answer_to = b"update"
            await asyncio.sleep(0.3)

    losing = asyncio.create_task(lose_answers()) if lossy else None
    await asyncio.gather(*(spender.spend() for spender in spenders for _ in range(20)))
    for task in [telling, losing]:
        if task is not None:
            task.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    link.lose_answer_to = b""
    settling = asyncio.create_task(told([s.purse for s in spenders]))
    while not (book := await found(seen)).idle or book.spending.reserved.calls:  # noqa: ASYNC110 no event crosses a store
        await asyncio.sleep(0.05)
    settling.cancel()
    await asyncio.gather(settling, return_exceptions=True)

    spent = sum(s.spent for s in spenders)
    assert not lossy or link.lost > 0
    assert book.spending.spent.cost_nanousd == spent <= limit
    assert spent > limit - MOST.cost_nanousd, "another call would have fitted"
    assert book.spending.unaccounted == sample_pb2.Usage()
    assert book.idle
    assert book.refused.startswith("the budget of $0.000")


async def test_a_killed_process_costs_what_it_held_and_no_more(database):
    table = await builds(calls=20)
    killed, left = (Purse(database["budgets"], name, table) for name in ("killed", "left"))
    held = [await killed.reserve("b1", MOST) for _ in range(5)]
    held[0].settle(sample_pb2.Usage(calls=1, input_tokens=1, output_tokens=1, cost_nanousd=1))
    await killed.sync()

    again = Purse(database["budgets"], "killed", table)
    await again.sync()
    for _ in range(15):
        (await left.reserve("b1", MOST)).settle(MOST)
    with pytest.raises(BudgetSpent, match="the budget of 20 model calls is spent: 20 were made"):
        await left.reserve("b1", MOST)
    await left.sync()

    book = await Books(database["budgets"]).find("b1")
    assert (book.spending.spent.calls, book.spending.unaccounted.calls) == (16, 4)
