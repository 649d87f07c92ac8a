"""Which endpoint is asked, what becomes of the money, and what a halted build cuts off."""

import asyncio
import time

import pytest
from aiohttp import web

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints import buying, config
from chimera_shared.endpoints.buying import Buyer
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.endpoints.request import Question, body_of
from chimera_shared.errors import BudgetSpent, BuildHalted, SampleFailure
from chimera_shared.worklimit import WorkLimit

BUILD = "b1"


class Ends:
    """What a purse's reservations came to, in the order of their ends."""

    def __init__(self) -> None:
        self.ends, self.open = [], 0
        self.refuse, self.room = False, asyncio.Event()
        self.room.set()

    def reserve_at_once(self, build, most):
        if self.refuse:
            raise BudgetSpent("the budget of $1.00 is spent")
        return Reserved(self, most) if self.room.is_set() else None

    async def reserve(self, build, most, precedence):
        await self.room.wait()
        return Reserved(self, most)


class Reserved:
    def __init__(self, ends, most):
        self.ends, self.most, self.over = ends, most, False
        ends.open += 1

    def _end(self, how):
        if not self.over:
            self.over = True
            self.ends.open -= 1
            self.ends.ends.append(how)

    def settle(self, usage):
        assert usage.input_tokens <= self.most.input_tokens
        self._end(("settled", usage.output_tokens))

    def release(self):
        self._end("released")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end("lost")


class Kept:
    """A ledger that only takes in."""

    def __init__(self):
        self.calls, self.known = [], set()

    async def keep(self, build, ledger_of, messages, max_tokens, completion, call):
        self.calls.append(call)
        self.known.add(call.endpoint)

    async def answered(self, build, endpoint):
        return endpoint in self.known


class Shop:
    """A buyer with all that it needs."""

    def __init__(self, endpoints):
        self.pool, self.ledger, self.purse = EndpointPool(config.parse(endpoints)), Kept(), Ends()
        self.builds = BuildTable()
        self.revision = 0
        self.buyer = Buyer(self.pool, self.ledger, self.purse, self.builds)

    async def __aenter__(self):
        await self.pool.__aenter__()
        await self.becomes(build_pb2.BUILD_STATE_RUNNING)
        return self

    async def __aexit__(self, *error):
        await self.pool.__aexit__(*error)

    async def becomes(self, state):
        self.revision += 1
        build = build_pb2.Build(build_id=BUILD, state=state, revision=self.revision)
        await self.builds.learn(events_pb2.BuildChanged(build=build))

    async def buy(self, *names, text="1+1?", role="solver"):
        question = Question(
            build_id=BUILD,
            role=role,
            spec=build_pb2.RoleSpec(endpoints=names or ("a",)),
            messages=[{"role": "user", "content": text}],
            prompt_sha256="",
            seed=1,
        )
        bodies = {name: body_of(question, self.pool.endpoints[name], None) for name in question.spec.endpoints}
        _, call = await self.buyer.buy(question, bodies)
        return call


@pytest.fixture
async def shop(fault_server):
    names = {name: fault_server.endpoint(model=f"m-{name}", max_in_flight=4) for name in "ab"}
    async with Shop(names) as found:
        yield found


