"""The stages of the taxonomy service."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator

from google.protobuf.message import Message

from chimera.build.v1 import build_pb2
from chimera.events.v1 import events_pb2
from chimera.sample.v1 import sample_pb2
from chimera_shared import topics, usage
from chimera_shared.apportion import targets
from chimera_shared.builds import ENDED, BuildTable
from chimera_shared.errors import SampleFailure
from chimera_shared.stage import Stage
from chimera_shared.worklimit import waiting
from chimera_taxonomy.domain.quotas import Quota
from chimera_taxonomy.expansion import Expander, Expansion
from chimera_taxonomy.quotas import QuotaKeeper
from chimera_taxonomy.store import TaxonomyStore

log = logging.getLogger(__name__)


class Handlers:
    """What the service does with each event."""

    def __init__(self, expander: Expander, keeper: QuotaKeeper, store: TaxonomyStore, builds: BuildTable) -> None:
        self._expander = expander
        self._keeper = keeper
        self._store = store
        self._builds = builds
        self._advancing: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._revisions: dict[str, int] = {}

    def stages(self) -> list[Stage[events_pb2.BuildChanged] | Stage[events_pb2.SampleSettled]]:
        """Every stage of the service."""
        return [
            Stage(
                "expand",
                consumes=topics.BUILD_CHANGED,
                publishes=(topics.TOPICS_EXPANDED, topics.PROBLEM_REQUESTED, topics.QUOTA_MISSED),
                reaction=self.advance,
            ),
            Stage(
                "fill",
                consumes=topics.SAMPLE_SETTLED,
                publishes=(topics.PROBLEM_REQUESTED, topics.QUOTA_MISSED),
                reaction=self.settled,
            ),
        ]

    async def advance(self, event: events_pb2.BuildChanged) -> AsyncIterator[Message]:
        """Bring a running build forward: expand what is not expanded, open slots, ask again for what has not moved.

        The gateway says every running build again every so often, which makes this the service's reconciler.
        """
        build = event.build
        if build.state in ENDED:
            self._forget(build.build_id)
        if build.state != build_pb2.BUILD_STATE_RUNNING or not build.spec.subjects:
            return  # without subjects it is a recall, an evaluation or a training, which make no samples
        await self._builds.get(build.build_id)  # where calls look for its budget, weight and ledger; it may come later
        lock = self._advancing[build.build_id]
        with waiting():  # the one before may be in the midst of an expansion
            await lock.acquire()
        try:
            for step in (self._resumed, self._expanded, self._keeper.fill):
                async for each in step(build):
                    yield each
            async for each in self._keeper.remind(build, event.untold):
                yield each
            self._revisions[build.build_id] = build.revision
        finally:
            lock.release()

    async def settled(self, event: events_pb2.SampleSettled) -> AsyncIterator[Message]:
        """Ask for the slot's next attempt, or for the next slot."""
        build = await self._builds.get(event.sample.ref.build_id)
        async for each in self._keeper.take_in(build, event.sample):
            yield each

    async def _resumed(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """After a pause, a restart of this process or a break, tell and ask at once what was under way before."""
        if self._revisions.get(build.build_id) == build.revision:
            return
        for subject, expansion in await self._store.expansions(build.build_id):
            yield _told(build, subject, expansion)
        async for each in self._keeper.resume(build):
            yield each

    async def _expanded(self, build: build_pb2.Build) -> AsyncIterator[Message]:
        """Expand all subjects at the same time; the slots of each are opened as soon as it has topics."""
        shares = targets(build.spec.samples, [s.weight for s in build.spec.subjects])
        there = {quota.subject for quota in await self._store.quotas(build.build_id)}
        tasks = [
            asyncio.create_task(self._expand(build, position, shares[position]))
            for position, subject in enumerate(build.spec.subjects)
            if subject.name not in there and shares[position]
        ]
        try:
            for next_done in asyncio.as_completed(tasks):
                told = await next_done
                yield told
                if isinstance(told, events_pb2.QuotaMissed):
                    return
                async for each in self._keeper.fill(build):
                    yield each
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)  # a call that is under way is paid for: take it in

    async def _expand(self, build: build_pb2.Build, position: int, target: int) -> Message:
        subject = build.spec.subjects[position]
        try:
            expansion = await self._stored(build, position)
        except SampleFailure as failure:
            return _missed(build, subject.name, failure)
        if not expansion.topics:
            return _unusable(build, subject.name, expansion)
        await self._store.open_quota(build.build_id, position, Quota(subject.name, target))
        return _told(build, subject.name, expansion)

    async def _stored(self, build: build_pb2.Build, position: int) -> Expansion:
        subject = build.spec.subjects[position]
        if (known := await self._store.expansion(build.build_id, subject.name)) is not None:
            return known
        expansion = await self._expander.expand(build, subject)
        if expansion.topics:
            await self._store.keep_expansion(build.build_id, subject.name, position, expansion)
        return expansion

    def _forget(self, build: str) -> None:
        self._keeper.forget(build)
        self._advancing.pop(build, None)
        self._revisions.pop(build, None)


def _told(build: build_pb2.Build, subject: str, expansion: Expansion) -> events_pb2.TopicsExpanded:
    return events_pb2.TopicsExpanded(
        build_id=build.build_id, subject=subject, topics=len(expansion.topics), usage=expansion.usage
    )


def _missed(build: build_pb2.Build, subject: str, failure: SampleFailure) -> events_pb2.QuotaMissed:
    failing = failure.reason == sample_pb2.REASON_ENDPOINT_FAILED
    return events_pb2.QuotaMissed(
        build_id=build.build_id,
        subject=subject,
        reason=build_pb2.STOP_REASON_ENDPOINTS_FAILING if failing else build_pb2.STOP_REASON_EXPANSION_FAILED,
        detail=failure.detail,
        usage=usage.of_calls(failure.calls),
    )


def _unusable(build: build_pb2.Build, subject: str, expansion: Expansion) -> events_pb2.QuotaMissed:
    return events_pb2.QuotaMissed(
        build_id=build.build_id,
        subject=subject,
        reason=build_pb2.STOP_REASON_EXPANSION_FAILED,
        detail=f"the proposer named no topic of {subject} that can be used; list topics under the subject in the spec",
        usage=expansion.usage,
    )
