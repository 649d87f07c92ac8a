"""Counts what happens to builds: each event once, many counts to one write."""

from collections import OrderedDict
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from chimera.events.v1 import events_pb2
from chimera_gateway.builds import Builds
from chimera_gateway.domain.tally import Counts, added, mark_of, settled_counts
from chimera_gateway.store import GatewayStore
from chimera_shared.errors import Transient

_REMEMBERED_BUILDS = 1_000


class Tracker:
    """Takes in events and keeps the counts of builds up to date, to the second."""

    def __init__(self, store: GatewayStore, builds: Builds) -> None:
        self._store = store
        self._builds = builds
        self._counts: dict[str, Counts] = {}
        self._counted: set[str] = set()
        self._doubted: set[str] = set()
        """Builds of which an event came twice: the first insert's answer may be lost, and the count with it."""
        self._positions: OrderedDict[str, dict[str, int]] = OrderedDict()

    async def track(self, event: Message) -> AsyncIterator[Message]:
        """Count an event on the way of a sample."""
        mark = mark_of(event)
        if await self._store.mark(mark):
            self._add(mark.build_id, mark.counts)
        else:
            self._doubted.add(mark.build_id)
        return
        yield

    async def settle(self, event: events_pb2.SampleSettled) -> AsyncIterator[Message]:
        """Store a settled sample and count it."""
        sample = event.sample
        position = await self._position(sample.ref.build_id, sample.ref.subject)
        counts = settled_counts(sample, position)
        if await self._store.settle(sample, position, counts):
            self._add(sample.ref.build_id, counts)
        else:
            self._doubted.add(sample.ref.build_id)
        return
        yield

    async def give_up(self, event: events_pb2.QuotaMissed) -> AsyncIterator[Message]:
        """End a build that cannot be completed."""
        await self._builds.give_up(event)
        return
        yield

    async def flush(self) -> None:
        """Write the counts of the last moment, and complete the builds that they fill."""
        waiting, self._counts = self._counts, {}
        self._counted.update(waiting)
        for build, counts in list(waiting.items()):
            try:
                await self._store.add_counts(build, counts)
            except Transient:
                for left, unwritten in waiting.items():
                    self._add(left, unwritten)
                raise
            del waiting[build]
        for build in list(self._counted):
            await self._builds.complete(build)
            self._counted.discard(build)

    async def recount(self) -> None:
        """Count anew the builds whose counts are in doubt."""
        for build in list(self._doubted):
            await self._builds.recount(build)
            self._doubted.discard(build)

    def _add(self, build: str, counts: Counts) -> None:
        added(self._counts.setdefault(build, {}), counts)

    async def _position(self, build: str, subject: str) -> int:
        """The subject's place in the build's spec."""
        if build not in self._positions:
            spec = (await self._builds.get(build)).spec
            self._positions[build] = {s.name: i for i, s in enumerate(spec.subjects)}
            if len(self._positions) > _REMEMBERED_BUILDS:
                self._positions.popitem(last=False)
        return self._positions[build][subject]
