"""Trainings in the store: a lease has one holder, a state changes by its revision, progress survives both."""

import asyncio
from datetime import UTC, datetime

import pytest

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.events.v1 import events_pb2
from chimera.training.v1 import training_pb2
from chimera_shared.endpoints import config
from chimera_shared.endpoints.book import Amount, Book, Books, Holder
from chimera_trainer.store import Lease, TrainerStore
from chimera_trainer.trainings import Trainings

pytestmark = pytest.mark.integration


@pytest.fixture
async def store(database) -> TrainerStore:
    store = TrainerStore(database)
    await store.prepare()
    return store


def training(training_id="t1", **fields):
    return training_pb2.Training(
        training_id=training_id, revision=1, state=training_pb2.TRAINING_STATE_PENDING, spec={"name": "s"}, **fields
    )


async def test_a_lease_has_one_holder_at_a_time(store):
    assert await store.start(training(), "r1")
    assert not await store.start(training(), "r1")
    assert await store.free(100.0) == ["t1"]
    won = await asyncio.gather(*(store.claim("t1", Lease(f"replica {n}", 120.0), 100.0) for n in range(8)))
    assert won.count(True) == 1
    holder = f"replica {won.index(True)}"
    assert await store.free(119.0) == []
    assert await store.renew("t1", Lease(holder, 140.0))
    assert not await store.renew("t1", Lease("another", 140.0))
    assert await store.free(130.0) == []
    assert await store.claim("t1", Lease("another", 170.0), 141.0), "it ran out"
    assert not await store.renew("t1", Lease(holder, 160.0))
    await store.release("t1", holder)
    assert await store.free(150.0) == [], "only its holder gives it back"
    await store.release("t1", "another")
    assert await store.free(150.0) == ["t1"]


async def test_progress_stays_when_the_state_changes_and_points_are_replaced(store):
    await store.start(training(), "r1")
    far = training(step=3, steps=4, tokens=30, left_out=2, restarts=1, last={"step": 3, "values": {"loss": 0.5}})
    await store.progress(far)
    there = await store.require("t1")
    assert (there.step, there.steps, there.tokens, there.left_out, there.restarts) == (3, 4, 30, 2, 1)
    assert there.last.values["loss"] == 0.5
    for loss in (2.0, 1.0):
        for step in (1, 2, 10):
            await store.add("t1", training_pb2.Point(step=step, values={"loss": loss}))
    points = [point async for point in store.points("t1")]
    assert [(point.step, point.values["loss"]) for point in points] == [(1, 1.0), (2, 1.0), (10, 1.0)]
    there.state, there.revision = training_pb2.TRAINING_STATE_SUCCEEDED, 2
    assert await store.change(there)
    assert not await store.change(there), "its revision is taken"
    assert (await store.require("t1")).step == 3
    assert not await store.renew("t1", Lease("", 9.0)), "what has ended is held by nobody"
    assert await store.free(1e12) == []


async def test_what_was_not_told_is_found_until_it_is(store):
    await store.start(training(), "r1")
    (untold,) = await store.untold()
    older = training()
    older.revision = 0
    await store.told(older)
    assert len(await store.untold()) == 1
    await store.told(untold)
    assert await store.untold() == []


class Datasets:
    async def get(self, dataset_id):
        return dataset_pb2.Dataset(dataset_id=dataset_id, samples=1)


class Bus:
    def __init__(self):
        self.sent = []

    async def publish(self, event):
        self.sent.append(event)


async def test_a_judged_training_is_paid_from_its_book_and_ends_with_it(database, store, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    endpoints = config.parse({"judge": {"base_url": "http://127.0.0.1:1/v1", "model": "m"}})
    bus, books = Bus(), Books(database["budgets"])
    trainings = Trainings(store, None, Datasets(), endpoints, bus, books, lambda: datetime(2026, 11, 28, tzinfo=UTC))
    spec = training_pb2.TrainingSpec(
        name="s",
        method=training_pb2.METHOD_GRPO,
        base={"path": str(tmp_path)},
        dataset_id="d1",
        reinforcement={"judge": {"endpoints": ["judge"]}},
        budget={"calls": 4},
    )
    started = await trainings.start("r1", spec)
    told, changed = bus.sent
    assert isinstance(changed, events_pb2.TrainingChanged), "the verifier hears of it first"
    assert (told.build.build_id, told.build.spec.budget.calls) == (started.training_id, 4)

    book = Book(started.training_id, refused="the budget of 4 model calls is spent: 4 were made", lost=Amount(calls=1))
    book.holders["verifier"] = Holder("verifier", "1", spent=Amount(calls=3, cost_nanousd=5))
    assert await books.swap(book)
    assert await store.claim(started.training_id, Lease("one", 120.0), 100.0)
    await trainings.look()
    await trainings.look()

    assert not await store.renew(started.training_id, Lease("one", 140.0)), "its runner stops"
    for shown in (await trainings.get(started.training_id), *await trainings.page(0, 1)):
        assert shown.state == training_pb2.TRAINING_STATE_FAILED
        assert shown.detail.startswith(book.refused)
        assert (shown.spending.spent.calls, shown.spending.unaccounted.calls) == (3, 1)
    ends = [event.build.state for event in bus.sent[2:] if isinstance(event, events_pb2.BuildChanged)]
    assert ends == [build_pb2.BUILD_STATE_FAILED], "once"
    assert await store.untold() == []
