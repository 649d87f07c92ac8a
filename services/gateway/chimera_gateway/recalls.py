"""Recalls as they are ordered, watched and cancelled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

from chimera.build.v1 import build_pb2
from chimera.dataset.v1 import dataset_pb2
from chimera.recall.v1 import recall_pb2, recall_service_pb2
from chimera_gateway.domain.evidence import lookup_of
from chimera_gateway.domain.recall import ENDED, continued
from chimera_gateway.live import Live
from chimera_gateway.recall_orders import order_violations, role_violations, spec_of
from chimera_gateway.recall_store import Order, RecallStore
from chimera_gateway.reverifying import Reverifying
from chimera_gateway.store import GatewayStore
from chimera_shared import identity
from chimera_shared.endpoints.config import Endpoints
from chimera_shared.errors import AlreadyExists, FailedPrecondition, InvalidInput, NotFound
from chimera_shared.filters import in_words

_MAX_REQUEST_ID_CHARS = 64
_WATCH_SECONDS = 0.3


class Recalls:
    """Recalls and their state."""

    def __init__(
        self,
        store: GatewayStore,
        recalls: RecallStore,
        reverifying: Reverifying,
        endpoints: Endpoints,
        clock: Callable[[], datetime],
        live: Live,
    ) -> None:
        self._store = store
        self._recalls = recalls
        self._reverifying = reverifying
        self._endpoints = endpoints
        self._clock = clock
        self._live = live

    async def start(self, request: recall_service_pb2.StartRecallRequest) -> recall_pb2.Recall:
        """Start a recall, or return the one that this request started before."""
        dataset, build = await self._ordered(request.dataset_id)
        recall = recall_pb2.Recall(
            dataset_id=dataset.dataset_id,
            build_id=build.build_id,
            evidence=request.evidence,
            replacements=request.replacements,
            reason=request.reason,
            budget=request.budget if request.HasField("budget") else None,
            state=recall_pb2.RECALL_STATE_RUNNING,
        )
        if not request.validate_only:
            if not 1 <= len(request.request_id) <= _MAX_REQUEST_ID_CHARS:
                raise InvalidInput.of("request_id", f"must have 1 to {_MAX_REQUEST_ID_CHARS} characters")
            recall.recall_id = identity.recall_id(request.request_id)
            if (there := await self._recalls.find(recall.recall_id)) is not None:
                return _same(there.recall, recall, request.request_id)
        self._require_sound(recall, build)
        recall.selected = await self._count(dataset, recall)
        recall.continues = continued(recall, await self._recalls.of_build(build.build_id))
        if request.validate_only:
            return recall
        recall.create_time.FromDatetime(self._clock())
        if await self._recalls.start(Order(recall)):
            return recall
        if (there := await self._recalls.find(recall.recall_id)) is not None:
            return _same(there.recall, recall, request.request_id)
        raise await self._other_runs(build.build_id)

    async def get(self, recall_id: str) -> recall_pb2.Recall:
        """One recall with what it spent; while it runs, with the state of its endpoints."""
        recall = (await self._order(recall_id)).recall
        if (spending := await self._live.spending(recall_id)) is not None:
            recall.spending.CopyFrom(spending)
        if recall.state not in ENDED:
            build = await self._build(recall.build_id)
            recall.endpoints.extend(await self._live.statuses(spec_of(build, recall).roles))
        return recall

    async def list(self, skip: int, limit: int) -> list[recall_pb2.Recall]:
        """Recalls, newest first."""
        return await self._recalls.recalls(skip, limit)

    async def watch(self, recall_id: str) -> AsyncIterator[recall_pb2.Recall]:
        """The recall now and after every change, until it has ended."""
        last = None
        while True:
            recall = await self.get(recall_id)
            if recall != last:
                yield recall
                last = recall
            if recall.state in ENDED:
                return
            await asyncio.sleep(_WATCH_SECONDS)

    async def cancel(self, recall_id: str) -> recall_pb2.Recall:
        """End a recall; nothing of what it found is used. FailedPrecondition if it has ended otherwise."""
        while True:
            order = await self._order(recall_id)
            if order.recall.state == recall_pb2.RECALL_STATE_CANCELLED:
                return order.recall
            if order.recall.state == recall_pb2.RECALL_STATE_FAILED:
                raise FailedPrecondition(f"recall {recall_id} has failed before; it cannot be cancelled any more")
            if order.closing:
                raise FailedPrecondition(
                    f"all samples of recall {recall_id} are verified again; it cannot be cancelled"
                )
            order.recall.state = recall_pb2.RECALL_STATE_CANCELLED
            order.recall.end_time.FromDatetime(self._clock())
            if await self._recalls.change(ended := replace(order, revision=order.revision + 1)):
                await self._reverifying.announce(ended)
                return ended.recall

    async def _ordered(self, dataset_id: str) -> tuple[dataset_pb2.Dataset, build_pb2.Build]:
        """The newest version of the dataset that is named, and the build that made it."""
        if (named := await self._store.dataset(dataset_id)) is None:
            raise NotFound(f"no dataset is named {dataset_id[:80]!r}; `chimera datasets list` shows those that are")
        return (await self._store.versions(named.build_id))[-1], await self._build(named.build_id)

    async def _build(self, build_id: str) -> build_pb2.Build:
        record = await self._store.build(build_id)
        assert record is not None, f"build {build_id} has a dataset and is not there"
        return record.build

    def _require_sound(self, recall: recall_pb2.Recall, build: build_pb2.Build) -> None:
        spec = spec_of(build, recall)
        wrong = [
            *order_violations(build, recall),
            *role_violations(spec, recall.replacements, self._endpoints),
        ]
        if wrong:
            raise InvalidInput(wrong)

    async def _count(self, dataset: dataset_pb2.Dataset, recall: recall_pb2.Recall) -> int:
        found = 0
        async for _ in self._store.resting_on(dataset, lookup_of(recall.evidence)):
            found += 1
        if not found:
            raise InvalidInput.of(
                "evidence",
                f"no sample of dataset {dataset.dataset_id} rests on {in_words(recall.evidence)};"
                " `chimera samples show` tells what a sample rests on",
            )
        return found

    async def _order(self, recall_id: str) -> Order:
        if (order := await self._recalls.find(recall_id)) is None:
            raise NotFound(f"no recall is named {recall_id[:80]!r}; `chimera recalls list` shows those that are")
        return order

    async def _other_runs(self, build_id: str) -> FailedPrecondition:
        other = await self._recalls.running(build_id)
        name = "another recall" if other is None else f"recall {other.recall.recall_id}"
        return FailedPrecondition(
            f"{name} of this dataset runs; wait for its end with `chimera recalls watch`, or cancel it"
        )


def _same(there: recall_pb2.Recall, recall: recall_pb2.Recall, request_id: str) -> recall_pb2.Recall:
    for name in ("build_id", "evidence", "replacements", "reason", "budget"):
        if getattr(there, name) != getattr(recall, name):
            raise AlreadyExists(
                f"request_id {request_id!r} ordered another recall, {there.recall_id}; choose a new one"
            )
    return there
