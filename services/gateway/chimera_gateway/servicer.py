"""The service's gRPC calls."""

from collections.abc import AsyncIterator

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from chimera.build.v1 import build_pb2, build_service_pb2, build_service_pb2_grpc
from chimera.dataset.v1 import dataset_pb2, dataset_service_pb2, dataset_service_pb2_grpc
from chimera.sample.v1 import sample_pb2, sample_service_pb2, sample_service_pb2_grpc
from chimera_gateway.builds import Builds
from chimera_gateway.domain.evidence import lookup_of
from chimera_gateway.store import GatewayStore
from chimera_shared.errors import InvalidInput, NotFound
from chimera_shared.paging import Page


class BuildServicer(build_service_pb2_grpc.BuildServiceServicer):
    """Submits, watches and steers builds."""

    def __init__(self, builds: Builds) -> None:
        self._builds = builds

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        build_service_pb2_grpc.add_BuildServiceServicer_to_server(self, server)
        return build_service_pb2.DESCRIPTOR.services_by_name["BuildService"]

    async def SubmitBuild(self, request: build_service_pb2.SubmitBuildRequest, context: object) -> build_pb2.Build:
        """Start a build."""
        return await self._builds.submit(request.request_id, request.spec)

    async def GetBuild(self, request: build_service_pb2.GetBuildRequest, context: object) -> build_pb2.Build:
        """Return one build."""
        return await self._builds.get(request.build_id)

    async def ListBuilds(
        self, request: build_service_pb2.ListBuildsRequest, context: object
    ) -> build_service_pb2.ListBuildsResponse:
        """List builds, newest first."""
        page = Page.of(request)
        builds = await self._builds.list(page.number(), page.size + 1)
        return build_service_pb2.ListBuildsResponse(
            builds=builds[: page.size], next_page_token=page.next_number(len(builds))
        )

    async def WatchBuild(
        self, request: build_service_pb2.WatchBuildRequest, context: object
    ) -> AsyncIterator[build_pb2.Build]:
        """Send the build after every change."""
        async for build in self._builds.watch(request.build_id):
            yield build

    async def PauseBuild(self, request: build_service_pb2.PauseBuildRequest, context: object) -> build_pb2.Build:
        """Start no new work."""
        return await self._builds.steer(request.build_id, build_pb2.BUILD_STATE_PAUSED)

    async def ResumeBuild(self, request: build_service_pb2.ResumeBuildRequest, context: object) -> build_pb2.Build:
        """Go on."""
        return await self._builds.steer(request.build_id, build_pb2.BUILD_STATE_RUNNING)

    async def CancelBuild(self, request: build_service_pb2.CancelBuildRequest, context: object) -> build_pb2.Build:
        """End a build."""
        return await self._builds.steer(request.build_id, build_pb2.BUILD_STATE_CANCELLED)


class SampleServicer(sample_service_pb2_grpc.SampleServiceServicer):
    """Reads settled samples."""

    def __init__(self, store: GatewayStore, builds: Builds) -> None:
        self._store = store
        self._builds = builds

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        sample_service_pb2_grpc.add_SampleServiceServicer_to_server(self, server)
        return sample_service_pb2.DESCRIPTOR.services_by_name["SampleService"]

    async def GetSample(self, request: sample_service_pb2.GetSampleRequest, context: object) -> sample_pb2.Sample:
        """Return one sample."""
        if request.version < 0:
            raise InvalidInput.of("version", f"must not be negative, not {request.version}; 0 means the newest")
        if (sample := await self._store.sample(request.sample_id, request.version)) is None:
            raise NotFound(
                f"no settled sample is named {request.sample_id[:80]!r}; `chimera samples list` shows those that are"
            )
        return sample

    async def ListSamples(
        self, request: sample_service_pb2.ListSamplesRequest, context: object
    ) -> sample_service_pb2.ListSamplesResponse:
        """List the samples of a build."""
        if not request.build_id:
            raise InvalidInput.of("build_id", "is required")
        await self._builds.get(request.build_id)
        page = Page.of(request)
        wanted = {name: value for name in ("outcome", "reason", "subject") if (value := getattr(request, name))}
        if request.version < 0 or (request.version and request.HasField("evidence")):
            raise InvalidInput.of("version", "must be 0 for the newest, or above 0 and without `evidence`")
        lookup = lookup_of(request.evidence)
        samples = await self._store.samples(
            request.build_id, wanted, lookup, page.token, page.size + 1, request.version
        )
        more = len(samples) > page.size
        samples = samples[: page.size]
        return sample_service_pb2.ListSamplesResponse(
            samples=samples, next_page_token=samples[-1].ref.sample_id if more else ""
        )

    async def ListControls(
        self, request: sample_service_pb2.ListControlsRequest, context: object
    ) -> sample_service_pb2.ListControlsResponse:
        """List the control problems of a build."""
        if not request.build_id:
            raise InvalidInput.of("build_id", "is required")
        await self._builds.get(request.build_id)
        page = Page.of(request)
        controls = await self._store.controls(request.build_id, page.token, page.size + 1)
        more = len(controls) > page.size
        controls = controls[: page.size]
        return sample_service_pb2.ListControlsResponse(
            controls=controls, next_page_token=controls[-1].control_id if more else ""
        )


class DatasetServicer(dataset_service_pb2_grpc.DatasetServiceServicer):
    """Reads published datasets."""

    def __init__(self, store: GatewayStore) -> None:
        self._store = store

    def register(self, server: grpc.aio.Server) -> ServiceDescriptor:
        """Add this servicer to a server."""
        dataset_service_pb2_grpc.add_DatasetServiceServicer_to_server(self, server)
        return dataset_service_pb2.DESCRIPTOR.services_by_name["DatasetService"]

    async def GetDataset(self, request: dataset_service_pb2.GetDatasetRequest, context: object) -> dataset_pb2.Dataset:
        """Return one dataset."""
        return await self._dataset(request.dataset_id)

    async def ListDatasets(
        self, request: dataset_service_pb2.ListDatasetsRequest, context: object
    ) -> dataset_service_pb2.ListDatasetsResponse:
        """List datasets, newest first."""
        page = Page.of(request)
        datasets = await self._store.datasets(request.build_id, page.number(), page.size + 1)
        return dataset_service_pb2.ListDatasetsResponse(
            datasets=datasets[: page.size], next_page_token=page.next_number(len(datasets))
        )

    async def ReadDataset(
        self, request: dataset_service_pb2.ReadDatasetRequest, context: object
    ) -> AsyncIterator[sample_pb2.Sample]:
        """Send every sample."""
        dataset = await self._dataset(request.dataset_id)
        async for sample in self._store.members(dataset):
            yield sample

    async def _dataset(self, dataset_id: str) -> dataset_pb2.Dataset:
        if (dataset := await self._store.dataset(dataset_id)) is None:
            raise NotFound(f"no dataset is named {dataset_id[:80]!r}; `chimera datasets list` shows those that are")
        return dataset
