"""Runs one training at a time: under a lease, in a child process, from its newest checkpoint, to the registry."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self

from google.protobuf.json_format import MessageToDict
from opentelemetry.trace import SpanKind

from chimera.model.v1 import model_pb2
from chimera.training.v1 import training_pb2
from chimera_shared.errors import ChimeraError, FailedPrecondition, Transient
from chimera_shared.telemetry import extract_trace, span
from chimera_trainer.child import Child
from chimera_trainer.datasets import Datasets
from chimera_trainer.job import Job, Jobs, Tail
from chimera_trainer.registry import Registry
from chimera_trainer.store import ENDED, Lease, TrainerStore
from chimera_trainer.trainings import Trainings

log = logging.getLogger(__name__)
GAVE_UP = 3
"""How a child ends that starting again would not help."""
_LEASE_SECONDS, _BEAT_SECONDS = 20.0, 2.0
_POLL_SECONDS = 0.25
_MAX_RESTARTS = 3
"""Without a step between them; a worker that gets on may be restarted as often as it is killed."""
_PENDING, _RUNNING = training_pb2.TRAINING_STATE_PENDING, training_pb2.TRAINING_STATE_RUNNING
_FAILED, _SUCCEEDED = training_pb2.TRAINING_STATE_FAILED, training_pb2.TRAINING_STATE_SUCCEEDED


class Runner:
    """Takes trainings that wait, and those that a replica left behind, one after another."""

    def __init__(
        self,
        holder: str,
        store: TrainerStore,
        trainings: Trainings,
        jobs: Jobs,
        datasets: Datasets,
        registry: Registry,
    ) -> None:
        self._holder = holder
        self._store = store
        self._trainings = trainings
        self._jobs = jobs
        self._datasets = datasets
        self._registry = registry
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Begin the oldest training that nobody runs, unless one is run here already."""
        if self._task is not None and not self._task.done():
            return
        now = time.time()
        for training_id in await self._store.free(now):
            if await self._store.claim(training_id, self._lease(), now):
                self._task = asyncio.create_task(self._held(training_id))
                return

    async def _held(self, training_id: str) -> None:
        """Run a training as long as the lease is held; it is given back at the end, whatever that is."""
        work = asyncio.create_task(self._run(training_id))
        try:
            while not work.done():
                await asyncio.wait([work], timeout=_BEAT_SECONDS)
                if not work.done() and not await self._renewed(training_id):
                    log.info("training %s is not run here any more", training_id)
                    break
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            with suppress(ChimeraError):  # it runs out by itself
                await self._store.release(training_id, self._holder)

    async def _renewed(self, training_id: str) -> bool:
        try:
            return await self._store.renew(training_id, self._lease())
        except Transient as error:  # nobody else can take it while the store is away
            log.warning("the lease of training %s waits: %s", training_id, error)
            return True

    async def _run(self, training_id: str) -> None:
        training = await self._store.require(training_id)
        attributes = {"chimera.training_id": training_id, "chimera.dataset_id": training.spec.dataset_id}
        parent = extract_trace(await self._store.trace(training_id))
        with span("train", SpanKind.CONSUMER, attributes, parent):
            await self._to_the_end(training)

    async def _to_the_end(self, training: training_pb2.Training) -> None:
        training_id = training.training_id
        while True:
            try:
                job = await self._prepared(training)
                await self._train(training, job)
                await self._publish(training, job)
            except Transient as error:
                log.warning("training %s waits: %s", training_id, error)
                await asyncio.sleep(_BEAT_SECONDS)
                training = await self._store.require(training_id)
                continue
            except ChimeraError as error:
                await self._trainings.change(training, _FAILED, detail=str(error))
            except Exception as error:
                log.exception("training %s failed", training_id)
                await self._trainings.change(training, _FAILED, detail=f"a defect of the trainer: {error!r}"[:500])
            return

    async def _prepared(self, training: training_pb2.Training) -> Job:
        base = training.spec.base
        if base.WhichOneof("source") == "registered":
            found = await asyncio.to_thread(self._registry.find, base.registered)
            base = model_pb2.ModelSource(path=found.path)
            await asyncio.to_thread(self._registry.verify, found)
        return await self._jobs.prepare(training, base, self._datasets.samples(training.spec.dataset_id))

    async def _train(self, training: training_pb2.Training, job: Job) -> None:
        """Have a child train to the end; one that dies is started again from its newest whole checkpoint."""
        tail, stuck = Tail(job.progress), 0
        # What an earlier process had heard is stored; what its child said after that is taken in now.
        await self._observe(training, [line for line in tail.read() if line.get("step", 0) > training.step])
        while not job.final.is_dir():
            before, reason = training.step, ""
            child = await Child.start(job)
            try:
                async for lines in _said(child, tail):
                    reason = next((str(line["detail"]) for line in lines if line.get("type") == "failed"), reason)
                    await self._observe(training, lines)
            finally:
                await child.stop()
            if child.ended == GAVE_UP:
                raise FailedPrecondition(reason or job.last_words())
            if job.final.is_dir():
                return
            stuck = 0 if training.step > before else stuck + 1
            if stuck > _MAX_RESTARTS:
                raise FailedPrecondition(f"its worker died {stuck} times without a step between: {job.last_words()}")
            training.restarts += 1
            log.warning("a worker of training %s died (%s); it starts again", training.training_id, child.ended)
            await self._observe(training, [])

    async def _observe(self, training: training_pb2.Training, lines: Sequence[Mapping[str, Any]]) -> None:
        """Take in what a child said. A store that is away is waited for: the child goes on meanwhile."""
        points = []
        for line in lines:
            if line.get("type") == "started":
                training.steps, training.left_out = int(line["steps"]), int(line["left_out"])
            elif line.get("type") == "point":
                points.append(_point(line))
                training.step, training.tokens = points[-1].step, int(line["tokens"])
                training.last.CopyFrom(points[-1])
        while True:
            try:
                for point in points:
                    await self._store.add(training.training_id, point)
                await self._store.progress(training)
                if training.state == _PENDING and training.steps:
                    await self._trainings.change(training, _RUNNING)
                return
            except Transient as error:
                log.warning("what training %s measured waits: %s", training.training_id, error)
                await asyncio.sleep(_BEAT_SECONDS)

    async def _publish(self, training: training_pb2.Training, job: Job) -> None:
        """Enter the model into the registry and say so. Both are safe to do again."""
        spec = training.spec
        dataset = await self._datasets.get(spec.dataset_id)
        model = model_pb2.Model(
            name=spec.name,
            base=spec.base,
            training_id=training.training_id,
            dataset_id=spec.dataset_id,
            dataset_version=dataset.version or 1,
            method=training_pb2.Method.Name(spec.method).removeprefix("METHOD_").lower(),
            code_version=version("chimera"),
            settings_json=json.dumps(MessageToDict(spec, preserving_proto_field_name=True), sort_keys=True),
        )
        model.create_time.GetCurrentTime()
        made = await asyncio.to_thread(self._registry.add, job.final, model)
        current = await self._store.require(training.training_id)
        if current.state in ENDED:
            return
        if await self._trainings.change(current, _SUCCEEDED, model=f"{made.name}@{made.version}"):
            await asyncio.to_thread(job.forget)

    def _lease(self) -> Lease:
        return Lease(self._holder, time.time() + _LEASE_SECONDS)


async def _said(child: Child, tail: Tail) -> AsyncIterator[list[Mapping[str, Any]]]:
    """What a child says, until it has ended and all is read."""
    while True:
        over = child.ended is not None
        if lines := tail.read():
            yield lines
        if over:
            return
        await child.wait(_POLL_SECONDS)


def _point(line: Mapping[str, Any]) -> training_pb2.Point:
    point = training_pb2.Point(step=int(line["step"]), values=line["values"])
    point.time.FromNanoseconds(int(line["time"] * 1e9))
    return point