@pytest.fixture(autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(buying, "_BACKOFF_SECONDS", (0.005, 0.01))
    monkeypatch.setattr(buying, "_FIRST_ANSWER_SECONDS", 0.4)


def refusal(status, **headers):
    return web.json_response({"error": {"message": "busy"}}, status=status, headers=headers)


def only_b(answer, status=500, **headers):
    return lambda body: answer("fine") if body["model"] == "m-b" else refusal(status, **headers)


async def hang(_body):
    await asyncio.sleep(3600)


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 what is awaited tells nobody
            await asyncio.sleep(0.005)


async def test_who_finishes_a_sample_is_asked_before_who_begins_one(fault_server, answer):
    room = asyncio.Event()

    async def answer_later(_body):
        await room.wait()
        return answer("fine")

    fault_server.answer = answer_later
    async with Shop({"a": fault_server.endpoint(max_in_flight=1)}) as shop, asyncio.TaskGroup() as group:
        group.create_task(shop.buy(text="before"))
        await until(lambda: shop.pool.gate("a").in_flight == 1)
        for role in ("proposer", "panel[0]", "proposer", "judge", "solver"):
            group.create_task(shop.buy(text=role, role=role))
        await until(lambda: shop.pool.gate("a").waiting == 5)
        room.set()

    asked = [body["messages"][0]["content"] for body in fault_server.asked]
    assert asked == ["before", "judge", "solver", "panel[0]", "proposer", "proposer"]


async def test_an_answer_is_settled_at_what_it_consumed(shop):
    call = await shop.buy()

    assert shop.purse.ends == [("settled", 5)]
    assert shop.ledger.calls == [call]


async def test_a_refused_call_costs_nothing(shop, fault_server, answer):
    replies = [refusal(429), refusal(500), answer("fine")]
    fault_server.answer = lambda _: replies.pop(0)

    await shop.buy()

    assert shop.purse.ends == ["released", "released", ("settled", 5)]


async def test_a_call_that_breaks_off_counts_at_its_most(shop, fault_server, answer):
    replies = [web.Response(body=b"<html>"), answer("fine")]
    fault_server.answer = lambda _: replies.pop(0)

    await shop.buy()

    assert shop.purse.ends == ["lost", ("settled", 5)]


async def test_nothing_is_sent_when_the_budget_is_spent(shop, fault_server):
    shop.purse.refuse = True

    with pytest.raises(BudgetSpent):
        await shop.buy()

    assert fault_server.asked == []
    assert shop.pool.gate("a").in_flight == 0


async def test_who_waits_for_money_holds_no_place(shop, fault_server):
    shop.purse.room.clear()
    waiting = asyncio.create_task(shop.buy())
    await asyncio.sleep(0.02)

    assert (shop.pool.gate("a").in_flight, fault_server.asked) == (0, [])
    shop.purse.room.set()
    await waiting
    assert shop.purse.ends == [("settled", 5)]


async def test_a_question_goes_to_the_next_endpoint_after_a_few_failures(shop, fault_server, answer):
    shop.ledger.known.add("a")
    fault_server.answer = only_b(answer)

    call = await shop.buy("a", "b")

    assert call.endpoint == "b"
    assert [body["model"] for body in fault_server.asked] == ["m-a", "m-a", "m-a", "m-b"]


async def test_a_long_rest_sends_a_question_to_the_next_endpoint_at_once(shop, fault_server, answer):
    shop.ledger.known.add("a")
    fault_server.answer = only_b(answer, 429, **{"Retry-After": "60"})

    assert (await shop.buy("a", "b")).endpoint == "b"
    assert len(fault_server.asked) == 2


async def test_while_the_breaker_is_open_the_next_endpoint_is_asked_and_then_the_first_again(
    shop, fault_server, answer
):
    shop.ledger.known |= {"a", "b"}
    fault_server.answer = only_b(answer, 429, **{"Retry-After": "30"})
    await asyncio.gather(*(shop.buy("a", "b", text=f"{i}") for i in range(8)))
    gate = shop.pool.gate("a")
    assert gate.open_until is not None
    fault_server.asked.clear()

    assert (await shop.buy("a", "b", text="next")).endpoint == "b"
    assert [body["model"] for body in fault_server.asked] == ["m-b"]
    fault_server.answer = lambda _: answer("fine")
    gate._clock = lambda: time.monotonic() + 60  # a minute later
    assert gate.available
    assert (await shop.buy("a", "b", text="after")).endpoint == "a"
    assert gate.open_until is None


async def test_a_first_endpoint_that_refuses_what_is_new_sends_it_on_while_it_answers_what_is_old(
    shop, fault_server, answer
):
    shop.ledger.known |= {"a", "b"}
    spell = False
    held = asyncio.Event()

    async def reply(body):
        if body["model"] == "m-b" or "after" in str(body):
            return answer("fine")
        if spell:
            return refusal(429, **{"Retry-After": "1"})
        await held.wait()
        return answer("old")

    fault_server.answer = reply
    old = [asyncio.create_task(shop.buy("a", "b", text=f"old {i}")) for i in range(2)]
    await until(lambda: fault_server.in_flight == 2)
    spell = True
    new = await asyncio.wait_for(asyncio.gather(*(shop.buy("a", "b", text=f"{i}") for i in range(30))), 20)

    assert [call.endpoint for call in new].count("b") >= 25
    held.set()
    assert [call.endpoint for call in await asyncio.gather(*old)] == ["a", "a"]
    await until(lambda: shop.pool.gate("a").available)
    assert (await shop.buy("a", "b", text="after")).endpoint == "a"


async def test_callers_that_wait_at_an_endpoint_that_breaks_down_go_to_the_next(shop, fault_server, answer):
    shop.ledger.known |= {"a", "b"}
    held = asyncio.Event()

    async def reply(body):
        if body["model"] == "m-b":
            return answer("fine")
        await held.wait()
        return refusal(429, **{"Retry-After": "30"})

    fault_server.answer = reply
    calls = [asyncio.create_task(shop.buy("a", "b", text=f"{i}")) for i in range(12)]
    await until(lambda: fault_server.in_flight == 4 and shop.pool.gate("a").waiting == 8)
    held.set()

    assert {call.endpoint for call in await asyncio.wait_for(asyncio.gather(*calls), 20)} == {"b"}


async def test_who_waits_at_the_first_of_two_that_are_down_goes_to_the_second_when_that_is_back(
    shop, fault_server, answer, monkeypatch
):
    monkeypatch.setattr(buying, "_REST_BEFORE_NEXT_SECONDS", 0.1)
    shop.ledger.known |= {"a", "b"}
    first_hangs = False

    async def reply(body):
        if not first_hangs:
            return refusal(429, **{"Retry-After": "1"})
        return answer("fine") if body["model"] == "m-b" else await hang(body)

    fault_server.answer = reply
    calls = [asyncio.create_task(shop.buy("a", "b", text=f"{i}")) for i in range(8)]
    await until(lambda: all(shop.pool.gate(name).open_until is not None for name in "ab"))
    first_hangs = True
    done, pending = set(), set(calls)
    async with asyncio.timeout(60):
        while len(pending) > 1:  # one may be the first endpoint's probe
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            assert {call.result().endpoint for call in done} == {"b"}
    for call in pending:
        call.cancel()


async def test_a_paid_answer_waits_for_a_store_that_is_away_beyond_the_time_limit(shop):
    keep, back = shop.ledger.keep, asyncio.Event()

    async def kept_later(*what):
        await back.wait()
        await keep(*what)

    shop.ledger.keep = kept_later
    async with WorkLimit(0.3):
        purchase = asyncio.create_task(shop.buy())
        await asyncio.sleep(0.6)
        back.set()
        call = await purchase

    assert shop.ledger.calls == [call]


async def test_waiters_at_an_endpoint_that_never_answered_learn_the_cause(shop, fault_server):
    fault_server.answer = lambda _: refusal(503)
    calls = [asyncio.create_task(shop.buy(text=f"{i}")) for i in range(12)]

    ends = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 60)

    assert {type(end) for end in ends} == {SampleFailure}
    assert {end.reason for end in ends} == {sample_pb2.REASON_ENDPOINT_FAILED}
    assert all("answered 503: busy" in str(end) for end in ends)


