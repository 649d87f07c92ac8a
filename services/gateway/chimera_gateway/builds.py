"""The life of a build: submitted, steered, completed or given up."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.counting import add_up, last_count, untold
from chimera_gateway.domain import groups
from chimera_gateway.domain.tally import caught_up, complete, filled, mark_of, progress
from chimera_gateway.live import Live
from chimera_gateway.store import GatewayStore, Record
from chimera_shared import identity
from chimera_shared.apportion import targets
from chimera_shared.builds import ENDED
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound
from chimera_shared.spec import require_valid, with_defaults
from chimera_shared.stage import Publisher

_MAX_REQUEST_ID_CHARS = 64
_WATCH_SECONDS = 0.3
_REMEMBERED_ENDS = 1_000
_TOLD_AFTER_END = timedelta(minutes=10)
"""Whoever has not heard by then of a build's end hears of it when it asks."""


class Builds:
    """Builds and their state. Every change is stored first and published after; the announcer heals what is lost."""

    def __init__(
        self, store: GatewayStore, endpoints: Endpoints, bus: Publisher, clock: Callable[[], datetime], live: Live
    ) -> None:
        self._store = store
        self._live = live
        self._endpoints = endpoints
        self._bus = bus
        self._clock = clock
        self._ended: OrderedDict[str, None] = OrderedDict()

    async def submit(self, request_id: str, spec: build_pb2.BuildSpec) -> build_pb2.Build:
        """Start a build, or return the one that this request started before."""
        if not 1 <= len(request_id) <= _MAX_REQUEST_ID_CHARS:
            raise InvalidInput.of("request_id", f"must have 1 to {_MAX_REQUEST_ID_CHARS} characters")
        require_valid(spec, self._endpoints)
        build = build_pb2.Build(
            build_id=identity.build_id(request_id),
            spec=with_defaults(spec),
            state=build_pb2.BUILD_STATE_RUNNING,
            revision=1,
        )
        build.spec.ledger_of = await self._ledger(spec.ledger_of)
        build.create_time.FromDatetime(self._clock())
        if not await self._store.submit(Record(build, request_id)):
            there = (await self._record(build.build_id)).build
            if there.spec != build.spec:
                raise AlreadyExists(
                    f"request_id {request_id!r} ordered another build, {there.build_id}; choose a new one"
                )
            return await self.get(there.build_id)
        await self._announce(build)
        return await self.get(build.build_id)

    async def get(self, build_id: str) -> build_pb2.Build:
        """A build with its progress; what it leaves is closed if it has ended."""
        record = await self._record(build_id)
        if record.closing:
            await self._close(record)
            record = await self._record(build_id)
        return await self._live.shown(with_progress(record))

    async def list(self, skip: int, limit: int) -> list[build_pb2.Build]:
        """Builds, newest first."""
        return await self._live.listed([with_progress(record) for record in await self._store.builds(skip, limit)])

    async def watch(self, build_id: str) -> AsyncIterator[build_pb2.Build]:
        """The build now and after every change, until it has ended."""
        last = None
        while True:
            build = await self.get(build_id)
            if build != last:
                yield build
                last = build
            if build.state in ENDED:
                return
            await asyncio.sleep(_WATCH_SECONDS)

    async def steer(self, build_id: str, state: "build_pb2.BuildState") -> build_pb2.Build:
        """Pause, resume or cancel. FailedPrecondition if the build has ended otherwise."""
        while True:
            build = (await self._record(build_id)).build
            if build.state == state:
                return await self.get(build_id)
            if build.state in ENDED:
                ended = build_pb2.BuildState.Name(build.state).removeprefix("BUILD_STATE_").lower()
                raise FailedPrecondition(f"build {build_id} has ended ({ended}); submit a new one, or fork it")
            if await self._change(build, state):
                return await self.get(build_id)

    async def give_up(self, event: events_pb2.QuotaMissed) -> None:
        """End a build that cannot be completed."""
        if (mark := mark_of(event)).counts:
            await self._store.tell(mark)
        await self.fail(event.build_id, event.reason, event.detail)

    async def fail(self, build_id: str, reason: "build_pb2.StopReason", detail: str) -> None:
        """End a build, unless it has ended; what was accepted becomes a partial dataset."""
        while True:
            build = (await self._record(build_id)).build
            if build.state in ENDED:
                return
            build.stop_reason, build.detail = reason, detail
            if await self._change(build, build_pb2.BUILD_STATE_FAILED):
                await self.get(build_id)
                return

    async def stop(self, build_id: str, reason: "build_pb2.StopReason", detail: str) -> None:
        """End a build that has reached a limit: it has failed, unless nothing but controls of it is missing."""
        record = await add_up(self._store, build_id)
        if record is None or not filled(record.counts, record.build.spec.samples):
            await self.fail(build_id, reason, detail)
        elif record.build.state not in ENDED and await self._change(record.build, build_pb2.BUILD_STATE_SUCCEEDED):
            await self.get(build_id)

    async def complete(self, build_id: str) -> None:
        """Add up what was told of a build, and publish its dataset if that is all."""
        if (record := await add_up(self._store, build_id)) is None:
            raise NotFound(f"events tell of a build {build_id[:80]!r} that nobody ordered here")
        build = self._noted(record).build
        if build.state in ENDED or not complete(record.counts, build.spec.samples):
            return
        if await self._change(build, build_pb2.BUILD_STATE_SUCCEEDED):
            await self.get(build_id)

    async def _ledger(self, build_id: str) -> str:
        """The build whose ledger holds that one's answers: all forks of a build share one."""
        if not build_id:
            return ""
        if (record := await self._store.build(build_id)) is None:
            raise InvalidInput.of(
                "ledger_of", f"no build is named {build_id!r}; `chimera builds list` shows those that are"
            )
        return record.build.spec.ledger_of or build_id

    def has_ended(self, build_id: str) -> bool:
        """Whether a build is known to have ended, so that what comes of it comes too late."""
        return build_id in self._ended

    async def announce_all(self) -> None:
        """Say the news of every build again, for whoever missed it; this drives the taxonomy's reconciler."""
        for record in await self._store.active(self._clock() - _TOLD_AFTER_END):
            await self.complete(record.build.build_id)  # if the process ended between the last count and this
            record = await self._record(record.build.build_id)
            if record.closing:
                await self._close(record)
                continue
            build = record.build
            await self._announce(build, () if build.state in ENDED else untold(record))
            if build.dataset_id and (dataset := await self._store.dataset(build.dataset_id)) is not None:
                await self._bus.publish(events_pb2.DatasetPublished(dataset=dataset))

    async def _close(self, record: Record) -> None:
        """Publish what an ended build leaves. Safe to repeat, and to do twice at a time: the first dataset stays."""
        build = record.build
        counts = await last_count(self._store, build.build_id)
        whole = build.state == build_pb2.BUILD_STATE_SUCCEEDED
        dataset = await self._publish_whole(build) if whole else await self._publish_partial(build)
        if dataset is not None and dataset.partial:
            slots = await self._store.slots(dataset.dataset_id) or {}
            accepted = [groups.count(slots.get(str(i), ())) for i in range(len(build.spec.subjects))]
            counts = caught_up(counts, accepted)
        build.revision += 1
        build.dataset_id = "" if dataset is None else dataset.dataset_id
        if not await self._store.close(build, counts):
            return
        if dataset is not None:
            await self._announce(build)
            await self._bus.publish(events_pb2.DatasetPublished(dataset=dataset))
        await self._store.forget_tallies(build.build_id)

    async def _publish_whole(self, build: build_pb2.Build) -> dataset_pb2.Dataset:
        dataset = self._dataset(build, build.spec.samples)
        await self._store.publish(dataset)
        return dataset

    async def _publish_partial(self, build: build_pb2.Build) -> dataset_pb2.Dataset | None:
        """The samples accepted until now, or by when another process did the same; None if there are none."""
        slots = await self._store.accepted_slots(build.build_id)
        if not slots:
            return None
        dataset = self._dataset(build, sum(groups.count(ranges) for ranges in slots.values()))
        dataset.partial = True
        await self._store.publish(dataset, slots)
        return await self._store.dataset(dataset.dataset_id)

    def _dataset(self, build: build_pb2.Build, samples: int) -> dataset_pb2.Dataset:
        dataset = dataset_pb2.Dataset(
            dataset_id=identity.dataset_id(build.build_id),
            build_id=build.build_id,
            name=build.spec.name,
            samples=samples,
            version=1,
        )
        dataset.create_time.FromDatetime(self._clock())
        return dataset

    async def _change(self, build: build_pb2.Build, state: "build_pb2.BuildState") -> bool:
        """Store and tell a new state; False if somebody else changed the build meanwhile."""
        _clock_pause(build, state, self._clock())
        build.state = state
        build.revision += 1
        if state in ENDED:
            build.end_time.FromDatetime(self._clock())
        if not await self._store.change(build):
            return False
        await self._announce(build)
        return True

    async def _announce(self, build: build_pb2.Build, missing: Iterable[sample_pb2.SlotRange] = ()) -> None:
        event: Message = events_pb2.BuildChanged(build=build, untold=missing)
        await self._bus.publish(event)

    async def _record(self, build_id: str) -> Record:
        if (record := await self._store.build(build_id)) is None:
            raise NotFound(f"no build is named {build_id[:80]!r}; `chimera builds list` shows those that are")
        return self._noted(record)

    def _noted(self, record: Record) -> Record:
        """The record; an end is remembered."""
        if record.build.state in ENDED:
            self._ended[record.build.build_id] = None
            if len(self._ended) > _REMEMBERED_ENDS:
                self._ended.popitem(last=False)
        return record


def _clock_pause(build: build_pb2.Build, state: "build_pb2.BuildState", now: datetime) -> None:
    if build.state == build_pb2.BUILD_STATE_PAUSED:
        build.paused.FromTimedelta(build.paused.ToTimedelta() + (now - build.pause_time.ToDatetime(UTC)))
        build.ClearField("pause_time")
    if state == build_pb2.BUILD_STATE_PAUSED:
        build.pause_time.FromDatetime(now)


def with_progress(record: Record) -> build_pb2.Build:
    """The build as it is shown."""
    build, spec = record.build, record.build.spec
    shares = targets(spec.samples, [subject.weight for subject in spec.subjects])
    build.progress.CopyFrom(progress(record.counts, spec, shares))
    return build
