"""The life of a training as callers see it: ordered, watched, cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.training.v1 import training_pb2
from chimera_shared import identity
from chimera_shared.checkers import validate_role
from chimera_shared.endpoints.book import Books
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound, Violation
from chimera_shared.spec import validate_price
from chimera_shared.stage import Publisher
from chimera_trainer.datasets import Datasets
from chimera_trainer.domain import spec as rules
from chimera_trainer.registry import Registry
from chimera_trainer.store import ENDED, TrainerStore

_MAX_REQUEST_ID_CHARS = 64
_WATCH_SECONDS = 0.3
_WAY_ON = "order it again with a higher budget, anew or, where all weights are trained, with a checkpoint as its base"
_STATES = {
    training_pb2.TRAINING_STATE_PENDING: build_pb2.BUILD_STATE_RUNNING,  # its first answers may be graded already
    training_pb2.TRAINING_STATE_RUNNING: build_pb2.BUILD_STATE_RUNNING,
    training_pb2.TRAINING_STATE_SUCCEEDED: build_pb2.BUILD_STATE_SUCCEEDED,
    training_pb2.TRAINING_STATE_FAILED: build_pb2.BUILD_STATE_FAILED,
    training_pb2.TRAINING_STATE_CANCELLED: build_pb2.BUILD_STATE_CANCELLED,
}


class Trainings:
    """Trainings and their state. Every change is stored first and told after.

    One with a judge is told as a build too: to the verifier, which asks the judge and pays from the training's budget.
    """

    def __init__(
        self,
        store: TrainerStore,
        registry: Registry,
        datasets: Datasets,
        endpoints: Endpoints,
        bus: Publisher,
        books: Books,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._registry = registry
        self._datasets = datasets
        self._endpoints = endpoints
        self._bus = bus
        self._books = books
        self._clock = clock

    async def start(self, request_id: str, spec: training_pb2.TrainingSpec) -> training_pb2.Training:
        """Order a training, or return the one that this request ordered before."""
        if not 1 <= len(request_id) <= _MAX_REQUEST_ID_CHARS:
            raise InvalidInput.of("request_id", f"must have 1 to {_MAX_REQUEST_ID_CHARS} characters")
        if wrong := [*rules.violations(spec), *self._judge(spec)]:
            raise InvalidInput(wrong)
        training = training_pb2.Training(
            training_id=identity.training_id(request_id),
            spec=rules.with_defaults(spec),
            state=training_pb2.TRAINING_STATE_PENDING,
            revision=1,
        )
        if (there := await self._store.find(training.training_id)) is None:
            if wrong := [*await self._dataset(spec), *await asyncio.to_thread(self._base, spec)]:
                raise InvalidInput(wrong)
            training.create_time.FromDatetime(self._clock())
            if await self._store.start(training, request_id):
                await self._tell(training)
                return training
            there = await self._store.require(training.training_id)
        if there.spec != training.spec:
            raise AlreadyExists(
                f"request_id {request_id!r} ordered another training, {there.training_id}; choose a new one"
            )
        await self._show_spending([there])
        return there

    async def get(self, training_id: str) -> training_pb2.Training:
        """One training, with what its judge spent; NotFound."""
        training = await self._store.require(training_id)
        await self._show_spending([training])
        return training

    async def page(self, skip: int, limit: int) -> list[training_pb2.Training]:
        """Trainings, newest first, with what their judges spent."""
        found = await self._store.page(skip, limit)
        await self._show_spending(found)
        return found

    async def watch(self, training_id: str) -> AsyncIterator[training_pb2.Training]:
        """The training now and after every change, until it has ended."""
        last = None
        while True:
            training = await self.get(training_id)
            if training != last:
                yield training
                last = training
            if training.state in ENDED:
                return
            await asyncio.sleep(_WATCH_SECONDS)

    async def cancel(self, training_id: str) -> training_pb2.Training:
        """End a training; whoever runs it sees so at its next heartbeat. FailedPrecondition if it has ended before."""
        while (training := await self._store.require(training_id)).state not in ENDED:
            if await self.change(training, training_pb2.TRAINING_STATE_CANCELLED):
                return training
        if training.state != training_pb2.TRAINING_STATE_CANCELLED:
            raise FailedPrecondition(f"training {training_id} has ended before; it cannot be cancelled any more")
        return training

    async def change(
        self, training: training_pb2.Training, state: "training_pb2.TrainingState", detail: str = "", model: str = ""
    ) -> bool:
        """Bring a training into a state; False if it has changed since it was read."""
        changed = training_pb2.Training()
        changed.CopyFrom(training)
        changed.state, changed.detail, changed.model = state, detail, model
        changed.revision += 1
        if state in ENDED:
            changed.end_time.FromDatetime(self._clock())
        if not await self._store.change(changed):
            return False
        training.CopyFrom(changed)
        await self._tell(training)
        return True

    async def look(self) -> None:
        """End trainings whose budget is spent; who runs one sees so at its next heartbeat, as of a cancelled one."""
        judged = {each.training_id: each for each in await self._store.active() if rules.judged(each.spec)}
        if not judged:
            return
        for name, book in (await self._books.find_many([*judged])).items():
            if book.refused:  # the reward that waits for this call never comes
                training = judged[name]
                done = f"{training.step:,} of {training.steps:,} steps were done"
                detail = f"{book.refused}; {done}, checkpoints are in CHIMERA_JOBS/{name}/checkpoints; {_WAY_ON}"
                await self.change(training, training_pb2.TRAINING_STATE_FAILED, detail)

    async def tell_again(self) -> None:
        """Publish every state whose publication may have been cut off."""
        for training in await self._store.untold():
            await self._tell(training)

    async def _tell(self, training: training_pb2.Training) -> None:
        if rules.judged(training.spec):  # the verifier knows it before there is anything to ask
            await self._bus.publish(events_pb2.BuildChanged(build=_as_build(training)))
        await self._bus.publish(events_pb2.TrainingChanged(training=training))
        await self._store.told(training)

    async def _show_spending(self, trainings: Sequence[training_pb2.Training]) -> None:
        judged = {each.training_id: each for each in trainings if rules.judged(each.spec)}
        if judged:
            for name, book in (await self._books.find_many([*judged])).items():
                judged[name].spending.CopyFrom(book.spending)

    def _judge(self, spec: training_pb2.TrainingSpec) -> list[Violation]:
        if not spec.reinforcement.HasField("judge"):
            return []
        judge = spec.reinforcement.judge
        return [
            *validate_role("reinforcement.judge", judge, self._endpoints),
            *validate_price(spec.budget, judge.endpoints, self._endpoints, "the judge"),
        ]

    async def _dataset(self, spec: training_pb2.TrainingSpec) -> list[Violation]:
        try:
            head = await self._datasets.get(spec.dataset_id)
        except NotFound:
            known = "`chimera datasets list` shows those that there are"
            return [Violation("dataset_id", f"no dataset is named {spec.dataset_id[:80]!r}; {known}")]
        if not head.samples:
            return [Violation("dataset_id", f"{spec.dataset_id} has no samples; name another")]
        return []

    def _base(self, spec: training_pb2.TrainingSpec) -> list[Violation]:
        base = spec.base
        if base.WhichOneof("source") == "registered":
            try:
                self._registry.find(base.registered)
            except NotFound as error:
                return [Violation("base.registered", str(error))]
        if base.WhichOneof("source") == "path" and not (Path(base.path) / "config.json").is_file():
            return [
                Violation("base.path", f"{base.path[:200]!r} holds no config.json of a model on the trainer's disk")
            ]
        return []


def _as_build(training: training_pb2.Training) -> build_pb2.Build:
    """What a training is to those that ask models for it: a build without subjects."""
    build = build_pb2.Build(build_id=training.training_id, state=_STATES[training.state], revision=training.revision)
    if training.state not in ENDED:
        build.spec.budget.CopyFrom(training.spec.budget)
    return build