@pytest.mark.parametrize("state", [build_pb2.BUILD_STATE_PAUSED, build_pb2.BUILD_STATE_FAILED])
async def test_a_halted_build_takes_in_what_is_under_way_and_starts_nothing(shop, fault_server, answer, state):
    going_on = asyncio.Event()

    async def reply(_body):
        await going_on.wait()
        return answer("late")

    fault_server.answer = reply
    calls = [asyncio.create_task(shop.buy(text=f"{i}")) for i in range(6)]
    await until(lambda: fault_server.in_flight == 4)
    await shop.becomes(state)
    going_on.set()
    ends = await asyncio.gather(*calls, return_exceptions=True)

    assert sorted(type(end).__name__ for end in ends) == ["BuildHalted"] * 2 + ["ModelCall"] * 4
    assert (len(shop.ledger.calls), len(fault_server.asked)) == (4, 4)
    assert (shop.purse.open, shop.pool.gate("a").in_flight) == (0, 0)


@pytest.mark.parametrize("state", [build_pb2.BUILD_STATE_PAUSED, build_pb2.BUILD_STATE_CANCELLED])
async def test_a_halted_build_asks_nothing_even_where_there_is_a_place(shop, fault_server, state):
    await shop.buy(text="while it runs")
    await shop.becomes(state)

    with pytest.raises(BuildHalted):
        await shop.buy(text="the next of the same piece of work")

    assert len(fault_server.asked) == 1
    assert (shop.purse.open, shop.pool.gate("a").in_flight) == (0, 0)


