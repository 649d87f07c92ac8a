"""Opens slots, takes in what became of them, and asks again for what has not moved."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.batches import Batches
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.errors import Transient
from chimera_taxonomy.domain.quotas import allotted, missed
from chimera_taxonomy.expansion import Expansion, Topic
from chimera_taxonomy.store import Slot, TaxonomyStore

_LINGER_SECONDS = 0.1
"""The window holds enough work that the next slot may wait a moment; many are opened with one read and write."""
_MIN_WINDOW, _MAX_WINDOW = 32, 4096
_WINDOW_PER_CAPACITY = 2
"""Samples under way for each request that the endpoints take at once: while one is answered, the next is at hand."""


class QuotaKeeper:
    """Keeps every running build supplied with open slots, at most a window's worth at a time."""

    def __init__(
        self, store: TaxonomyStore, pool: EndpointPool, overdue_s: float, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._pool = pool
        self._overdue = timedelta(seconds=overdue_s)
        self._clock = clock
        self._opening = asyncio.Lock()
        self._settled = Batches(self._count_and_open, _LINGER_SECONDS)
        self._expansions: dict[tuple[str, str], Expansion] = {}
        self._whole: set[str] = set()
        """Builds of which every slot that was counted as opened is known to be stored."""

    async def fill(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Open slots until the window is full, and ask for their first attempt."""
        async with self._opening:
            free = self._window(build) - await self._store.open_count(build.build_id)
            slots = await self._open(build, free)
        for slot in slots:
            yield await self._request(build, slot)

    async def take_in(self, build: build_pb2.Build, sample: sample_pb2.Sample) -> AsyncIterator[Message]:
        """Count a settled sample; ask for the slot's next attempt, or for the next slot if this one is filled."""
        ref, accepted = sample.ref, sample.outcome == sample_pb2.OUTCOME_ACCEPTED
        running = build.state == build_pb2.BUILD_STATE_RUNNING
        if await self._settle(ref, accepted):
            if (slot := await self._settled.ask((build, sample))) is not None:
                yield await self._request(build, slot)
            if running and not accepted and (miss := await self._missed(build)) is not None:
                yield miss
                return
        if running and not accepted:
            moved = await self._store.slot(ref.build_id, ref.subject, ref.slot)
            if moved is not None and not moved.accepted and moved.attempt == ref.attempt + 1:
                yield await self._request(build, moved)

    async def remind(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Ask again for what is due and has not moved, however it was lost."""
        quotas = await self._store.quotas(build.build_id)
        now = self._clock()
        if build.build_id not in self._whole:
            await self._store.heal_slots(build.build_id, quotas, now)
            self._whole.add(build.build_id)
        for slot in await self._store.overdue(build.build_id, now, self._overdue):
            yield await self._request(build, slot)
        filled = sum(q.opened for q in quotas) == build.spec.samples
        if not filled or await self._store.open_count(build.build_id):
            return
        if await self._store.complete_again(build.build_id, now, self._overdue):
            self._whole.discard(build.build_id)  # what is missing may be a slot that another replica never stored
            async for event in self._everything(build):
                yield event

    async def resume(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Ask again for every slot under way, whose events were passed over while the build was paused."""
        for slot in await self._store.open_slots(build.build_id):
            yield await self._request(build, slot)

    async def _everything(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Ask for every attempt there ever was; what is stored is told again, down to the settled sample."""
        async for slot in self._store.all_slots(build.build_id):
            for attempt in range(slot.attempt + 1):
                yield await self._request(build, Slot(slot.subject, slot.index, attempt, slot.accepted))

    async def _count_and_open(self, settled: list[tuple[build_pb2.Build, sample_pb2.Sample]]) -> list[Slot | None]:
        """Count settled samples and open a new slot for each that filled one, while its build runs."""
        builds = {build.build_id: build for build, _ in settled}
        by_subject: dict[tuple[str, str], list[sample_pb2.Sample]] = defaultdict(list)
        filled: dict[str, int] = dict.fromkeys(builds, 0)
        for build, sample in settled:
            by_subject[build.build_id, sample.ref.subject].append(sample)
            filled[build.build_id] += _fills(build, sample)
        for (build_id, subject), samples in by_subject.items():
            await self._store.count(build_id, subject, samples)
        opened = {}
        async with self._opening:
            for build_id, count in filled.items():
                opened[build_id] = await self._open(builds[build_id], count) if count else []
        return [
            opened[build.build_id].pop() if _fills(build, sample) and opened[build.build_id] else None
            for build, sample in settled
        ]

    async def _settle(self, ref: sample_pb2.SampleRef, accepted: bool) -> bool:
        """Move the slot; False if this attempt had moved it before."""
        if accepted:
            return await self._store.accept(ref.build_id, ref.subject, ref.slot, ref.attempt)
        due = self._clock() + self._overdue
        return await self._store.retry(ref.build_id, ref.subject, ref.slot, ref.attempt, due)

    async def _missed(self, build: build_pb2.Build) -> events_pb2.QuotaMissed | None:
        miss = missed(await self._store.quotas(build.build_id), build.spec.acceptance_floor)
        if miss is None:
            return None
        return events_pb2.QuotaMissed(
            build_id=build.build_id, subject=miss.subject, reason=miss.reason, detail=miss.detail
        )

    async def _open(self, build: build_pb2.Build, count: int) -> list[Slot]:
        """Open up to `count` slots; fewer if a quota's end is reached or another replica opens at the same time."""
        quotas = await self._store.quotas(build.build_id)
        due = self._clock() + self._overdue
        opened = []
        try:
            for quota, share in allotted(quotas, count):
                opened += await self._store.take_slots(build.build_id, quota, share, due)
        except BaseException:
            self._whole.discard(build.build_id)
            raise
        return opened

    def _window(self, build: build_pb2.Build) -> int:
        return min(max(_WINDOW_PER_CAPACITY * self._pool.capacity(build.spec.roles), _MIN_WINDOW), _MAX_WINDOW)

    async def _request(self, build: build_pb2.Build, slot: Slot) -> events_pb2.ProblemRequested:
        topics = (await self._expansion(build.build_id, slot.subject)).topics
        topic = _topic(topics, slot)
        seed = identity.seed(build.spec.seed, slot.subject, slot.index, slot.attempt)
        ref = sample_pb2.SampleRef(
            sample_id=identity.sample_id(build.build_id, slot.subject, slot.index, slot.attempt),
            build_id=build.build_id,
            subject=slot.subject,
            field=topic.field,
            topic=topic.name,
            slot=slot.index,
            attempt=slot.attempt,
            seed=seed,
        )
        return events_pb2.ProblemRequested(ref=ref)

    async def _expansion(self, build: str, subject: str) -> Expansion:
        key = (build, subject)
        if key not in self._expansions:
            found = await self._store.expansion(build, subject)
            if found is None:
                raise Transient(f"{subject} of build {build} has no topics yet")
            self._expansions[key] = found
        return self._expansions[key]

    def forget(self, build: str) -> None:
        """Drop what is remembered of an ended build."""
        self._whole.discard(build)
        for key in [key for key in self._expansions if key[0] == build]:
            del self._expansions[key]


def _fills(build: build_pb2.Build, sample: sample_pb2.Sample) -> bool:
    """Whether the sample makes room for another slot."""
    return build.state == build_pb2.BUILD_STATE_RUNNING and sample.outcome == sample_pb2.OUTCOME_ACCEPTED


def _topic(topics: Sequence[Topic], slot: Slot) -> Topic:
    """Topics in turn; a further attempt moves on, since the topic may be what fails."""
    return topics[(slot.index + slot.attempt) % len(topics)]
