"""The limit against servers that behave in one way each, in virtual time."""

import asyncio
import random

import pytest

from chimera_shared.endpoints.breaker import BreakerState
from chimera_shared.endpoints.concurrency import Concurrency
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.engine import EngineLoad
from chimera_shared.endpoints.limiter import Gate
from unit.shared.virtual_time import Callers, Server, run

SEEDS = [1, 2]


def gate(cap=128, seed=1, **fields) -> Gate:
    endpoint = Endpoint(base_url="http://h/v1", model="m", max_in_flight=cap, **fields)
    return Gate("a", endpoint, clock=asyncio.get_running_loop().time, draw=random.Random(seed).random)


async def limits(watched: Gate, seconds: float) -> list[int]:
    found = []
    for _ in range(int(seconds * 4)):
        await asyncio.sleep(0.25)
        found.append(watched.limit)
    return found


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("capacity", "refused"), [(1, 0.15), (5, 0.15), (20, 0.08), (40, 0.06), (100, 0.04)])
def test_a_server_that_refuses_what_is_too_much_is_kept_full_and_is_seldom_asked_in_vain(capacity, refused, seed):
    async def scene():
        server, own = Server(capacity, seed=seed), gate(seed=seed)
        callers = Callers(own, server, 400, seed=seed)
        await asyncio.sleep(20)
        server.forget()
        seen = await limits(own, 60)
        server.count_up()
        await callers.stop()
        return server.busy_seconds / 60 / capacity, server.refused_share, min(seen), max(seen)

    fill, share, least, most = run(scene())

    assert fill >= 0.95
    assert share <= refused
    assert 0.9 * capacity <= least <= most <= 1.1 * capacity + 2


@pytest.mark.parametrize("seconds", [0.05, 20.0])
def test_it_does_not_matter_how_long_an_answer_takes(seconds):
    async def scene():
        server, own = Server(40, seconds=seconds), gate()
        callers = Callers(own, server, 400)
        await asyncio.sleep(20 * seconds)
        server.forget()
        await asyncio.sleep(50 * seconds)
        server.count_up()
        await callers.stop()
        return server.busy_seconds / (50 * seconds) / 40, server.refused_share

    fill, share = run(scene())

    assert fill >= 0.95
    assert share <= 0.06


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("share", "fill"), [(0.02, 0.98), (0.05, 0.97), (0.1, 0.95), (0.3, 0.85)])
def test_refusals_that_load_does_not_cause_cost_little(share, fill, seed):
    async def scene():
        server, own = Server(random_refusals=share, seed=seed), gate(seed=seed)
        callers = Callers(own, server, 400, seed=seed)
        await asyncio.sleep(10)
        server.forget()
        seen = await limits(own, 60)
        server.count_up()
        await callers.stop()
        return server.busy_seconds / 60 / 128, min(seen)

    found, least = run(scene())

    assert found >= fill
    assert least >= (0.95 if share <= 0.1 else 0.5) * 128


def test_it_follows_a_server_whose_capacity_changes():
    async def scene():
        server, own = Server(40), gate()
        callers, fills = Callers(own, server, 600), []
        for capacity in (40, 100, 20, 128, 30):
            server.capacity = capacity
            await asyncio.sleep(25)
            server.forget()
            await asyncio.sleep(15)
            server.count_up()
            fills.append((server.busy_seconds / 15 / capacity, server.refused_share))
        await callers.stop()
        return fills

    for fill, share in run(scene()):
        assert fill >= 0.93
        assert share <= 0.1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("late", "settled"), [(0, 40), (40, 200)])
def test_two_processes_come_to_half_each_even_if_one_comes_late(late, settled, seed):
    async def scene():
        server, first, second = Server(80, seed=seed), gate(seed=seed), gate(seed=seed + 1)
        early = Callers(first, server, 300, seed=seed)
        await asyncio.sleep(late)
        later = Callers(second, server, 300, seed=seed + 9)
        await asyncio.sleep(settled)
        server.forget()
        before = early.answers, later.answers
        await asyncio.sleep(80)
        server.count_up()
        ours, theirs = early.answers - before[0], later.answers - before[1]
        await early.stop()
        await later.stop()
        return ours / (ours + theirs), server.busy_seconds / 80 / 80, server.refused_share

    part, fill, share = run(scene())

    assert 0.35 <= part <= 0.65
    assert fill >= 0.95
    assert share <= 0.08


def test_a_start_doubles_in_the_time_of_an_answer_and_only_if_it_is_used():
    async def scene():
        server, busy, idle = Server(sigma=0.0), gate(1000), gate(1000)
        many, few = Callers(busy, server, 1000), Callers(idle, server, 60)
        await asyncio.sleep(4.5)
        await many.stop()
        await few.stop()
        return busy.limit, idle.limit

    assert run(scene()) == (1000, 64)


def test_after_an_outage_half_of_the_limit_is_there_at_once():
    async def scene():
        server, own = Server(), gate()
        callers = Callers(own, server, 400, retry_after=None)
        await asyncio.sleep(10)
        before, server.capacity = own.limit, 0
        await asyncio.sleep(20)
        state, server.capacity = own.breaker, 10**9
        for _ in range(600):
            await asyncio.sleep(0.1)
            if own.breaker is BreakerState.CLOSED:
                break
        after = own.limit
        await asyncio.sleep(4)
        await callers.stop()
        return before, state, after, own.limit

    before, state, after, later = run(scene())

    assert before == 128
    assert state is not BreakerState.CLOSED
    assert 32 <= after <= 72
    assert later == 128


class TestEngine:
    @staticmethod
    def load(waiting=0.0, *, running=64.0, cache=0.5) -> EngineLoad:
        return EngineLoad(running=running, waiting=waiting, cache=cache)

    @staticmethod
    def answers(limit: Concurrency, count: int) -> None:
        for _ in range(count):
            limit.answered(limit.started(), limit.limit, 1.0)

    def test_a_queue_in_the_engine_takes_back_what_waits_beyond_a_buffer(self):
        limit = Concurrency(128)
        limit.engine(self.load(waiting=24, running=40), 64)
        assert limit.limit == 64, "one poll may be chance"

        limit.engine(self.load(waiting=24, running=40), 64)

        assert limit.limit == 64 - (24 - 4)
        assert "24 requests waiting" in limit.reason

    def test_of_a_queue_that_others_made_only_the_own_part_is_taken_back(self):
        limit = Concurrency(128)
        for _ in range(2):
            limit.engine(self.load(waiting=100, running=156), 64)

        assert limit.limit == 64 - 23

    @pytest.mark.parametrize("load", [load(waiting=1), load(cache=0.97)])
    def test_a_short_queue_or_a_full_cache_stops_growth_and_no_more(self, load):
        limit = Concurrency(128)
        for _ in range(4):
            limit.engine(load, 64)
            self.answers(limit, 100)

        assert limit.limit == 64

    def test_an_empty_queue_lets_it_grow_step_by_step(self):
        limit = Concurrency(128)
        limit.engine(self.load(), 64)
        self.answers(limit, 100)
        assert limit.limit == 72

        limit.engine(self.load(), 72)
        self.answers(limit, 100)
        assert limit.limit == 81

    def test_metrics_that_fail_are_not_heeded(self):
        limit = Concurrency(128)
        limit.engine(self.load(waiting=1), 64)
        limit.engine(None, 64)
        self.answers(limit, 100)

        assert limit.limit == 128
