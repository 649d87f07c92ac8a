"""Recalls at a gateway."""

import uuid
from collections.abc import AsyncIterator

from chimera.build.v1 import build_pb2
from chimera.recall.v1 import recall_pb2, recall_service_pb2, recall_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_client.connection import Connection
from chimera_client.watching import PATIENCE_SECONDS, watched
from chimera_shared.rpc.channel import DEADLINE_SECONDS

ENDED = frozenset(
    {recall_pb2.RECALL_STATE_SUCCEEDED, recall_pb2.RECALL_STATE_CANCELLED, recall_pb2.RECALL_STATE_FAILED}
)


class Recalls:
    """Has samples verified again whose evidence turned out bad."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = recall_service_pb2_grpc.RecallServiceStub(connection.channel)

    async def start(
        self,
        dataset_id: str,
        evidence: sample_pb2.EvidenceFilter,
        reason: str,
        replacements: build_pb2.Roles | None = None,
        request_id: str | None = None,
        budget: build_pb2.Budget | None = None,
    ) -> recall_pb2.Recall:
        """Recall the samples of the dataset's newest version that rest on such evidence.

        They are verified again by the build's roles, or by those in `replacements`, within `budget`; a recall that this
        ends fails, and the next of the same evidence continues it. The same `request_id` again returns the same recall;
        without one every call is a new order.
        """
        request = recall_service_pb2.StartRecallRequest(
            request_id=request_id or str(uuid.uuid4()),
            dataset_id=dataset_id,
            evidence=evidence,
            reason=reason,
            replacements=replacements,
            budget=budget,
        )
        return await self._connection.answer(self._stub.StartRecall(request, timeout=DEADLINE_SECONDS))

    async def preview(
        self,
        dataset_id: str,
        evidence: sample_pb2.EvidenceFilter,
        reason: str,
        replacements: build_pb2.Roles | None = None,
        budget: build_pb2.Budget | None = None,
    ) -> recall_pb2.Recall:
        """What `start` would begin, and how many samples it would select; nothing is started."""
        request = recall_service_pb2.StartRecallRequest(
            dataset_id=dataset_id,
            evidence=evidence,
            reason=reason,
            replacements=replacements,
            budget=budget,
            validate_only=True,
        )
        return await self._connection.answer(self._stub.StartRecall(request, timeout=DEADLINE_SECONDS))

    async def get(self, recall_id: str) -> recall_pb2.Recall:
        """One recall; NotFound if there is none."""
        request = recall_service_pb2.GetRecallRequest(recall_id=recall_id)
        return await self._connection.answer(self._stub.GetRecall(request, timeout=DEADLINE_SECONDS))

    async def list(self) -> AsyncIterator[recall_pb2.Recall]:
        """All recalls, newest first, page by page."""
        request = recall_service_pb2.ListRecallsRequest()
        async for page in self._connection.pages(self._stub.ListRecalls, request):
            for recall in page.recalls:
                yield recall

    async def watch(
        self, recall_id: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> AsyncIterator[recall_pb2.Recall]:
        """The recall now and after every change, until it has ended; across the gateway's restarts as for builds."""
        request = recall_service_pb2.WatchRecallRequest(recall_id=recall_id)
        watch = watched(
            self._connection,
            lambda seconds: self._stub.WatchRecall(request, timeout=seconds),
            lambda recall: recall.state in ENDED,
            patience_seconds,
        )
        async for recall in watch:
            yield recall

    async def cancel(self, recall_id: str) -> recall_pb2.Recall:
        """End a recall; the dataset stays as it was. FailedPrecondition if it has ended otherwise."""
        request = recall_service_pb2.CancelRecallRequest(recall_id=recall_id)
        return await self._connection.answer(self._stub.CancelRecall(request, timeout=DEADLINE_SECONDS))
