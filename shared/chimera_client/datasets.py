"""Published datasets at a gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from chimera.dataset.v1 import dataset_pb2, dataset_service_pb2, dataset_service_pb2_grpc
from chimera.sample.v1 import sample_pb2
from chimera_client.builds import Builds
from chimera_client.connection import Connection, ServerUnreachable
from chimera_client.samples import Samples
from chimera_shared.errors import NotFound
from chimera_shared.rpc.channel import DEADLINE_SECONDS

if TYPE_CHECKING:
    from chimera_client.export import Besides, ExportSummary
    from chimera_client.report.model import Report
    from chimera_shared.endpoints.config import Endpoint

_SILENCE_SECONDS = 60.0
"""A dataset's stream without a sample for this long is broken."""


class Datasets:
    """Reads and exports published datasets."""

    def __init__(self, connection: Connection, builds: Builds, samples: Samples) -> None:
        self._connection = connection
        self._builds = builds
        self._samples = samples
        self._stub = dataset_service_pb2_grpc.DatasetServiceStub(connection.channel)

    async def get(self, dataset_id: str) -> dataset_pb2.Dataset:
        """One dataset; NotFound if there is none."""
        return await self._connection.answer(
            self._stub.GetDataset(
                dataset_service_pb2.GetDatasetRequest(dataset_id=dataset_id), timeout=DEADLINE_SECONDS
            )
        )

    async def list(self, build_id: str = "") -> AsyncIterator[dataset_pb2.Dataset]:
        """All datasets or, of a build, every version of its own; newest first, page by page."""
        request = dataset_service_pb2.ListDatasetsRequest(build_id=build_id)
        async for page in self._connection.pages(self._stub.ListDatasets, request):
            for dataset in page.datasets:
                yield dataset

    async def history(self, dataset_id: str) -> Sequence[dataset_pb2.Dataset]:
        """Every version of the dataset, whichever of them is named, the first one first."""
        named = await self.get(dataset_id)
        versions = [version async for version in self.list(named.build_id)]
        return sorted(versions, key=lambda dataset: dataset.version)

    async def version(self, dataset_id: str, version: int) -> dataset_pb2.Dataset:
        """A version of the dataset; NotFound, with those that there are, if there is no such version."""
        versions = await self.history(dataset_id)
        for dataset in versions:
            if (dataset.version or 1) == version:
                return dataset
        newest = versions[-1].version or 1
        raise NotFound(f"dataset {dataset_id} has no version {version}; its newest is version {newest}")

    async def read(self, dataset_id: str) -> AsyncIterator[sample_pb2.Sample]:
        """Every sample of the dataset, by subject in the build's order and then by slot."""
        call = self._stub.ReadDataset(dataset_service_pb2.ReadDatasetRequest(dataset_id=dataset_id))
        try:
            while True:
                with self._connection.errors():
                    sample = await self._next(call, dataset_id)
                if sample is None:
                    return
                yield sample
        finally:
            call.cancel()

    async def export(
        self,
        dataset_id: str,
        directory: Path,
        endpoints: "Mapping[str, Endpoint] | None" = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> "ExportSummary":
        """Write the dataset to a new folder, whole or not at all.

        `endpoints`, where the caller knows them, add families and prices to its manifest.
        """
        from chimera_client.export import export_dataset

        dataset = await self.get(dataset_id)
        build = await self._builds.get(dataset.build_id)
        return await export_dataset(
            build,
            dataset,
            self.read(dataset_id),
            endpoints,
            directory,
            progress=progress,
            besides=self._besides(dataset),
        )

    async def report(self, dataset_id: str, directory: Path) -> "Report":
        """Write the dataset's health report alone to a new folder, whole or not at all."""
        from chimera_client.export import write_report

        dataset = await self.get(dataset_id)
        build = await self._builds.get(dataset.build_id)
        besides = self._besides(dataset)
        return await write_report(build, dataset, self.read(dataset_id), besides, directory)

    def _besides(self, dataset: dataset_pb2.Dataset) -> "Besides":
        from chimera_client.export import Besides

        return Besides(self._not_accepted(dataset), self._samples.controls(dataset.build_id))

    async def _not_accepted(self, dataset: dataset_pb2.Dataset) -> AsyncIterator[sample_pb2.Sample]:
        """The build's samples that this version of its dataset does not have; a later one may have lost more."""
        for outcome in (sample_pb2.OUTCOME_REJECTED, sample_pb2.OUTCOME_UNKNOWN):
            async for sample in self._samples.list(dataset.build_id, outcome, version=dataset.version or 1):
                yield sample

    async def _next(self, call: Any, dataset_id: str) -> sample_pb2.Sample | None:
        try:
            async with asyncio.timeout(_SILENCE_SECONDS):
                found = await call.read()
        except TimeoutError:
            raise ServerUnreachable(
                f"the gateway at {self._connection.target} stopped sending dataset {dataset_id}: try again"
            ) from None
        return None if found is grpc.aio.EOF else found