async def test_a_cancelled_build_cuts_its_calls_off(shop, fault_server):
    fault_server.answer = hang
    calls = [asyncio.create_task(shop.buy(text=f"{i}")) for i in range(6)]
    await until(lambda: fault_server.in_flight == 4)
    await shop.becomes(build_pb2.BUILD_STATE_CANCELLED)
    ends = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)

    assert {type(end) for end in ends} == {BuildHalted}
    assert shop.purse.ends == ["lost"] * 4
    assert shop.pool.gate("a").in_flight == 0


async def test_a_halted_build_ends_the_rest_between_two_tries(shop, fault_server):
    shop.ledger.known.add("a")
    fault_server.answer = lambda _: refusal(429, **{"Retry-After": "60"})
    call = asyncio.create_task(shop.buy())
    await until(lambda: shop.purse.ends == ["released"])
    await shop.becomes(build_pb2.BUILD_STATE_PAUSED)

    with pytest.raises(BuildHalted):
        await asyncio.wait_for(call, 20)


async def test_waiting_in_a_queue_is_no_work(shop, fault_server, answer):
    async def reply(_body):
        await asyncio.sleep(0.1)
        return answer("fine")

    fault_server.answer = reply

    async def limited(text):
        async with WorkLimit(0.15):
            return await shop.buy(text=text)

    calls = await asyncio.gather(*(limited(f"{i}") for i in range(20)))

    assert len(calls) == 20


async def test_a_question_that_an_endpoint_cannot_answer_is_given_up_while_it_answers_others(
    shop, fault_server, answer
):
    shop.ledger.known.add("a")
    fault_server.answer = lambda body: refusal(500) if "poison" in str(body) else answer("fine")

    async def others():
        while True:
            await shop.buy(text="harmless")

    busy = asyncio.create_task(others())
    with pytest.raises(SampleFailure, match="answered 500: busy"):
        await asyncio.wait_for(shop.buy(text="poison"), 20)
    busy.cancel()


async def test_a_build_that_finds_an_endpoint_down_gives_it_time_of_its_own(shop, fault_server, answer, monkeypatch):
    fault_server.answer = lambda _: refusal(503)
    await asyncio.gather(*(shop.buy(text=f"{i}") for i in range(12)), return_exceptions=True)
    monkeypatch.setattr(buying, "_FIRST_ANSWER_SECONDS", 60)
    assert shop.pool.gate("a").open_until is not None

    late = asyncio.create_task(shop.buy(text="of another build"))
    await asyncio.sleep(0.1)
    fault_server.answer = lambda _: answer("back")

    assert (await asyncio.wait_for(late, 120)).endpoint == "a"
