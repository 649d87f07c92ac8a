"""The service's gRPC calls about recalls."""

from collections.abc import AsyncIterator

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.recall.v1 import recall_pb2, recall_service_pb2, recall_service_pb2_grpc
from chimera_gateway.recalls import Recalls
from chimera_shared.paging import Page


class RecallServicer(recall_service_pb2_grpc.RecallServiceServicer):
    """Starts, watches and cancels recalls."""

    def __init__(self, recalls: Recalls) -> None:
        self._recalls = recalls

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        recall_service_pb2_grpc.add_RecallServiceServicer_to_server(self, server)
        return recall_service_pb2.DESCRIPTOR.services_by_name["RecallService"]

    async def StartRecall(self, request: recall_service_pb2.StartRecallRequest, context: object) -> recall_pb2.Recall:
        """Start a recall, or only say what it would select."""
        return await self._recalls.start(request)

    async def GetRecall(self, request: recall_service_pb2.GetRecallRequest, context: object) -> recall_pb2.Recall:
        """Return one recall."""
        return await self._recalls.get(request.recall_id)

    async def ListRecalls(
        self, request: recall_service_pb2.ListRecallsRequest, context: object
    ) -> recall_service_pb2.ListRecallsResponse:
        """List recalls, newest first."""
        page = Page.of(request)
        recalls = await self._recalls.list(page.number(), page.size + 1)
        return recall_service_pb2.ListRecallsResponse(
            recalls=recalls[: page.size], next_page_token=page.next_number(len(recalls))
        )

    async def WatchRecall(
        self, request: recall_service_pb2.WatchRecallRequest, context: object
    ) -> AsyncIterator[recall_pb2.Recall]:
        """Send the recall after every change."""
        async for recall in self._recalls.watch(request.recall_id):
            yield recall

    async def CancelRecall(self, request: recall_service_pb2.CancelRecallRequest, context: object) -> recall_pb2.Recall:
        """End a recall."""
        return await self._recalls.cancel(request.recall_id)
