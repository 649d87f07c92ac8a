"""Counts what happens to builds: each event once, many to one write."""

from collections import OrderedDict
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_gateway.builds import Builds
from chimera_gateway.domain.tally import Mark, mark_of, mark_of_end
from chimera_gateway.store import GatewayStore
from chimera_shared.controls import is_planted
from chimera_shared.errors import Transient

_REMEMBERED_BUILDS = 1_000


class Tracker:
    """Takes in events and keeps the counts of builds up to date, to the second."""

    def __init__(self, store: GatewayStore, builds: Builds) -> None:
        self._store = store
        self._builds = builds
        self._told: set[str] = set()
        """Builds of which something was told since they were last added up."""
        self._known: OrderedDict[str, tuple[dict[str, int], build_pb2.BuildSpec]] = OrderedDict()

    async def track(self, event: Message) -> AsyncIterator[Message]:
        """Count an event on the way of a sample."""
        await self._tell(mark_of(event))
        return
        yield

    async def settle(self, event: events_pb2.SampleSettled) -> AsyncIterator[Message]:
        """Store a settled sample and count it, unless its build has ended: what that leaves is closed."""
        sample = event.sample
        position, spec = await self._place(sample.ref)
        if not self._builds.has_ended(sample.ref.build_id):
            await self._store.settle(sample, position)
            await self._tell(mark_of_end(sample, position, planted=is_planted(sample.ref, spec)))
        return
        yield

    async def control(self, event: events_pb2.ControlChecked) -> AsyncIterator[Message]:
        """Store a control and count it, unless its build has ended."""
        if not self._builds.has_ended(event.beside.build_id):
            if event.control.kind:
                await self._store.keep_control(event.control)
            await self._tell(mark_of(event))
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

    async def _place(self, ref: sample_pb2.SampleRef) -> tuple[int, build_pb2.BuildSpec]:
        """The place of the sample's subject in its build's spec, and the part of that spec that counting needs."""
        build = ref.build_id
        if build not in self._known:
            spec = (await self._builds.get(build)).spec
            places = {s.name: i for i, s in enumerate(spec.subjects)}
            self._known[build] = places, build_pb2.BuildSpec(controls=spec.controls)
            if len(self._known) > _REMEMBERED_BUILDS:
                self._known.popitem(last=False)
        places, spec = self._known[build]
        return places[ref.subject], spec
