import asyncio
import random
from collections import Counter

import pytest

from chimera_shared import metrics
from chimera_shared.endpoints.breaker import BreakerState
from chimera_shared.endpoints.config import Endpoint
from chimera_shared.endpoints.limiter import Gate, TurnedAway
from unit.shared.virtual_time import Callers, Server, run


def gate(limit=128, **fields) -> Gate:
    endpoint = Endpoint(base_url="http://h/v1", model="m", max_in_flight=limit, **fields)
    return Gate("a", endpoint, clock=asyncio.get_running_loop().time, draw=lambda: 0.5)


async def settle() -> None:
    """Let everybody run who can without time passing."""
    for _ in range(10):
        await asyncio.sleep(0)


async def fail(own: Gate, times: int, *, seconds=0.0, tell=lambda slot: slot.failed("no connection")) -> None:
    for _ in range(times):
        async with own.slot() as slot:
            tell(slot)
        await asyncio.sleep(seconds)


@pytest.mark.parametrize("limit", [1, 3, 8])
def test_never_more_than_the_limit_and_never_less_while_work_waits(limit):
    async def scene():
        own, seen, draw = gate(limit), [], random.Random(1)

        async def work():
            async with own.slot() as slot:
                seen.append(own.in_flight)
                await asyncio.sleep(draw.random())
                slot.answered()

        await asyncio.gather(*(work() for _ in range(60)))
        return seen, own.in_flight

    seen, left = run(scene())

    assert max(seen) == limit
    assert seen[limit:] == [limit] * (60 - limit)
    assert left == 0


@pytest.mark.parametrize("seed", range(20))
def test_failing_and_cancelled_work_never_loses_a_place(seed):
    async def scene():
        own, draw = gate(3), random.Random(seed)

        async def work():
            async with own.slot(str(draw.randrange(4))):
                await asyncio.sleep(draw.choice([0, 0.5, 1]))
                if draw.random() < 0.3:
                    raise ValueError

        tasks = [asyncio.create_task(work()) for _ in range(80)]
        while not all(task.done() for task in tasks):
            await asyncio.sleep(draw.choice([0, 0.1, 0.4]))
            draw.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (own.in_flight, own.waiting) == (0, 0)
        assert (own.report().answered, own.report().failed) == (0, 0)

        async with own.slot(), own.slot(), own.slot():
            assert own.in_flight == 3

    run(scene())


def test_a_place_given_to_a_caller_that_is_cancelled_meanwhile_goes_to_the_next():
    async def scene():
        own = gate(1)

        async def work():
            async with own.slot():
                await asyncio.sleep(1)

        async with own.slot():
            first, second = asyncio.create_task(work()), asyncio.create_task(work())
            await settle()
        first.cancel()  # its turn has come, and it has not run since
        await asyncio.gather(first, return_exceptions=True)
        await second
        assert own.in_flight == 0

    run(scene())


def test_first_come_first_served_in_a_build_and_by_weight_between_builds():
    async def scene():
        own, order = gate(4), []

        async def work(build, weight, number):
            async with own.slot(build, weight) as slot:
                order.append((build, number))
                await asyncio.sleep(1)
                slot.answered()

        await asyncio.gather(*(work("heavy", 3, n) for n in range(120)), *(work("light", 1, n) for n in range(120)))
        return order

    order = run(scene())

    for build in ("heavy", "light"):
        assert [number for name, number in order if name == build] == list(range(120))
    contended = Counter(name for name, _ in order[4:124])
    assert 0.95 * 90 <= contended["heavy"] <= 1.05 * 90


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_weight_is_positive(weight):
    async def scene():
        with pytest.raises(ValueError, match="give a positive number"):
            gate().slot("b", weight)

    run(scene())


def test_only_the_first_outcome_counts():
    async def scene():
        own = gate()
        async with own.slot() as slot:
            slot.answered(5)
            slot.refused(1.0, "busy")
            slot.failed("reset")
        return own.report()

    report = run(scene())

    assert (report.answered, report.refused, report.failed, report.reason) == (1, 0, 0, "")


def test_after_failures_everybody_waits_for_one_probe_and_its_answer_lets_them_in():
    async def scene():
        own, started = gate(), []
        loop = asyncio.get_running_loop()
        await fail(own, 5, seconds=0.5)
        assert (own.breaker, own.available, own.open_until) == (BreakerState.OPEN, False, 3.0)
        report = own.report()
        assert (report.breaker, report.reason) == ("open", "no connection")
        assert 0.4 < report.held_for_seconds <= 0.5

        async def work():
            async with own.slot() as slot:
                started.append(loop.time())
                await asyncio.sleep(2)
                slot.answered()

        await asyncio.gather(*(work() for _ in range(10)))
        assert (own.breaker, own.available, own.open_until) == (BreakerState.CLOSED, True, None)
        return started

    first, *others = run(scene())

    assert first == pytest.approx(3.0, abs=0.01)
    assert others == pytest.approx([5.0] * 9, abs=0.02)


def test_who_waits_while_it_opens_may_go_elsewhere():
    async def scene():
        own = gate(1)

        async def work():
            async with own.slot():
                pass

        await fail(own, 4, seconds=1.0)
        async with own.slot() as slot:
            tasks = [asyncio.create_task(work()) for _ in range(3)]
            await settle()
            slot.failed("refused to connect")
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in ended] == [TurnedAway] * 3
        assert "refused to connect" in str(ended[0])
        assert (own.waiting, own.in_flight) == (0, 0)

    run(scene())


