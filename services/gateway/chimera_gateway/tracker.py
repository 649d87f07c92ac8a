"""Counts what happens to builds: each event once, many to one write."""

from collections import OrderedDict
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from chimera.events.v1 import events_pb2
from chimera_gateway.builds import Builds
from chimera_gateway.domain.tally import Mark, mark_of, mark_of_end
from chimera_gateway.store import GatewayStore
from chimera_shared.errors import Transient

_REMEMBERED_BUILDS = 1_000


class Tracker:
    """Takes in events and keeps the counts of builds up to date, to the second."""

    def __init__(self, store: GatewayStore, builds: Builds) -> None:
        self._store = store
        self._builds = builds
        self._told: set[str] = set()
        """Builds of which something was told since they were last added up."""
        self._positions: OrderedDict[str, dict[str, int]] = OrderedDict()

    async def track(self, event: Message) -> AsyncIterator[Message]:
        """Count an event on the way of a sample."""
        await self._tell(mark_of(event))
        return
        yield

    async def settle(self, event: events_pb2.SampleSettled) -> AsyncIterator[Message]:
        """Store a settled sample and count it, unless its build has ended: what that leaves is closed."""
        sample = event.sample
        position = await self._position(sample.ref.build_id, sample.ref.subject)
        if not self._builds.has_ended(sample.ref.build_id):
            await self._store.settle(sample, position)
            await self._tell(mark_of_end(sample, position))
        return
        yield

    async def give_up(self, event: events_pb2.QuotaMissed) -> AsyncIterator[Message]:
        """End a build that cannot be completed."""
        await self._builds.give_up(event)
        return
        yield

    async def flush(self) -> None:
        """Add up the builds of which something was told, and complete those that this fills."""
        failure: Transient | None = None
        for build in list(self._told):
            self._told.discard(build)
            try:
                await self._builds.complete(build)
            except Transient as error:
                self._told.add(build)
                failure = error
        if failure is not None:
            raise failure

    async def _tell(self, mark: Mark) -> None:
        await self._store.tell(mark)
        self._told.add(mark.build_id)

    async def _position(self, build: str, subject: str) -> int:
        """The subject's place in the build's spec."""
        if build not in self._positions:
            spec = (await self._builds.get(build)).spec
            self._positions[build] = {s.name: i for i, s in enumerate(spec.subjects)}
            if len(self._positions) > _REMEMBERED_BUILDS:
                self._positions.popitem(last=False)
        return self._positions[build][subject]
