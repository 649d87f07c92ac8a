import asyncio

import pytest

from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import mongo
from chimera_shared.errors import Configuration, StoreUnavailable
from chimera_shared.mongo import FirstWins
from chimera_shared.outcomes import OutcomeStore

pytestmark = pytest.mark.integration


async def test_of_many_with_one_id_exactly_one_wins(database):
    inserts = [FirstWins(database["things"]).insert for _ in range(3)]

    won = await asyncio.gather(*(inserts[n % 3]({"_id": "same", "from": n}) for n in range(60)))

    assert won.count(True) == 1
    assert (await database["things"].find_one({"_id": "same"}))["from"] == won.index(True)


async def test_each_caller_hears_of_its_own_document(database):
    await database["things"].insert_many([{"_id": n, "old": True} for n in range(0, 450, 3)])
    insert = FirstWins(database["things"]).insert

    won = await asyncio.gather(*(insert({"_id": n}) for n in range(450)))

    assert won == [n % 3 != 0 for n in range(450)]
    assert await database["things"].count_documents({}) == 450
    assert await database["things"].count_documents({"old": True}) == 150


async def test_later_documents_are_taken_after_earlier_ones(database):
    insert = FirstWins(database["things"]).insert

    assert [await insert({"_id": n % 2}) for n in range(4)] == [True, True, False, False]


async def test_a_cancelled_caller_does_not_disturb_the_others(database):
    insert = FirstWins(database["things"]).insert
    tasks = [asyncio.create_task(insert({"_id": n})) for n in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [r for r in results if r is not True] == [results[3]]
    assert isinstance(results[3], asyncio.CancelledError)


async def test_a_document_that_cannot_be_stored_leaves_nobody_waiting(database):
    insert = FirstWins(database["things"]).insert
    bad = {"_id": "bad", "value": 2**70}

    results = await asyncio.wait_for(asyncio.gather(insert(bad), insert(bad), return_exceptions=True), 20)

    assert all(isinstance(r, Exception) for r in results)
    assert await insert({"_id": "good"})


async def test_while_the_store_is_away_every_caller_is_told_and_afterwards_all_goes_on(linked_database, link):
    insert = FirstWins(linked_database["things"]).insert
    assert await insert({"_id": "before"})
    await link.cut()

    results = await asyncio.wait_for(
        asyncio.gather(*(insert({"_id": n}) for n in range(250)), return_exceptions=True), 120
    )
    assert all(isinstance(r, StoreUnavailable) for r in results)
    assert "MongoDB" in str(results[0])
    assert len(str(results[0])) < 300

    await link.mend()
    async with asyncio.timeout(120):
        while True:
            try:
                assert await insert({"_id": "after"})
                break
            except StoreUnavailable:
                await asyncio.sleep(0.1)


async def test_a_store_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(mongo, "_TIMEOUT_MS", 200)
    client = mongo.connect("mongodb://127.0.0.1:1")

    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1"):
        await mongo.ping(client)


@pytest.mark.parametrize("uri", ["", "http://h", "mongodb://", "mongodb://h:port", "mongodb://u@:p@h"])
async def test_a_wrong_address_is_the_operators_mistake(uri):
    with pytest.raises(Configuration, match="MONGODB_URI: "):
        mongo.connect(uri)


async def test_the_first_outcome_stays_and_comes_back_as_it_was(database):
    store = OutcomeStore(database["outcomes"], events_pb2.ProblemValidated, events_pb2.SampleSettled)
    ref = sample_pb2.SampleRef(sample_id="a" * 32, build_id="b1", slot=2**40, seed=2**31 - 1)
    first = events_pb2.SampleSettled(
        sample=sample_pb2.Sample(
            ref=ref,
            problem=sample_pb2.Problem(
                statement="∫\0 $x$ 'é' \u2028", reference=sample_pb2.Answer(value="2", tolerance=1e-300)
            ),
            outcome=sample_pb2.OUTCOME_ACCEPTED,
            usage=sample_pb2.Usage(cost_nanousd=2**62),
        )
    )
    second = events_pb2.ProblemValidated(ref=ref)
    assert await store.find("k") is None

    assert await store.keep("k", first) == first

    assert await store.keep("k", second) == first
    assert await store.find("k") == first


async def test_of_outcomes_kept_at_once_all_see_the_same(database):
    stores = [OutcomeStore(database["outcomes"], events_pb2.ProblemRequested) for _ in range(3)]
    events = [events_pb2.ProblemRequested(ref=sample_pb2.SampleRef(sample_id=str(n))) for n in range(12)]

    kept = await asyncio.gather(*(stores[n % 3].keep("k", event) for n, event in enumerate(events)))

    assert len({event.ref.sample_id for event in kept}) == 1
