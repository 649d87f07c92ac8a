"""Brings recalls forward: choose samples, have them verified again, count, publish the new version.

Every step is stored before it is said and safe to repeat, so that whoever comes after a crash goes on where it stopped.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.recall.v1 import recall_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.domain.evidence import lookup_of
from chimera_gateway.domain.recall import ENDED, STATE_OF_BUILD, never_worked, next_version, shortfall
from chimera_gateway.exhausted import Exhausted
from chimera_gateway.recall_orders import spec_of
from chimera_gateway.recall_store import DUE, KEPT, UNVERIFIED, WITHDRAWN, Order, RecallStore
from chimera_gateway.store import GatewayStore
from chimera_shared.endpoints.book import Books, Limit
from chimera_shared.errors import NotFound
from chimera_shared.stage import Publisher
from chimera_shared.together import all_of

T = TypeVar("T")

_MOST_UNDER_WAY = 1_024
"""Samples said to be due at a time: enough for any endpoint, and what is said again stays little."""
_AT_ONCE = 64
"""Samples with all their evidence that are held at a time."""
_CHOSEN_AT_ONCE = 1_000
_LONGEST_PAUSE = timedelta(hours=1)
_TOLD_AFTER_END = timedelta(minutes=10)
_LOOK_ANYWAY = timedelta(seconds=10)
"""Counts are added up when there was news, and after so long since other replicas may have had some."""


class Reverifying:
    """Does what recalls ask for; several replicas may do so at a time."""

    def __init__(
        self,
        store: GatewayStore,
        recalls: RecallStore,
        bus: Publisher,
        clock: Callable[[], datetime],
        overdue: timedelta,
        books: Books,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._recalls = recalls
        self._bus = bus
        self._clock = clock
        self._overdue = overdue
        self._books = books
        self._ticks = ticks
        self._exhausted: dict[str, Exhausted] = {}
        """Recalls whose budget is spent."""
        self._counted_at: dict[str, datetime] = {}
        """When recalls were counted here, and there was no news of them since."""

    async def advance_all(self) -> None:
        """Bring every recall forward that runs; to be called every second."""
        for order in await self._recalls.active(self._clock() - _TOLD_AFTER_END):
            if order.recall.state not in ENDED:
                await self.advance(order.recall.recall_id)

    async def announce_all(self) -> None:
        """Say the state of every recall again, for whoever missed it."""
        for order in await self._recalls.active(self._clock() - _TOLD_AFTER_END):
            await self.announce(order)

    async def announce(self, order: Order) -> None:
        """Say how a recall stands to those that ask models for it."""
        recall = order.recall
        told = build_pb2.Build(
            build_id=recall.recall_id,
            state=STATE_OF_BUILD[recall.state],
            revision=order.revision,
            create_time=recall.create_time,
        )
        if recall.state not in ENDED:
            told.spec.CopyFrom(await self._spec(recall))
        await self._bus.publish(events_pb2.BuildChanged(build=told))

    async def take(self, event: events_pb2.SampleReverified) -> AsyncIterator[Message]:
        """Note what became of a recalled sample."""
        old = await self._store.sample(event.sample.ref.sample_id)
        if old is None or await self._recalls.find(event.recall_id) is None:
            raise NotFound(f"events tell of a recall {event.recall_id[:80]!r} that nobody ordered here")
        spent = sample_pb2.Usage()
        for field in spent.DESCRIPTOR.fields:
            setattr(spent, field.name, getattr(event.sample.usage, field.name) - getattr(old.usage, field.name))
        await self._recalls.take(event.recall_id, event.sample, spent)
        self._counted_at.pop(event.recall_id, None)
        return
        yield

    async def advance(self, recall_id: str) -> None:
        """Bring a recall forward, unless it has ended."""
        order = await self._recalls.find(recall_id)
        if order is None or order.recall.state in ENDED:
            return
        if not order.selected and (order := await self._chosen(order)) is None:
            return  # somebody else changed it, and goes on
        if not order.closing:
            if (order := await self._counted(order)) is None:
                return
            if not order.closing:
                if cause := await self._failure(order.recall):
                    await self._fail(order, cause)
                else:
                    await self._say(order)
                return
        await self._close(order)

    async def _chosen(self, order: Order) -> Order | None:
        """Choose the samples. While the recall runs there is no other, so whoever does it again chooses the same."""
        recall = order.recall
        newest = (await self._store.versions(recall.build_id))[-1]
        recall.dataset_id = newest.dataset_id
        chosen = [found async for found in self._store.resting_on(newest, lookup_of(recall.evidence))]
        for some in _parts(chosen, _CHOSEN_AT_ONCE):
            await self._recalls.select(recall.recall_id, some, self._clock())
        recall.selected = len(chosen)
        if (changed := await self._changed(replace(order, selected=True))) is not None:
            await self.announce(changed)
        return changed

    async def _counted(self, order: Order) -> Order | None:
        """With its counts as they stand; closing once all are verified."""
        recall, now = order.recall, self._clock()
        if now - self._counted_at.get(recall.recall_id, now - _LOOK_ANYWAY) < _LOOK_ANYWAY:
            return order
        self._counted_at[recall.recall_id] = now  # before it is read, so that no news in between is lost
        counts = await self._recalls.counts(recall.recall_id)
        before = recall_pb2.Recall()
        before.CopyFrom(recall)
        recall.kept, recall.withdrawn = counts.pop(KEPT), counts.pop(WITHDRAWN)
        recall.unverified = counts.pop(UNVERIFIED)
        if recall.unverified and not recall.detail:
            recall.detail = await self._recalls.why_unverified(recall.recall_id)
        closing = not counts.pop(DUE) and not recall.unverified
        if any(counts.values()):
            recall.usage.CopyFrom(sample_pb2.Usage(**counts))
        if recall == before and not closing:
            return order
        if (changed := await self._changed(replace(order, closing=closing))) is None:
            self._counted_at.pop(recall.recall_id, None)
        return changed

    async def _failure(self, recall: recall_pb2.Recall) -> str:
        """Why it cannot be completed, once nothing more is to be expected of it; empty as long as there is."""
        ended = recall.kept + recall.withdrawn + recall.unverified
        if recall.unverified and (ended == recall.selected or never_worked(recall)):
            return f"{recall.unverified:,} could not be verified again, the first because: {recall.detail}"
        if not Limit.of(recall.budget):
            return ""
        if not (book := await self._books.find(recall.recall_id)).refused:
            return ""
        exhausted, now = self._exhausted.setdefault(recall.recall_id, Exhausted()), self._ticks()
        if gone := exhausted.vigil.gone(book, now):
            for name in gone:
                book.retire(name)
            await self._books.swap(book)
            return ""
        return book.refused if exhausted.is_still(book, ended, now) else ""

    async def _fail(self, order: Order, cause: str) -> None:
        """End a recall that cannot be completed. Nothing of it is in the dataset yet, and nothing will be.

        A version in which some samples still rest on the evidence would be taken for one without it.
        """
        recall = order.recall
        recall.state, recall.detail = recall_pb2.RECALL_STATE_FAILED, shortfall(recall, cause)
        recall.end_time.FromDatetime(self._clock())
        self._counted_at.pop(recall.recall_id, None)
        self._exhausted.pop(recall.recall_id, None)
        if (ended := await self._changed(order)) is not None:
            await self.announce(ended)

    async def _say(self, order: Order) -> None:
        """Say of samples that they are due: the first time, or once more where there was no news for long."""
        recall, now = order.recall, self._clock()
        due = await self._recalls.overdue(recall.recall_id, now, _MOST_UNDER_WAY)
        if free := max(0, _MOST_UNDER_WAY - await self._recalls.under_way(recall.recall_id)):
            due += await self._recalls.unsaid(recall.recall_id, free)
        due.sort(key=lambda sample: sample.said)
        spec = await self._spec(recall)
        for said, alike in groupby(due, key=lambda sample: sample.said):
            names = [sample.sample_id for sample in alike]
            pause = min(self._overdue * 2 ** min(said, 20), _LONGEST_PAUSE)
            for some in _parts(names, _AT_ONCE):
                await all_of(*(self._say_one(recall, spec, name) for name in some))
                await self._recalls.note_said(recall.recall_id, some, said + 1, self._clock() + pause)

    async def _say_one(self, recall: recall_pb2.Recall, spec: build_pb2.BuildSpec, name: str) -> None:
        sample = await self._store.sample(name)
        assert sample is not None, f"sample {name} was chosen and is not there"
        await self._bus.publish(events_pb2.SampleRecalled(recall=recall, sample=sample, spec=spec))

    async def _close(self, order: Order) -> None:
        """Put what was found into the samples, and publish the version that holds it."""
        recall = order.recall
        parent = await self._store.dataset(recall.dataset_id)
        assert parent is not None, f"dataset {recall.dataset_id} is recalled and is not there"
        dataset = next_version(parent, recall, self._clock())
        some: list[sample_pb2.Sample] = []
        async for sample in self._recalls.results(recall.recall_id):
            some.append(sample)
            if len(some) == _AT_ONCE:
                await self._revise(some, dataset.version)
                some = []
        await self._revise(some, dataset.version)
        await self._store.publish(dataset, await self._store.slots(parent.dataset_id))
        dataset = await self._store.dataset(dataset.dataset_id) or dataset  # or what was there before a crash
        recall.state, recall.new_dataset_id = recall_pb2.RECALL_STATE_SUCCEEDED, dataset.dataset_id
        recall.end_time.FromDatetime(self._clock())
        self._counted_at.pop(recall.recall_id, None)
        if (ended := await self._changed(order)) is not None:
            await self.announce(ended)
            await self._bus.publish(events_pb2.DatasetPublished(dataset=dataset))

    async def _revise(self, samples: Sequence[sample_pb2.Sample], version: int) -> None:
        await all_of(*(self._store.revise(sample, version) for sample in samples))

    async def _changed(self, order: Order) -> Order | None:
        """Store what a recall has become; None if somebody else changed it meanwhile."""
        changed = replace(order, revision=order.revision + 1)
        return changed if await self._recalls.change(changed) else None

    async def _spec(self, recall: recall_pb2.Recall) -> build_pb2.BuildSpec:
        record = await self._store.build(recall.build_id)
        assert record is not None, f"build {recall.build_id} has a recall and is not there"
        return spec_of(record.build, recall)


def _parts(items: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), most):
        yield items[first : first + most]
