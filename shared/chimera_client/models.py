"""The registry of models at a trainer."""

from collections.abc import AsyncIterator

from chimera.model.v1 import model_pb2, model_service_pb2, model_service_pb2_grpc
from chimera_client.connection import Connection
from chimera_shared.rpc.channel import DEADLINE_SECONDS


class Models:
    """Reads the registry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = model_service_pb2_grpc.ModelServiceStub(connection.channel)

    async def get(self, name: str, version: int = 0) -> model_pb2.Model:
        """One version of a model, the newest if none is named; NotFound if there is none."""
        request = model_service_pb2.GetModelRequest(name=name, version=version)
        return await self._connection.answer(self._stub.GetModel(request, timeout=DEADLINE_SECONDS))

    async def list(self, name: str = "") -> AsyncIterator[model_pb2.Model]:
        """All versions, or all of one name, newest first, page by page."""
        request = model_service_pb2.ListModelsRequest(name=name)
        async for page in self._connection.pages(self._stub.ListModels, request):
            for model in page.models:
                yield model
