"""How a training is run: by one replica, across killed children, to the registry or to a reason."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera.training.v1 import training_pb2
from chimera_shared.endpoints import config
from chimera_shared.endpoints.book import Amount, Book, Holder
from chimera_shared.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound
from chimera_trainer import runner as module
from chimera_trainer.job import Job, Jobs
from chimera_trainer.registry import Registry
from chimera_trainer.runner import GAVE_UP, Runner
from chimera_trainer.store import ENDED
from chimera_trainer.trainings import Trainings
from chimera_trainer.work.report import Report

KILLED = -9
ENDPOINTS = config.parse({"judge": {"base_url": "http://127.0.0.1:1/v1", "model": "m"}})
STATES = training_pb2.TrainingState


def copied(training):
    copy = training_pb2.Training()
    copy.CopyFrom(training)
    return copy


class Store:
    """The store's promises in memory: a change by revision, a lease by holder and time."""

    def __init__(self):
        self.trainings, self.leases, self.measured, self.new = {}, {}, {}, set()

    async def start(self, training, request_id):
        if training.training_id in self.trainings:
            return False
        self.trainings[training.training_id] = copied(training)
        self.leases[training.training_id] = module.Lease("", 0.0)
        return True

    async def find(self, training_id):
        return copied(self.trainings[training_id]) if training_id in self.trainings else None

    async def trace(self, training_id):
        return {}

    async def require(self, training_id):
        return copied(self.trainings[training_id])

    async def active(self):
        return [copied(training) for training in self.trainings.values() if training.state not in ENDED]

    async def free(self, now):
        return [
            key for key, training in self.trainings.items() if training.state not in ENDED and self._is_free(key, now)
        ]

    def _is_free(self, key, now):
        return self.leases[key].until < now

    async def claim(self, training_id, lease, now):
        if not self._is_free(training_id, now):
            return False
        self.leases[training_id] = lease
        return True

    async def renew(self, training_id, lease):
        ended = self.trainings[training_id].state in ENDED
        if ended or self.leases[training_id].holder != lease.holder:
            return False
        self.leases[training_id] = lease
        return True

    async def release(self, training_id, holder):
        if self.leases[training_id].holder == holder:
            self.leases[training_id] = module.Lease("", 0.0)

    async def change(self, changed):
        if self.trainings[changed.training_id].revision != changed.revision - 1:
            return False
        self.trainings[changed.training_id] = copied(changed)
        return True

    async def progress(self, training):
        there = self.trainings[training.training_id]
        there.step, there.steps, there.restarts = training.step, training.steps, training.restarts
        there.tokens, there.left_out = training.tokens, training.left_out

    async def told(self, training):
        self.new.discard(training.training_id)

    async def untold(self):
        return []

    async def add(self, training_id, point):
        self.measured[training_id, point.step] = point


class Datasets:
    async def get(self, dataset_id):
        if dataset_id != "d1":
            raise NotFound("none")
        return dataset_pb2.Dataset(dataset_id="d1", samples=3, version=2)

    async def samples(self, dataset_id):
        for n in range(3):
            yield sample_pb2.Sample(
                ref={"sample_id": f"s{n}"}, problem={"statement": "1+1?"}, solution={"text": "It is 2."}
            )


class Bus:
    def __init__(self):
        self.said, self.builds = [], []

    async def publish(self, event):
        if isinstance(event, events_pb2.BuildChanged):
            self.builds.append((event.build.revision, event.build.state, event.build.spec.budget.calls))
        else:
            self.said.append((event.training.revision, event.training.state))


class Books:
    def __init__(self):
        self.books, self.asked = {}, 0

    async def find_many(self, names):
        self.asked += 1
        return {name: self.books[name] for name in names if name in self.books}


class FakeChild:
    """A child that does as a script says: it works from the step that is reached, and ends with a code."""

    ended = None
    stopped = False

    async def wait(self, seconds):
        await asyncio.sleep(0)

    async def stop(self):
        self.stopped = True


