"""The call ledger at a real store."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator

import pytest

from chimera.sample.v1 import sample_pb2
from chimera_shared import mongo
from chimera_shared.endpoints import ledger as module
from chimera_shared.endpoints.client import Completion
from chimera_shared.endpoints.ledger import Ledger, call_id
from chimera_shared.errors import StoreUnavailable

pytestmark = pytest.mark.integration
MESSAGES = [{"role": "user", "content": "∫ $x$ dx, \0 and 'é'?"}]


def completion(content="2", finish_reason="stop") -> Completion:
    return Completion(content, "hm \u2028", finish_reason, 7, 5, 0.25)


def call(call_id="c1", endpoint="a", finish_reason="stop") -> sample_pb2.ModelCall:
    usage = sample_pb2.Usage(calls=1, input_tokens=7, cost_nanousd=2**60)
    return sample_pb2.ModelCall(call_id=call_id, endpoint=endpoint, finish_reason=finish_reason, usage=usage)


@pytest.fixture
async def collection(mongodb_uri) -> AsyncIterator[mongo.Collection]:
    client = mongo.connect(mongodb_uri)
    name = f"test_{uuid.uuid4().hex[:10]}"
    yield client[name]["calls"]
    await client.drop_database(name)
    client.close()


async def test_an_answer_comes_back_as_it_was(collection):
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion(), call())

    assert await Ledger(collection).find("b1", "", "c1", 100) == (completion(), call())
    assert await Ledger(collection).find("b1", "", "c1", 10_000) == (completion(), call())
    assert await Ledger(collection).find("b2", "", "c1", 100) is None
    assert await Ledger(collection).find("b1", "", "c2", 100) is None


async def test_the_first_answer_stays(collection):
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion("first"), call())
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion("second"), call())

    assert (await Ledger(collection).find("b1", "", "c1", 100))[0].content == "first"


async def test_a_cut_off_answer_counts_only_up_to_its_limit_and_gives_way(collection):
    ledger = Ledger(collection)
    await ledger.keep("b1", "", MESSAGES, 100, completion("half", "length"), call(finish_reason="length"))

    assert (await ledger.find("b1", "", "c1", 100))[0].content == "half"
    assert (await ledger.find("b1", "", "c1", 50))[0].content == "half"
    assert await ledger.find("b1", "", "c1", 101) is None

    await ledger.keep("b1", "", MESSAGES, 200, completion("whole"), call())

    assert (await ledger.find("b1", "", "c1", 300))[0].content == "whole"
    await ledger.keep("b1", "", MESSAGES, 150, completion("half", "length"), call(finish_reason="length"))
    assert (await ledger.find("b1", "", "c1", 300))[0].content == "whole"


async def test_forks_share_the_ledger_of_the_build_they_name_and_know_who_paid(collection):
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion("of b1"), call())
    ledger = Ledger(collection)
    await ledger.keep("b2", "b1", MESSAGES, 100, completion("of b2"), call("c2"))

    answer, evidence = await ledger.find("b2", "b1", "c1", 100)
    assert (answer.content, evidence.paid_by) == ("of b1", "b1")
    assert (await ledger.find("b2", "b1", "c2", 100))[1].paid_by == ""
    assert (await ledger.find("b3", "b1", "c2", 100))[1].paid_by == "b2"
    assert (await ledger.find("b1", "", "c1", 100))[1].paid_by == ""
    assert await ledger.find("b2", "", "c1", 100) is None
    assert await ledger.answered("b2", "a")
    assert not await ledger.answered("b3", "a"), "an endpoint that answered another build may still be a mistake here"


async def test_a_fork_asks_again_for_what_was_cut_off_below_its_limit_and_the_shorter_answer_stays(collection):
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion("half", "length"), call(finish_reason="length"))
    ledger = Ledger(collection)

    assert (await ledger.find("b2", "b1", "c1", 100))[1].paid_by == "b1"
    assert await ledger.find("b2", "b1", "c1", 200) is None

    await ledger.keep("b2", "b1", MESSAGES, 200, completion("whole"), call())

    answer, evidence = await ledger.find("b1", "", "c1", 300)
    assert (answer.content, evidence.paid_by) == ("whole", "b2")
    kept = await collection.find_one({"_id": "b1/c1@100"})
    assert (kept["completion"]["content"], kept["build_id"]) == ("half", "b1")


async def test_a_whole_answer_never_gives_way(collection):
    ledger = Ledger(collection)
    await ledger.keep("b1", "", MESSAGES, 100, completion("first"), call())
    await ledger.keep("b2", "b1", MESSAGES, 200, completion("second"), call())

    assert (await ledger.find("b1", "", "c1", 300))[0].content == "first"


@pytest.mark.parametrize(
    "change",
    [
        {"model": "n"},
        {"messages": [{"role": "user", "content": "Why?"}]},
        {"seed": 8},
        {"temperature": 0.5},
        {"top_p": 0.5},
        {"response_format": {"type": "json_object"}},
        {"stop": ["\n"]},
        {"reasoning_effort": "high"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_all_of_a_request_but_its_token_limit_shapes_the_answer(change):
    body = {"model": "m", "messages": MESSAGES, "seed": 7, "max_tokens": 100}

    assert call_id({**body, **change}) != call_id(body)
    assert call_id({**body, "max_tokens": 200}) == call_id(body)
    assert call_id({"max_completion_tokens": 200, "seed": 7, "messages": MESSAGES, "model": "m"}) == call_id(body)


async def test_who_ever_answered_a_build_is_known_after_a_restart(collection):
    await Ledger(collection).keep("b1", "", MESSAGES, 100, completion(), call())

    again = Ledger(collection)
    assert await again.answered("b1", "a")
    assert not await again.answered("b1", "b")
    assert not await again.answered("b2", "a")


async def test_many_answers_at_once(collection):
    ledger = Ledger(collection)

    await asyncio.gather(
        *(ledger.keep("b1", "", MESSAGES, 100, completion(str(n)), call(f"c{n}", f"e{n % 3}")) for n in range(250))
    )

    found = await asyncio.gather(*(ledger.find("b1", "", f"c{n}", 100) for n in range(250)))
    assert [answer.content for answer, _ in found] == [str(n) for n in range(250)]
    assert await collection.count_documents({}) == 253


async def test_the_longest_answer_that_the_client_takes_can_be_kept_with_its_repair(collection):
    """6 MiB each: the repair turn's messages hold the first answer."""
    long = "x" * (6 * 1024 * 1024)
    turn = [*MESSAGES, {"role": "assistant", "content": long}]

    await asyncio.wait_for(Ledger(collection).keep("b1", "", turn, 100, completion(long), call()), 60)

    assert len((await Ledger(collection).find("b1", "", "c1", 100))[0].content) == len(long)


