"""The datasets of a gateway."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import grpc

from chimera.dataset.v1 import dataset_pb2, dataset_service_pb2, dataset_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_shared.rpc.channel import DEADLINE_SECONDS, connect
from chimera_shared.rpc.status import to_error

_READ_SECONDS = 3_600.0


class Datasets:
    """Datasets at a gateway at `host:port`. It connects at the first call; failures are the platform's errors."""

    def __init__(self, target: str) -> None:
        self._channel = connect(target)
        self._stub = dataset_service_pb2_grpc.DatasetServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._channel.close()

    async def get(self, dataset_id: str) -> dataset_pb2.Dataset:
        """The head of a dataset; NotFound."""
        request = dataset_service_pb2.GetDatasetRequest(dataset_id=dataset_id)
        try:
            head: dataset_pb2.Dataset = await self._stub.GetDataset(request, timeout=DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise to_error(error) from None
        return head

    async def samples(self, dataset_id: str) -> AsyncIterator[sample_pb2.Sample]:
        """Every sample of a dataset, in its order; NotFound."""
        request = dataset_service_pb2.ReadDatasetRequest(dataset_id=dataset_id)
        try:
            async for sample in self._stub.ReadDataset(request, timeout=_READ_SECONDS):
                yield sample
        except grpc.aio.AioRpcError as error:
            raise to_error(error) from None