class Scene:
    def __init__(self, tmp_path, monkeypatch):
        self.store, self.bus, self.books, self.children = Store(), Bus(), Books(), []
        self.registry, self.jobs = Registry(tmp_path / "models"), Jobs(tmp_path / "jobs", "127.0.0.1:1")
        self.base = tmp_path / "base"
        self.base.mkdir()
        (self.base / "config.json").write_text("{}")
        now = lambda: datetime.now(UTC)  # noqa: E731
        self.trainings = Trainings(self.store, self.registry, Datasets(), ENDPOINTS, self.bus, self.books, now)
        self.script: list[Callable[[Job, FakeChild], None]] = []
        monkeypatch.setattr(module, "_BEAT_SECONDS", 0.02)
        monkeypatch.setattr(module.Child, "start", self._child)

    async def _child(self, job):
        child = FakeChild()
        self.children.append(child)
        self.script.pop(0)(job, child)
        return child

    def runner(self, name="one"):
        return Runner(name, self.store, self.trainings, self.jobs, Datasets(), self.registry)

    def order(self, **changes):
        base = {"path": str(self.base)}
        return training_pb2.TrainingSpec(
            **{"name": "student", "method": training_pb2.METHOD_SFT, "base": base, "dataset_id": "d1", **changes}
        )

    async def until(self, holds):
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 what is awaited tells nobody
                await asyncio.sleep(0.01)

    async def end(self, training_id, *runners):
        async with asyncio.timeout(60):
            while (training := await self.store.require(training_id)).state not in ENDED:
                for each in runners:
                    await each.look()
                await asyncio.sleep(0.01)
        return training


def steps(first, last, code, final=False):
    """A child that does these steps of four, and then ends."""

    def work(job, child):
        report = Report(job.folder)
        report.started(4, 1, first - 1)
        for step in range(first, last + 1):
            report.point(step, 10 * step, {"loss": 1 / step})
        if final:
            job.final.mkdir()
            (job.final / "model.safetensors").write_bytes(b"weights")
        child.ended = code

    return work


def works_on(job, child):
    Report(job.folder).started(4, 0, 0)


def gives_up(job, child):
    Report(job.folder).failed("the tokeniser has no chat template")
    child.ended = GAVE_UP


@pytest.fixture
def scene(tmp_path, monkeypatch):
    return Scene(tmp_path, monkeypatch)