def test_a_total_refusal_holds_all_starts_for_as_long_as_the_server_asks():
    async def scene():
        own, loop = gate(), asyncio.get_running_loop()
        slots = [own.slot() for _ in range(64)]
        assert all(own.start_at_once(slot) for slot in slots)
        for slot in slots:
            slot.refused(20.0, "429: slow down")
            own.leave(slot)
        assert own.report().reason == "429: slow down (it asks to wait 20 s)"
        async with own.slot():
            return loop.time()

    assert 20.0 <= run(scene()) <= 22.0


def test_a_wish_of_hours_is_bounded_and_the_reason_says_so():
    async def scene():
        own = gate()
        await fail(own, 5, tell=lambda slot: slot.refused(7200.0, "503: maintenance"))
        return own.report()

    report = run(scene())

    assert 60.0 <= report.held_for_seconds <= 66.0
    assert report.reason == "503: maintenance (it asks to wait 7200 s and is asked again after 60 s)"


def test_a_single_refusal_holds_nobody_else():
    async def scene():
        own, loop = gate(4), asyncio.get_running_loop()
        async with own.slot() as slot:
            slot.refused(60.0)
        async with own.slot():
            return loop.time()

    assert run(scene()) == 0.0


def test_a_refused_place_rests_a_little_so_that_the_next_does_not_run_into_the_same_wall():
    async def scene():
        own, loop = gate(1), asyncio.get_running_loop()
        async with own.slot() as slot:
            await asyncio.sleep(2)
            slot.answered()
        async with own.slot() as slot:
            slot.refused(60.0)
        async with own.slot():
            return loop.time()

    assert 2.5 <= run(scene()) <= 3.5


def test_requests_per_minute_hold_the_next_and_the_report_says_so():
    async def scene():
        own, starts = gate(requests_per_minute=60), []
        loop = asyncio.get_running_loop()

        async def work():
            async with own.slot() as slot:
                starts.append(loop.time())
                slot.answered()

        tasks = [asyncio.create_task(work()) for _ in range(180)]
        await asyncio.sleep(0.1)
        report = own.report()
        assert 0.8 <= report.held_for_seconds <= 1.0
        assert (report.reason, report.waiting) == ("requests_per_minute or tokens_per_minute is reached", 177)
        await asyncio.gather(*tasks)
        return starts

    starts = run(scene())

    assert max(sum(start <= at <= start + 60 for at in starts) for start in starts) <= 60
    assert 176 <= starts[-1] <= 182


def test_tokens_are_charged_by_estimate_and_corrected_by_the_answer():
    async def scene(used):
        own, loop = gate(tokens_per_minute=6000), asyncio.get_running_loop()
        for _ in range(8):
            async with own.slot(tokens=600) as slot:
                slot.answered(used)
        return loop.time()

    assert run(scene(30)) == pytest.approx(0.0, abs=0.1)
    assert 35 <= run(scene(600)) <= 45
    assert run(scene(1200)) >= 65


def test_a_place_handed_back_before_anything_was_asked_is_not_charged():
    async def scene():
        own, loop = gate(requests_per_minute=10, tokens_per_minute=1000), asyncio.get_running_loop()
        for _ in range(100):
            slot = own.slot(tokens=500)
            assert own.start_at_once(slot)
            own.hand_back(slot)
        async with own.slot(tokens=1000):
            return loop.time()

    assert run(scene()) == 0.0


def test_who_has_another_endpoint_does_not_queue_where_all_that_is_new_is_refused_and_there_is_no_place():
    async def scene():
        own = gate(4)
        elders = [own.slot() for _ in range(3)]
        assert all(own.start_at_once(slot) for slot in elders)
        await fail(own, 5, seconds=0.3, tell=lambda slot: slot.refused(1.0, "busy"))
        await asyncio.sleep(60)
        assert (own.breaker, own.in_flight) == (BreakerState.CLOSED, own.limit)
        full = own.available
        own.leave(elders[0])
        return full, own.available

    assert run(scene()) == (False, True)


@pytest.mark.parametrize("refused", [0.05, 0.1])
def test_an_endpoint_that_refuses_some_at_random_is_not_left_for_another(refused):
    async def scene():
        own, server = gate(), Server(random_refusals=refused)
        callers, taken = Callers(own, server, 512), []
        for _ in range(300):
            await asyncio.sleep(0.1)
            taken.append(own.available)
        server.random_refusals, looks = 1.0, 0
        while own.available:
            looks += 1
            await asyncio.sleep(0.05)
        await callers.stop()
        return taken.count(False) / len(taken), looks

    left, looks = run(scene())

    assert left < 0.05
    assert looks < 20, "one that refuses everything is left within a second"


def test_a_report_is_the_present_state():
    async def scene():
        own = gate(1)
        async with own.slot():
            waiting = asyncio.create_task(fail(own, 1))
            await settle()
            report = own.report()
        await waiting
        return report, own.report()

    during, after = run(scene())

    assert (during.name, during.limit, during.max_in_flight, during.breaker) == ("a", 1, 1, "closed")
    assert (during.in_flight, during.waiting, during.held_for_seconds) == (1, 1, 0.0)
    assert (after.in_flight, after.waiting, after.failed, after.reason) == (0, 0, 1, "no connection")


def test_the_instruments_read_every_gate_and_add_up_those_of_one_endpoint():
    async def scene():
        first, second, other = gate(3), gate(4), gate(5)
        first.name = second.name = "twice"
        other.name = "once"
        await fail(other, 5, seconds=0.5)

        def read(value):
            return {each.attributes["chimera.endpoint"]: each.value for each in metrics._by_endpoint(value)(None)}

        limits, held = read(lambda endpoint: endpoint.limit), read(lambda endpoint: int(not endpoint.available))
        assert (limits["twice"], limits["once"]) == (first.limit + second.limit, 5)
        assert (held["twice"], held["once"]) == (0, 1)

    run(scene())
