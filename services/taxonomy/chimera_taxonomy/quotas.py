"""Opens slots, takes in what became of them, and asks again for what has not moved."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from math import ceil

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import identity
from chimera_shared.batches import MAX_BATCH, Batches
from chimera_shared.builds import BuildTable
from chimera_shared.endpoints.pool import EndpointPool
from chimera_shared.errors import Transient
from chimera_taxonomy.domain.quotas import Quota, allotted, missed
from chimera_taxonomy.domain.turns import Turns
from chimera_taxonomy.domain.windows import affordable, window
from chimera_taxonomy.expansion import Topic
from chimera_taxonomy.store import Slot, TaxonomyStore

_LINGER_SECONDS = 0.1
"""The window holds enough work that the next slot may wait a moment; many are opened with one read and write."""
_TRIES_BY_WEIGHT = 3
"""A further attempt moves on to another topic, since the topic may be what fails. Where topics have weights it does so
later: at once, topics that fail more often than others would never come to their shares."""
_MAX_TOLD_AGAIN = 4096
"""Attempts asked for at once when nothing is open and the build has not ended; the rest has its turn later."""


class QuotaKeeper:
    """Keeps every running build supplied with open slots, at most a window's worth at a time."""

    def __init__(
        self,
        store: TaxonomyStore,
        pool: EndpointPool,
        builds: BuildTable,
        overdue_s: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._pool = pool
        self._builds = builds
        self._overdue = timedelta(seconds=overdue_s)
        self._clock = clock
        self._opening = asyncio.Lock()
        self._settled = Batches(self._count_and_open, _LINGER_SECONDS)
        self._turns: dict[tuple[str, str], Turns[Topic]] = {}
        self._uncounted: dict[str, int] = {}
        """By build, how many slots more are open by the quotas than in truth: a process ended before it counted."""

    async def fill(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Open slots until the window is full, and ask for their first attempt; a batch at a time, so as to begin."""
        slots: list[Slot] | None = None
        while slots is None or len(slots) == MAX_BATCH:
            async with self._opening:
                open_now = await self._store.open_count(build.build_id)
                quotas = await self._store.quotas(build.build_id)
                self._uncounted[build.build_id] = _open_by(quotas) - open_now
                slots = await self._open(build, quotas, min(self._window(build, quotas) - open_now, MAX_BATCH))
            for slot in slots:
                yield await self._request(build, slot)

    async def take_in(self, build: build_pb2.Build, sample: sample_pb2.Sample) -> AsyncIterator[Message]:
        """Count a settled sample; ask for the slot's next attempt, or for the next slot if this one is filled."""
        ref, accepted = sample.ref, sample.outcome == sample_pb2.OUTCOME_ACCEPTED
        running = build.state == build_pb2.BUILD_STATE_RUNNING
        if await self._settle(ref, accepted):
            for slot in await self._settled.ask((build, sample)):
                yield await self._request(build, slot)
            if running and not accepted and (miss := await self._missed(build)) is not None:
                yield miss
                return
        if running and not accepted:
            moved = await self._store.slot(ref.build_id, ref.subject, ref.slot)
            if moved is not None and not moved.accepted and moved.attempt == ref.attempt + 1:
                yield await self._request(build, moved)

    async def remind(
        self, build: build_pb2.Build, untold: Sequence[sample_pb2.SlotRange] = ()
    ) -> AsyncIterator[Message]:
        """Ask again for what is due and has not moved, however it was lost.

        Where every slot is filled and the build has not ended, that is what is `untold` at the gateway: asked for
        again, it is found in the stores and told again, down to the settled sample.
        """
        now = self._clock()
        for slot in await self._store.overdue(build.build_id, now, self._overdue):
            yield await self._request(build, slot)
        quotas = await self._store.quotas(build.build_id)
        if sum(q.opened for q in quotas) < build.spec.samples or await self._store.open_count(build.build_id):
            return
        if await self._store.complete_again(build.build_id, now, self._overdue):
            async for event in self._told_again(build, untold):
                yield event

    async def resume(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Ask again for every slot under way, whose events were passed over while the build was paused."""
        await self._store.renew(build.build_id, self._clock() + self._overdue)
        for slot in await self._store.open_slots(build.build_id):
            yield await self._request(build, slot)

    async def _told_again(
        self, build: build_pb2.Build, untold: Sequence[sample_pb2.SlotRange]
    ) -> AsyncIterator[Message]:
        """Ask for every attempt at the slots of these ranges, as far as one round goes."""
        left = _MAX_TOLD_AGAIN
        for each in untold:
            for first in range(each.first, each.end, MAX_BATCH):
                indexes = range(first, min(first + MAX_BATCH, each.end))
                for slot in await self._store.slots(build.build_id, each.subject, indexes):
                    for attempt in range(slot.attempt + 1):
                        yield await self._request(build, Slot(slot.subject, slot.index, attempt, slot.accepted))
                    left -= slot.attempt + 1
                if left <= 0:
                    return

    async def _count_and_open(self, settled: list[tuple[build_pb2.Build, sample_pb2.Sample]]) -> list[list[Slot]]:
        """Count settled samples, and open what their builds' windows have room for; by sample, what to ask for."""
        builds = {build.build_id: build for build, _ in settled}
        by_subject: dict[tuple[str, str], list[sample_pb2.Sample]] = defaultdict(list)
        filling: dict[str, list[int]] = defaultdict(list)
        for at, (build, sample) in enumerate(settled):
            by_subject[build.build_id, sample.ref.subject].append(sample)
            if _fills(build, sample):
                filling[build.build_id].append(at)
        for (build_id, subject), samples in by_subject.items():
            await self._store.count(build_id, subject, samples)
        asked: list[list[Slot]] = [[] for _ in settled]
        async with self._opening:
            for build_id, places in filling.items():
                opened = await self._refill(builds[build_id])
                for n, at in enumerate(places):
                    asked[at] = opened[n :: len(places)]
        return asked

    async def _refill(self, build: build_pb2.Build) -> list[Slot]:
        """Open what the window has room for by the quotas, without counting what is open."""
        quotas = await self._store.quotas(build.build_id)
        open_now = _open_by(quotas) - self._uncounted.get(build.build_id, 0)
        return await self._open(build, quotas, min(self._window(build, quotas) - open_now, MAX_BATCH))

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

    async def _open(self, build: build_pb2.Build, quotas: Sequence[Quota], count: int) -> list[Slot]:
        """Open up to `count` slots; fewer if a quota's end is reached or another replica opens at the same time."""
        due = self._clock() + self._overdue
        opened = []
        for quota, share in allotted(quotas, count):
            opened += await self._store.take_slots(build.build_id, quota, share, due)
        return opened

    def _window(self, build: build_pb2.Build, quotas: Sequence[Quota]) -> int:
        """The part of the build's window that its subjects with topics have: the others' is kept for them.

        Else whichever subject is expanded first would fill the window, and all that an early end leaves.
        """
        part = sum(quota.target for quota in quotas) / build.spec.samples
        room = ceil(part * window(build, self._builds.running(), self._capacity))
        return min(room, affordable(build.spec.budget, quotas))

    def _capacity(self, endpoint: str) -> int:
        """Requests that an endpoint takes at once from one process."""
        known = self._pool.endpoints.get(endpoint)
        return 0 if known is None else known.max_in_flight

    async def _request(self, build: build_pb2.Build, slot: Slot) -> events_pb2.ProblemRequested:
        topics = await self._topics(build, slot.subject)
        tries = 1 if topics.even else _TRIES_BY_WEIGHT
        topic = topics.at(slot.index + slot.attempt // tries)
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

    async def _topics(self, build: build_pb2.Build, subject: str) -> Turns[Topic]:
        key = (build.build_id, subject)
        if key not in self._turns:
            found = await self._store.expansion(build.build_id, subject)
            if found is None:
                raise Transient(f"{subject} of build {build.build_id} has no topics yet")
            weights = next((each.topic_weights for each in build.spec.subjects if each.name == subject), ())
            self._turns[key] = Turns(found.topics, weights)
        return self._turns[key]

    def forget(self, build: str) -> None:
        """Drop what is remembered of an ended build."""
        self._uncounted.pop(build, None)
        for key in [key for key in self._turns if key[0] == build]:
            del self._turns[key]


def _fills(build: build_pb2.Build, sample: sample_pb2.Sample) -> bool:
    """Whether the sample makes room for another slot."""
    return build.state == build_pb2.BUILD_STATE_RUNNING and sample.outcome == sample_pb2.OUTCOME_ACCEPTED


def _open_by(quotas: Sequence[Quota]) -> int:
    """How many slots are open by what is counted."""
    return sum(quota.opened - quota.accepted for quota in quotas)