async def test_a_killed_child_is_started_again_and_the_model_is_published(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [steps(1, 2, KILLED), steps(2, 4, 0, final=True)]
    async with scene.runner() as runner:
        done = await scene.end(training.training_id, runner)
    assert (done.state, done.model, done.restarts) == (STATES.TRAINING_STATE_SUCCEEDED, "student@1", 1)
    assert (done.step, done.steps, done.tokens, done.left_out) == (4, 4, 40, 1)
    assert sorted(step for _, step in scene.store.measured) == [1, 2, 3, 4]
    model = scene.registry.get("student")
    assert (model.dataset_version, model.method, model.training_id) == (2, "sft", training.training_id)
    assert json.loads(model.settings_json)["optimiser"]["batch_size"] == 256
    assert scene.bus.said == [(1, 1), (2, 2), (3, 3)]
    assert all(child.stopped for child in scene.children)


def rewarded(scene, **judge):
    return scene.order(method=training_pb2.METHOD_GRPO, reinforcement=judge or None)


async def test_a_spent_budget_fails_the_training_ends_its_child_and_keeps_its_folder(scene):
    order = rewarded(scene, judge={"endpoints": ["judge"]})
    order.budget.calls = 7
    training = await scene.trainings.start("r1", order)
    scene.script = [works_on]
    book = scene.books.books[training.training_id] = Book(training.training_id)
    book.holders["verifier"] = Holder("verifier", "1", spent=Amount(calls=7, cost_nanousd=5))
    async with scene.runner() as runner:
        await runner.look()
        await scene.until(lambda: scene.bus.said[-1][1] == STATES.TRAINING_STATE_RUNNING)
        await scene.trainings.look()
        assert (await scene.trainings.get(training.training_id)).state == STATES.TRAINING_STATE_RUNNING
        book.refused = "the budget of 7 model calls is spent: 7 were made"
        await scene.trainings.look()
        await scene.until(lambda: scene.children[0].stopped)
    done = await scene.trainings.get(training.training_id)
    assert done.state == STATES.TRAINING_STATE_FAILED
    assert done.detail.startswith("the budget of 7 model calls is spent: 7 were made; 0 of 4 steps were done, ")
    assert "order it again with a higher budget" in done.detail
    assert (done.spending.spent.calls, done.spending.spent.cost_nanousd) == (7, 5)
    assert (scene.jobs.job(training.training_id).folder / "data.jsonl").is_file()
    running, failed = build_pb2.BUILD_STATE_RUNNING, build_pb2.BUILD_STATE_FAILED
    assert scene.bus.builds == [(1, running, 7), (2, running, 7), (3, failed, 0)]


async def test_a_budget_of_money_needs_a_judge_that_has_a_price(scene):
    order = rewarded(scene, judge={"endpoints": ["judge"]})
    order.budget.cost_nanousd = 5
    with pytest.raises(InvalidInput, match="no endpoint of the judge has a price"):
        await scene.trainings.start("r1", order)


async def test_a_training_without_a_judge_is_told_as_no_build_and_has_no_book(scene):
    training = await scene.trainings.start("r1", rewarded(scene))
    scene.books.books[training.training_id] = Book(training.training_id, refused="spent")
    await scene.trainings.look()
    assert (await scene.trainings.get(training.training_id)).state == STATES.TRAINING_STATE_PENDING
    await scene.trainings.cancel(training.training_id)
    assert (scene.bus.builds, scene.books.asked) == ([], 0)
    assert len(scene.bus.said) == 2


async def test_a_child_that_gives_up_is_not_started_again(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [gives_up]
    async with scene.runner() as runner:
        done = await scene.end(training.training_id, runner)
    assert (done.state, done.detail) == (STATES.TRAINING_STATE_FAILED, "the tokeniser has no chat template")


async def test_a_child_that_dies_without_a_step_is_given_up_in_the_end(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [steps(1, 2, KILLED), *[steps(2, 2, 1)] * 4]
    async with scene.runner() as runner:
        done = await scene.end(training.training_id, runner)
    assert done.state == STATES.TRAINING_STATE_FAILED
    assert "died 4 times without a step" in done.detail
    assert len(scene.children) == 5


async def test_of_two_replicas_one_runs_a_training(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [works_on]
    async with scene.runner("one") as one, scene.runner("two") as two:
        await asyncio.gather(one.look(), two.look())
        await scene.until(lambda: scene.children)
        await asyncio.sleep(0.1)
        await two.look()
        assert len(scene.children) == 1
        assert (await scene.store.require(training.training_id)).state == STATES.TRAINING_STATE_RUNNING
        assert await scene.store.free(module.time.time()) == []
    assert scene.children[0].stopped
    assert await scene.store.free(module.time.time()) == [training.training_id], "a replica that stops gives it back"


async def test_what_a_dead_replica_left_is_taken_over(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [works_on]
    async with scene.runner("one") as one:
        await one.look()
        await scene.until(lambda: scene.children)
        scene.store.leases[training.training_id] = module.Lease("dead", 1.0)  # as if it had run out long ago
        scene.script = [steps(1, 4, 0, final=True)]
        async with scene.runner("two") as two:
            done = await scene.end(training.training_id, two)
        await scene.until(lambda: scene.children[0].stopped)  # the one that lost the lease
    assert (done.state, done.restarts) == (STATES.TRAINING_STATE_SUCCEEDED, 0)


async def test_a_cancellation_stops_the_child(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [works_on]
    async with scene.runner() as runner:
        await runner.look()
        await scene.until(lambda: scene.children)
        assert (await scene.trainings.cancel(training.training_id)).state == STATES.TRAINING_STATE_CANCELLED
        await scene.until(lambda: scene.children[0].stopped)
    assert (await scene.trainings.cancel(training.training_id)).state == STATES.TRAINING_STATE_CANCELLED


async def test_trainings_are_run_one_after_another(scene):
    first = await scene.trainings.start("r1", scene.order())
    second = await scene.trainings.start("r2", scene.order())
    held = []
    scene.script = [lambda *child: held.append(child), steps(1, 4, 0, final=True)]
    async with scene.runner() as runner:
        await runner.look()
        await scene.until(lambda: held)
        await runner.look()
        assert scene.store.leases[second.training_id].holder == ""
        steps(1, 4, 0, final=True)(*held[0])
        await scene.end(first.training_id, runner)
        done = await scene.end(second.training_id, runner)
    assert done.model == "student@2"


async def test_the_same_request_is_the_same_training(scene):
    started = await scene.trainings.start("r1", scene.order())
    assert await scene.trainings.start("r1", scene.order()) == started
    with pytest.raises(AlreadyExists, match="r1"):
        await scene.trainings.start("r1", scene.order(seed=2))


async def test_what_an_order_names_must_be_there(scene):
    with pytest.raises(InvalidInput) as wrong:
        await scene.trainings.start("r1", scene.order(dataset_id="d2", base={"path": "/nowhere"}))
    assert [violation.field for violation in wrong.value.violations] == ["dataset_id", "base.path"]
    with pytest.raises(InvalidInput, match=r"base\.registered: no model is named"):
        await scene.trainings.start("r1", scene.order(base={"registered": "nobody"}))


async def test_what_has_ended_is_not_cancelled(scene):
    training = await scene.trainings.start("r1", scene.order())
    scene.script = [steps(1, 4, 0, final=True)]
    async with scene.runner() as runner:
        await scene.end(training.training_id, runner)
    with pytest.raises(FailedPrecondition, match="has ended before"):
        await scene.trainings.cancel(training.training_id)