async def test_a_paid_answer_waits_for_a_store_that_is_away(collection, monkeypatch, caplog):
    monkeypatch.setattr(module, "_STORE_RETRY_SECONDS", 0.02)
    ledger, away = Ledger(collection), 3
    insert = ledger._insert

    async def flaky(document):
        nonlocal away
        if away:
            away -= 1
            raise StoreUnavailable("MongoDB is away")
        return await insert(document)

    monkeypatch.setattr(ledger, "_insert", flaky)
    with caplog.at_level(logging.WARNING):
        await asyncio.wait_for(ledger.keep("b1", "", MESSAGES, 100, completion(), call()), 20)

    assert (away, len(caplog.records)) == (0, 3)
    assert await Ledger(collection).find("b1", "", "c1", 100) == (completion(), call())


async def test_asking_a_store_that_is_away_is_transient(monkeypatch):
    monkeypatch.setattr(mongo, "_TIMEOUT_MS", 200)
    ledger = Ledger(mongo.connect("mongodb://127.0.0.1:1")["x"]["calls"])

    for asked in (ledger.find("b1", "", "c1", 1), ledger.answered("b1", "a")):
        with pytest.raises(StoreUnavailable):
            await asked


async def test_waiting_for_the_store_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(mongo, "_TIMEOUT_MS", 50)
    ledger = Ledger(mongo.connect("mongodb://127.0.0.1:1")["x"]["calls"])
    keeping = asyncio.create_task(ledger.keep("b1", "", MESSAGES, 100, completion(), call()))
    await asyncio.sleep(0.2)
    keeping.cancel()

    with pytest.raises(asyncio.CancelledError):
        await keeping
